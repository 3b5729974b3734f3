"""`himaya init haproxy`: the three files that make HAProxy ask himaya, one at a time, on standard output."""

from __future__ import annotations

from typing import Literal

import click
import msgspec

from himaya.cli.init_text import check_plain, filled, template

Part = Literal["cfg", "spoe", "rsyslog"]

_FILES: dict[Part, str] = {
    "cfg": "haproxy.cfg.in",
    "spoe": "haproxy_spoe.conf.in",
    "rsyslog": "haproxy_rsyslog.conf.in",
}

_CLOSED = """\

    # fail closed: these pages are refused (503) while himaya is down.{hint}
    {off}acl himaya_closed path,url_dec -i -m beg {routes}
    {off}http-request deny deny_status 503 if himaya_failed himaya_closed
    {off}http-request deny deny_status 503 if himaya_failed himaya_odd
"""

#: Said at the top when the authority's pages are on a port: anybody who reaches it could speak for HAProxy.
_WITH_PORT = """#
# The authority listens on a port, so HAProxy shows it a secret: make one (openssl rand -hex 32), put it into the file
# that [gate] secret_file names, and in place of PUT-THE-SECRET-HERE below.
"""

_SHOWN = "    http-request set-header X-Himaya-Secret PUT-THE-SECRET-HERE\n"

_PAGES = """\
    http-request set-header X-Forwarded-Proto %[ssl_fc,iif(https,http)]
    option forwardfor
    timeout connect 500ms
    retries 0
    server gate {pages}"""


class Places(msgspec.Struct, frozen=True):
    """Where everything is. `directory` holds the sockets, as the system sees it; HAProxy sees it from inside `chroot`.

    `listen` and `spoe_listen` are ports instead of sockets, "" for none; `closed` are the beginnings of paths that are
    refused while himaya is down.
    """

    site: str = "example.org"
    upstream: str = "127.0.0.1:8000"
    port: str = "80"
    log: str = "/var/log/himaya-haproxy.log"
    conf: str = "/etc/haproxy/himaya-spoe.conf"
    directory: str = "/var/lib/haproxy/himaya"
    chroot: str = "/var/lib/haproxy"
    listen: str = ""
    spoe_listen: str = ""
    closed: tuple[str, ...] = ()


_DEFAULT = Places()


@click.command()
@click.option(
    "--part", type=click.Choice(list(_FILES)), default="cfg", show_default=True,
    help="haproxy.cfg, the file its SPOE filter reads, or how rsyslog writes the log.",
)  # fmt: skip
@click.option("--site", default=_DEFAULT.site, show_default=True, help="Name of the site.")
@click.option(
    "--upstream", default=_DEFAULT.upstream, show_default=True, help="The application, host:port."
)
@click.option("--port", default=_DEFAULT.port, show_default=True, help="What HAProxy listens on.")
@click.option("--log", default=_DEFAULT.log, show_default=True, help="The log rsyslog writes.")
@click.option(
    "--conf", default=_DEFAULT.conf, show_default=True, help="Where the SPOE file will be."
)
@click.option(
    "--directory", default=_DEFAULT.directory, show_default=True, help="Holds himaya's sockets."
)
@click.option(
    "--chroot", default=_DEFAULT.chroot, show_default=True,
    help="Where HAProxy locks itself in; the sockets must be inside. Empty: nowhere.",
)  # fmt: skip
@click.option("--listen", default="", help="host:port of the authority's pages, not a socket.")
@click.option("--spoe-listen", default="", help="host:port of the agent, not a socket.")
@click.option(
    "--closed", multiple=True, metavar="PATH",
    help="Pages that begin with this are refused while himaya is down. May be repeated.",
)  # fmt: skip
def haproxy(part: Part, **options: str) -> None:
    """Print a configuration with which HAProxy asks himaya before every page."""
    places = msgspec.convert(options, Places)
    click.echo(haproxy_snippet(places, part), nl=False)


def haproxy_snippet(places: Places, part: Part = "cfg") -> str:
    """Return one of the files. Raises InputError for a value that could end a line."""
    told = msgspec.structs.asdict(places)
    told["closed"] = "".join(places.closed)
    given = {name: value for name, value in told.items() if value or name not in _MAY_BE_EMPTY}
    check_plain({name.replace("_", "-"): value for name, value in given.items()})
    return filled(template(_FILES[part]), _values(places))


_MAY_BE_EMPTY = frozenset({"chroot", "listen", "spoe_listen", "closed"})


def _values(places: Places) -> dict[str, str]:
    inside = places.directory
    if places.chroot:
        inside = inside.removeprefix(places.chroot.rstrip("/"))
    secret = _SHOWN if places.listen else ""
    pages = _PAGES.format(pages=places.listen or f"unix@{inside}/auth.sock")
    return {
        "site": places.site,
        "upstream": places.upstream,
        "bind": places.port if ":" in places.port else f":{places.port}",
        "log": places.log,
        "spoe": places.conf,
        "listen": places.listen or f"unix:{places.directory}/auth.sock",
        "spoelisten": places.spoe_listen or f"unix:{places.directory}/spoe.sock",
        "agent": places.spoe_listen or f"unix@{inside}/spoe.sock",
        "pages": secret + pages,
        "secret": _WITH_PORT if places.listen else "",
        "logfile": f"{places.directory}/log.sock",
        "logsocket": f"unix@{inside}/log.sock",
        "chroot": _locked_in(places.chroot),
        "closed": _closed(places.closed),
    }


def _locked_in(chroot: str) -> str:
    user = "    user haproxy\n    group haproxy\n"
    return f"    chroot {chroot}\n{user}" if chroot else ""


def _closed(routes: tuple[str, ...]) -> str:
    if routes:
        return _CLOSED.format(off="", hint="", routes=" ".join(routes))
    hint = " Take the # away, and name your routes."
    return _CLOSED.format(off="#", hint=hint, routes="/u/ /search")
