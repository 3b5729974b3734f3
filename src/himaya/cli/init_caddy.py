"""`himaya init caddy`: a complete Caddyfile on standard output."""

from __future__ import annotations

import click

from himaya.cli.init_text import (
    check_plain,
    fail_option,
    filled,
    listen_option,
    socket_option,
    template,
    upstream_option,
)

_APPLICATION = """reverse_proxy @upstream@ {
	# What the application says in its headers can be read for the log only in here.
	@any status 2xx 3xx 4xx 5xx
	handle_response @any {
		copy_response
	}
}"""

_OPEN = """\
# himaya stopped, slow or broken: every page is served as if it were not there. The log then says so, which
# `himaya follow` records as an unobserved period. To refuse instead: himaya init caddy --fail closed"""

_CLOSED = """\
# himaya stopped, slow or broken: every page is refused with 503. The log then says so, which `himaya follow`
# records as an unobserved period. To serve the pages instead: himaya init caddy --fail open"""

#: What a stopped gate means: said at the top, done at the bottom.
_MODES = {
    "open": (_OPEN, 'request_header Himaya-Redact ""\n' + _APPLICATION),
    "closed": (_CLOSED, 'respond "This page cannot be shown right now." 503'),
}

_WITH_PORT = """#
# The authority listens on a port, so Caddy shows it a secret: make one (openssl rand -hex 32), put it into the file
# that [gate] secret_file names, and in place of PUT-THE-SECRET-HERE below.
"""


@click.command()
@click.option(
    "--address",
    default=":80",
    show_default=True,
    help="What Caddy serves: people.example (with a certificate), or :80.",
)
@upstream_option
@socket_option
@listen_option
@click.option(
    "--log", default="/var/log/caddy/himaya.log", show_default=True, help="The log Caddy writes."
)
@fail_option
def caddy(address: str, upstream: str, socket: str, listen: str, log: str, fail: str) -> None:
    """Print a complete Caddyfile that asks himaya before every page."""
    values = {"address": address, "upstream": upstream, "log": log}
    values["gate"] = listen or f"unix:{socket}"
    check_plain(values)
    click.echo(caddy_snippet(**values, fail=fail), nl=False)


def caddy_snippet(*, address: str, upstream: str, log: str, gate: str, fail: str = "open") -> str:
    """Return the Caddyfile. `gate` is where the authority listens, `host:port` or `unix:/path`."""
    by_port = not gate.startswith("unix:")
    secret = "X-Himaya-Secret PUT-THE-SECRET-HERE" if by_port else "-X-Himaya-Secret"
    said, done = _MODES[fail]
    application = _APPLICATION.replace("@upstream@", _dialled(upstream))
    values = {
        "address": address,
        "upstream": upstream,
        "log": log,
        "gate": gate,
        "dial": _dialled(gate),
        "secret": _WITH_PORT if by_port else "",
        "header": f"header_up {secret}",
        "mode": said,
        "application": _indented(application, 2),
        "down": _indented(done.replace("@upstream@", _dialled(upstream)), 3),
    }
    return filled(template("caddy.in"), values)


def _dialled(address: str) -> str:
    """Return an address as Caddy writes it: a Unix socket is `unix//path`."""
    return address.replace("unix:", "unix/", 1) if address.startswith("unix:") else address


def _indented(text: str, depth: int) -> str:
    return "\n".join("\t" * depth + line for line in text.split("\n"))
