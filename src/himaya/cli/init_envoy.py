"""`himaya init envoy`: a complete static configuration of Envoy on standard output."""

from __future__ import annotations

import click

from himaya.cli.init_text import (
    check_plain,
    fail_option,
    filled,
    site_option,
    socket_option,
    template,
)
from himaya.core.errors import InputError

_MODES = {
    "open": (
        "# himaya stopped, slow or broken: every page is served as if it were not there. The log then says so, which\n"
        "# `himaya follow` records as an unobserved period. To refuse instead: himaya init envoy --fail closed"
    ),
    "closed": (
        "# himaya stopped, slow or broken: every page is refused with 503.\n"
        "# To serve the pages instead: himaya init envoy --fail open"
    ),
}


@click.command()
@site_option
@click.option(
    "--upstream", default="127.0.0.1:8000", show_default=True, help="The application, host:port."
)
@socket_option
@click.option("--port", default="80", show_default=True, help="What Envoy listens on.")
@click.option(
    "--log", default="/var/log/envoy/himaya.log", show_default=True, help="The log Envoy writes."
)
@fail_option
def envoy(site: str, upstream: str, socket: str, port: str, log: str, fail: str) -> None:
    """Print a complete configuration of Envoy that asks himaya before every page."""
    values = {"site": site, "upstream": upstream, "socket": socket, "port": port, "log": log}
    check_plain(values)
    host, _, number = upstream.rpartition(":")
    if not host or not number.isdecimal():
        raise InputError(f"--upstream: expected host:port, got {upstream!r}")
    values |= {"host": host.strip("[]"), "upstreamport": number, "mode": _MODES[fail]}
    values["allow"] = "true" if fail == "open" else "false"
    click.echo(filled(template("envoy.in"), values), nl=False)
