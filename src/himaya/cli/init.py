"""`himaya init nginx|caddy|haproxy|traefik|envoy|django`: complete snippets for what stands beside himaya."""

from __future__ import annotations

from pathlib import Path

import click

from himaya.cli.init_caddy import caddy
from himaya.cli.init_envoy import envoy
from himaya.cli.init_haproxy import haproxy
from himaya.cli.init_text import (
    check_plain,
    filled,
    listen_option,
    site_option,
    socket_option,
    template,
    upstream_option,
)
from himaya.cli.init_traefik import traefik

_COMMON = (
    ("Host", "$host"),
    ("X-Original-URI", "$request_uri"),
    ("X-Original-Method", "$request_method"),
    ("X-Real-IP", "$remote_addr"),
    ("X-Forwarded-For", "$remote_addr"),
    ("X-Forwarded-Proto", "$scheme"),
    ("X-Request-ID", "$request_id"),
    ("Himaya-Account", '""'),
    ("Himaya-Subjects", '""'),
    ("Himaya-Redact", '""'),
)
_UNASKED = (("Himaya-Verdict", '""'), ("Himaya-Reference", '""'))
_REFUSED = (("Himaya-Verdict", "$himaya_verdict"), ("Himaya-Reference", "$himaya_reference"))


@click.group()
def init() -> None:
    """Print what has to be written elsewhere, ready to be copied."""


@init.command()
@site_option
@upstream_option
@socket_option
@listen_option
@click.option("--port", default="80", show_default=True, help="What nginx listens on.")
@click.option(
    "--log", default="/var/log/nginx/himaya.log", show_default=True, help="The log nginx writes."
)
@click.option(
    "--edge",
    type=click.Path(path_type=Path),
    metavar="HIMAYA.TOML",
    help="Decide at the edge what [edge] of this configuration allows; ask about the rest.",
)
def nginx(*, edge: Path | None, **values: str) -> None:
    """Print a complete nginx configuration that asks himaya before every page."""
    socket, listen = values.pop("socket"), values.pop("listen")
    values["gate"] = listen or f"unix:{socket}"
    check_plain(values)
    click.echo(nginx_snippet(**values, edge=_edge_blocks(edge)), nl=False)


def _edge_blocks(file: Path | None) -> dict[str, str] | None:
    if file is None:
        return None
    from himaya.cli.init_edge import edge_blocks
    from himaya.config import load

    return edge_blocks(load(file, canaries=False))


@init.command()
@click.option(
    "--config",
    default="/etc/himaya/himaya.toml",
    show_default=True,
    help="The himaya.toml of the site.",
)
@click.option(
    "--socket",
    default="/run/himaya/himaya.sock",
    show_default=True,
    help="Unix socket the authority answers on ([gate] socket).",
)
def django(config: str, socket: str) -> None:
    """Print settings, middleware and views for a Django site."""
    values = {"config": config, "socket": socket}
    check_plain(values)
    click.echo(filled(template("django.py.in"), values), nl=False)


def nginx_snippet(
    *, site: str, upstream: str, port: str, log: str, gate: str, edge: dict[str, str] | None = None
) -> str:
    """Return the nginx configuration. `gate` is where the authority listens, `host:port` or `unix:/path`.

    `edge` are the blocks of `edge_blocks` where nginx decides what it may; None: it asks about every page.
    """
    text = template("nginx.conf.in")
    by_port = not gate.startswith("unix:")
    secret = ("X-Himaya-Secret", '"PUT-THE-SECRET-HERE"' if by_port else '""')
    blocks = {
        "common": _headers((*_COMMON, *_UNASKED, secret)),
        "refusal": _headers((*_COMMON, *_REFUSED, secret)),
        "secret": _WITH_PORT if by_port else "",
    }
    values = {"site": site, "upstream": upstream, "port": port, "log": log, "gate": gate}
    return filled(text, {**values, **blocks, **(_ALWAYS if edge is None else edge)})


#: Said at the top when the authority listens on a port: anybody who reaches it could speak for nginx.
_WITH_PORT = """#
# The authority listens on a port, so nginx shows it a secret: make one (openssl rand -hex 32), put it into the file
# that [gate] secret_file names, and in place of PUT-THE-SECRET-HERE below.
"""


#: What stands in the places of `edge_blocks` when every page is asked about.
_ALWAYS = {
    **dict.fromkeys(
        ["made", "logged", "maps", "buffer", "rate", "cached", "free", "cache", "single"], ""
    ),
    "asks": "asks himaya before every page",
    "down": """\
# himaya stopped, slow or broken: every page is served as if it were not there. The log then says "gate":"down",
# which `himaya follow` records as an unobserved period. To refuse instead, see "fail closed" below.""",
    "fail": """\
        return 204;
        # fail closed: put "return 403;" in place of the line above; pages are then answered 503.""",
}


def _headers(pairs: tuple[tuple[str, str], ...]) -> str:
    return "\n".join(f"        proxy_set_header {name} {value};" for name, value in pairs)


for command in (caddy, haproxy, traefik, envoy):
    init.add_command(command)
