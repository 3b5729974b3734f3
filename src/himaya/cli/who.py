"""`himaya who`: whose data an actor was shown, who else used its networks, or to whom somebody was shown."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from himaya.cli import ledger_options as shared
from himaya.cli.engine_options import engine_options
from himaya.core.errors import InputError

if TYPE_CHECKING:
    from himaya.ledger.answers import (
        Exposed,
        Recipient,
        Unobserved,
        WhoActor,
        WhoBeside,
        WhoSubject,
    )
    from himaya.ledger.engines import Choice
    from himaya.ledger.reader import Reader

    Answer = WhoActor | WhoBeside | WhoSubject

_HEADER = ("fields", "first", "last", "times", "certainty")


@click.command()
@shared.ledger_options
@engine_options
@click.option("--actor", help="account:NAME, key:NAME, session:NAME, address:IP or prefix:NET.")
@click.option("--subject", help="The person, as the site names them.")
@click.option("--beside", is_flag=True, help="With --actor: its networks, and who else was there.")
@click.option("--from", "start", help="From this date or time on (ISO 8601; UTC).")
@click.option("--to", "end", help="Before this time; a bare date includes that day.")
@click.option("--why", required=True, help="What you ask for. Kept in the access log.")
@click.option(
    "--sealing-key",
    type=click.Path(path_type=Path),
    help="Private key that opens periods sealed by retention.",
)
@click.option("--json", "form", flag_value="json", help="Print JSON.")
@click.option("--csv", "form", flag_value="csv", help="Print CSV, the rest on standard error.")
def who(  # noqa: PLR0913, PLR0917  (the options of the command)
    directory: Path,
    key_file: Path | None,
    actor: str | None,
    subject: str | None,
    start: str | None,
    end: str | None,
    why: str,
    sealing_key: Path | None,
    form: str | None,
    *,
    beside: bool,
    engine: Choice,
) -> None:
    """Say whose data an actor was shown, or to whom a person's data was shown; or who else used its networks.

    The answer is exact for what was observed and is kept; it names what it cannot speak for. Every use is
    recorded with its reason before the answer is printed.
    """
    if (actor is None) == (subject is None):
        raise InputError("name either --actor or --subject")
    if beside and actor is None:
        raise InputError("--beside goes with --actor")
    from himaya.ledger.archive import read_sealing_key
    from himaya.ledger.reader import Reader

    purpose = shared.purpose(why)
    private = read_sealing_key(sealing_key) if sealing_key else None
    with Reader.open(directory, key_file, sealing_key=private, engine=engine) as reader:
        answer = _ask(reader, (actor, subject, beside), (start, end), purpose)
    if form == "json":
        shared.print_json(answer)
    elif form == "csv":
        _print_csv(answer)
    else:
        _print_words(answer)


def _ask(
    reader: Reader,
    about: tuple[str | None, str | None, bool],
    period: tuple[str | None, str | None],
    why: str,
) -> Answer:
    """Record the use, then return the answer."""
    from himaya.ledger.beside import who_beside
    from himaya.ledger.names import parse_time

    actor, subject, beside = about
    start, end = parse_time(period[0]), parse_time(period[1], end=True)
    column, surrogate = reader.facet(actor) if actor else reader.subject(subject or "")
    command = "who --beside" if beside else "who"
    shared.record_use(
        reader, command, why, column=column, surrogate=surrogate, start=start, end=end
    )
    if actor and beside:
        return who_beside(reader, actor, start, end)
    if actor:
        return reader.who_actor(actor, start, end)
    return reader.who_subject(subject or "", start, end)


def _cells(one: Exposed | Recipient, name: str) -> list[str]:
    return [name, " ".join(one.fields), one.first, one.last, str(one.times), one.certainty]


def _table(answer: Answer) -> tuple[list[str], list[list[str]]]:
    """Return header and rows of an answer."""
    from himaya.ledger.answers import WhoActor, WhoBeside

    if isinstance(answer, WhoBeside):
        rows = [
            [one.actor, " ".join(one.networks), one.first, one.last, str(one.times)]
            for one in answer.others
        ]
        return ["actor", "networks", "first", "last", "times"], rows
    if isinstance(answer, WhoActor):
        return ["subject", *_HEADER], [_cells(one, one.subject) for one in answer.subjects]
    return ["actor", *_HEADER], [_cells(one, one.actor) for one in answer.actors]


def _print_csv(answer: Answer) -> None:
    shared.print_csv(*_table(answer))
    _print_gaps(answer.unobserved, err=True)
    click.echo(shared.printable(answer.note), err=True)


def _print_words(answer: Answer) -> None:
    header, rows = _table(answer)
    click.echo(_headline(answer))
    _print_places(answer)
    if rows:
        shared.print_table(header, rows)
    _print_canaries(answer)
    _print_gaps(answer.unobserved)
    click.echo(shared.printable(answer.note))


def _print_canaries(answer: Answer) -> None:
    from himaya.ledger.answers import WhoActor

    if isinstance(answer, WhoActor) and answer.canaries:
        rows = [_cells(one, one.subject) for one in answer.canaries]
        shared.print_table(["canary", *_HEADER], rows)


def _print_places(answer: Answer) -> None:
    from himaya.ledger.answers import WhoBeside

    if isinstance(answer, WhoBeside) and answer.networks:
        rows = [[one.network, one.first, one.last, str(one.times)] for one in answer.networks]
        shared.print_table(("network", "first", "last", "times"), rows)


def _headline(answer: Answer) -> str:
    """Return the answer in one sentence."""
    from himaya.ledger.answers import WhoActor, WhoBeside

    erased = f", {answer.erased} of them erased since" if answer.erased else ""
    if isinstance(answer, WhoBeside):
        places = _count(len(answer.networks), "network", "networks")
        others = _count(answer.count, "other was", "others were")
        return shared.printable(f"{answer.actor} came from {places}; {others} there{erased}.")
    if not isinstance(answer, WhoActor):
        known = f"Known to have been shown to {_count(answer.count, 'actor', 'actors')}{erased}"
        canary = " It is a canary: nobody real is meant." if answer.canary else ""
        return shared.printable(f"{answer.subject}: {known}.{canary}")
    known = f"known to have been shown {_count(answer.people, 'person', 'people')}{erased}"
    more = f"; up to {answer.unattributed} more could not be named" if answer.unattributed else ""
    misses = f"; {answer.misses} look-ups found nobody" if answer.misses else ""
    number = len(answer.canaries)
    canaries = f"; {_count(number, 'canary', 'canaries')} apart from them" if number else ""
    return shared.printable(f"{answer.actor}: {known}{more}{misses}{canaries}.")


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _print_gaps(gaps: Sequence[Unobserved], *, err: bool = False) -> None:
    for gap in gaps:
        words = f"Not observed from {gap.start} to {gap.end}: {gap.why}"
        click.echo(shared.printable(words), err=err)
