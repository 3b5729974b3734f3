"""`himaya hold`: keep what an open matter needs, against retention and erasure."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from himaya.cli import ledger_options as shared
from himaya.cli.case_desk import config_option, load_config
from himaya.core.errors import InputError

if TYPE_CHECKING:
    from himaya.ledger import entries as e
    from himaya.ledger.reader import Reader


@click.command()
@shared.ledger_options
@click.option("--actor", help="account:NAME, key:NAME, session:NAME, address:IP or prefix:NET.")
@click.option("--subject", help="The person, as the site names them.")
@click.option("--from", "start", help="Only rows from this time on.")
@click.option("--to", "end", help="Only rows before this time; a bare date includes that day.")
@click.option("--basis", default="", help="Why: the matter, the legal basis.")
@click.option("--by", "owner", default="", help="Who answers for the hold.")
@click.option("--until", help="When the hold ends; a bare date includes that day.")
@click.option("--list", "listing", is_flag=True, help="List the holds that stand.")
@click.option("--release", metavar="ID", help="End a hold; say --basis and --by.")
@config_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def hold(  # noqa: PLR0913, PLR0917  (the options of the command)
    directory: Path,
    key_file: Path | None,
    actor: str | None,
    subject: str | None,
    start: str | None,
    end: str | None,
    basis: str,
    owner: str,
    until: str | None,
    release: str | None,
    config: Path | None,
    *,
    listing: bool,
    as_json: bool,
) -> None:
    """Hold the rows of an actor or a person until a date, list holds and open cases, or release one.

    Held rows outlive their retention, and the names in them outlive an erasure, until the hold ends.
    """
    from himaya.ledger import holds
    from himaya.ledger.reader import Reader

    with Reader.open(directory, key_file) as reader:
        shared.allow(reader, "hold")
        if not listing and release is None:
            about = _about(reader, actor, subject)
            shared.record_use(
                reader,
                "hold",
                shared.purpose(basis, "--basis"),
                column=about[0],
                surrogate=about[1],
            )
            entry = _place(reader, about, (basis, owner), until, (start, end))
            _show([_words(reader, entry)], as_json=as_json)
            return
        if release is not None:
            reason, by = shared.purpose(basis, "--basis"), shared.purpose(owner, "--by")
            shared.record_use(reader, "hold", reason)
            holds.release(reader, release, why=reason, by=by, now=time.time())
        if listing:
            shared.record_use(reader, "hold", "list of holds")
        rows = [_words(reader, entry) for entry in _standing(reader)]
        _show([*rows, *_cases(reader, directory, key_file, config)], as_json=as_json)


def _about(reader: Reader, actor: str | None, subject: str | None) -> tuple[str, int]:
    """Return column and surrogate of what is to be held."""
    if (actor is None) == (subject is None):
        raise InputError("name either --actor or --subject, or use --list or --release ID")
    return reader.facet(actor) if actor else reader.subject(subject or "")


def _place(
    reader: Reader,
    about: tuple[str, int],
    said: tuple[str, str],
    until: str | None,
    period: tuple[str | None, str | None],
) -> e.Hold:
    from himaya.ledger.holds import place
    from himaya.ledger.names import parse_time

    if until is None:
        raise InputError("--until is missing; a hold needs an end")
    return place(
        reader,
        about,
        basis=shared.purpose(said[0], "--basis"),
        by=shared.purpose(said[1], "--by"),
        until=parse_time(until, end=True),
        now=time.time(),
        start=parse_time(period[0]),
        end=parse_time(period[1], end=True),
    )


def _standing(reader: Reader) -> list[e.Hold]:
    from himaya.ledger.schema import micros

    return reader.state().standing_holds(micros(time.time()))


def _cases(
    reader: Reader, directory: Path, key_file: Path | None, config: Path | None
) -> list[dict[str, Any]]:
    """Return the open cases that freeze rows, as they are printed among holds."""
    from himaya.bootstrap.matters import all_matters
    from himaya.ledger.schema import iso, micros

    now = micros(time.time())
    found = all_matters(directory, reader.state(), key_file, load_config(config))
    return [
        {
            "id": f"case {one.case}",
            "what": "actor",
            "name": f"{len(one.actors)} members",
            "from": iso(one.start),
            "to": "",
            "until": iso(one.until),
            "basis": one.basis,
            "by": one.by,
            "placed": "",
        }
        for one in found
        if one.until > now
    ]


def _show(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        shared.print_json({"holds": rows})
    elif rows:
        shared.print_table(list(rows[0]), [list(map(str, row.values())) for row in rows])
    else:
        click.echo("No hold stands.")


def _words(reader: Reader, entry: e.Hold) -> dict[str, Any]:
    """Return a hold as it is printed."""
    from himaya.ledger.schema import iso

    names = reader.identities.names([entry.surrogate])
    gone = "sealed" if reader.identities.closed([entry.surrogate]) else "erased"
    return {
        "id": entry.id,
        "what": entry.column,
        "name": names.get(entry.surrogate, gone),
        "from": iso(entry.start) if entry.start else "",
        "to": iso(entry.end) if entry.end else "",
        "until": iso(entry.until),
        "basis": reader.keys.open_text(entry.basis),
        "by": reader.keys.open_text(entry.by),
        "placed": entry.at,
    }
