"""`himaya init traefik`: a dynamic configuration for Traefik's file provider on standard output."""

from __future__ import annotations

import click

from himaya.cli.init_text import check_plain, filled, site_option, template


@click.command()
@site_option
@click.option(
    "--upstream", default="127.0.0.1:8000", show_default=True, help="The application, host:port."
)
@click.option(
    "--listen",
    default="127.0.0.1:8390",
    show_default=True,
    help="host:port the authority listens on.",
)
@click.option(
    "--log",
    default="/var/log/traefik/himaya.log",
    show_default=True,
    help="The log Traefik writes.",
)
def traefik(site: str, upstream: str, listen: str, log: str) -> None:
    """Print a configuration of Traefik that asks himaya before every page."""
    values = {"site": site, "upstream": upstream, "log": log, "gate": listen}
    check_plain(values)
    click.echo(filled(template("traefik.in"), values), nl=False)
