"""`himaya alert`: what needs somebody, who looks after it, and whether the channels work."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from himaya.cli import ledger_options as shared

if TYPE_CHECKING:
    from himaya.config import Config
    from himaya.runner.alerting import Alert, AlertStore

_CONFIG = click.option(
    "--config", type=click.Path(path_type=Path), required=True, help="The site's himaya.toml."
)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def alert() -> None:
    """List alerts, show one with names, acknowledge it, try the channels."""


@alert.command("list")
@_CONFIG
@shared.pass_option
@click.option("--all", "everything", is_flag=True, help="Acknowledged ones, too.")
@_JSON
def list_alerts(*, config: Path, everything: bool, as_json: bool) -> None:
    """List the alerts that nobody acknowledged, the newest first, and what is wrong with a channel."""
    import msgspec

    with _store(_loaded(config), "alert list") as store:
        alerts, channels = store.alerts(everything=everything), store.channels()
    if as_json:
        told = [msgspec.to_builtins(each) for each in channels]
        shared.print_json({"alerts": [_told(each) for each in alerts], "channels": told})
        return
    if alerts:
        head = ("id", "severity", "kind", "opened", "count", "state", "text")
        shared.print_table(head, [[str(_told(one)[name]) for name in head] for one in alerts])
    else:
        click.echo("There is no alert." if everything else "No alert waits for anybody.")
    for one in channels:
        if one.problem:
            click.echo(shared.printable(f"PROBLEM  {one.name}: {one.problem}; {one.waiting} wait"))


@alert.command()
@_CONFIG
@shared.pass_option
@click.argument("number", type=int)
@click.option("--names", is_flag=True, help="Name whom it is about; needs --why.")
@click.option("--why", default="", help="Why the names are needed; it stays in the ledger's chain.")
@_JSON
def show(*, config: Path, number: int, names: bool, why: str, as_json: bool) -> None:
    """Show an alert, with --names whom it is about, as far as the ledger still knows them."""
    loaded = _loaded(config)
    with _store(loaded, "alert show") as store:
        found, actors = store.get(number), store.actors(number)
    told: dict[str, Any] = {**_told(found), "last": _iso(found.last), "see": found.see}
    told["actors"] = len(actors)
    if names:
        told["names"] = _names(loaded, actors, shared.purpose(why))
    if as_json:
        shared.print_json(told)
        return
    for name, value in told.items():
        shown = ", ".join(value) if isinstance(value, list) else str(value)
        click.echo(shared.printable(f"{name:<10}  {shown}"))


@alert.command()
@_CONFIG
@shared.pass_option
@click.argument("number", type=int)
@_JSON
def ack(*, config: Path, number: int, as_json: bool) -> None:
    """Say that you look after an alert: it is not escalated."""
    with _store(_loaded(config), "alert ack") as store:
        found = store.acknowledge(number, shared.operator(), time.time())
    if as_json:
        shared.print_json(_told(found))
    else:
        click.echo(
            f"Alert {found.id} is acknowledged by {found.by} since {_iso(found.acknowledged)}."
        )


@alert.command()
@_CONFIG
@_JSON
def test(*, config: Path, as_json: bool) -> None:
    """Send a test alert over every channel and say of each what happened; exit code 1 when one failed."""
    from himaya.runner.alerting import channels_of
    from himaya.runner.alerting.trial import try_channels

    loaded = _loaded(config)
    results = try_channels(channels_of(loaded), loaded.site.name, time.time())
    if as_json:
        shared.print_json({"channels": results})
    elif not results:
        click.echo("No channel is configured: set [alerts] command, smtp_host or webhook_url.")
    else:
        for one in results:
            state = "ok    " if one.ok else "FAILED"
            click.echo(shared.printable(f"{state}  {one.channel}: {one.said}"))
    if not results or not all(one.ok for one in results):
        raise click.exceptions.Exit(1)


def _loaded(config: Path) -> Config:
    from himaya.config import load

    return load(config)


def _store(config: Config, command: str) -> AlertStore:
    """Open the file of alerts of a site whose ledger has been begun. Raises InputError, LedgerError."""
    from himaya.core.errors import InputError
    from himaya.runner.alerting import AlertStore, alerts_path

    shared.allow_at(config, command)
    path = alerts_path(Path(config.ledger.directory))
    if not path.exists():
        raise InputError("no gate and no follow has written alerts here yet", file=str(path))
    return AlertStore(path)


def _names(config: Config, actors: list[tuple[str, int]], why: str) -> list[str]:
    """Return the names of actors; that they were asked for is written down first."""
    from himaya.ledger.reader import Reader
    from himaya.runner.alerting.names import ACTOR

    key = Path(config.ledger.key_file) if config.ledger.key_file else None
    with Reader.open(Path(config.ledger.directory), key) as reader:
        for facet, surrogate in actors:
            shared.record_use(reader, "alert show", why, column=facet, surrogate=surrogate)
        numbers = [surrogate for _, surrogate in actors]
        names, closed = reader.identities.names(numbers), reader.identities.closed(numbers)
    return [
        ("sealed" if number in closed else "erased")
        if number not in names
        else names[number]
        if facet == ACTOR
        else f"{facet}:{names[number]}"
        for facet, number in actors
    ]


def _told(one: Alert) -> dict[str, Any]:
    escalated = "escalated" if one.escalated else "open"
    return {
        "id": one.id,
        "severity": one.severity,
        "kind": one.kind,
        "opened": _iso(one.opened),
        "count": one.count,
        "state": f"acknowledged by {one.by}" if one.acknowledged else escalated,
        "text": one.text,
        "reference": one.reference,
    }


def _iso(at: float) -> str:
    from himaya.runner.alerting.alert import iso

    return iso(at)
