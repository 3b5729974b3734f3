"""How `himaya who` shows its answers: words, a table, JSON, CSV."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click
import msgspec

from himaya.cli import ledger_options as shared
from himaya.ledger.affected import Affected
from himaya.ledger.answers import Exposed, Recipient, Unobserved, WhoActor, WhoBeside, erased_words

if TYPE_CHECKING:
    from himaya.cli.who import Answer

_HEADER = ("fields", "first", "last", "times", "certainty")


def text(answer: Answer, form: str | None) -> str:
    """Return what a program reads, "" where words are asked for."""
    if form == "json":
        return msgspec.json.format(msgspec.json.encode(answer), indent=2).decode() + "\n"
    return shared.csv_text(*_table(answer)) if form == "csv" else ""


def show(answer: Answer, told: str, form: str | None, *, brief: bool) -> None:
    """Print an answer; `told` is its `text`, "" when that is in a file. `brief`: without the people."""
    if form == "json":
        click.echo(told, nl=False)
    elif form == "csv":
        click.echo(told, nl=False)
        _print_gaps(answer.unobserved, err=True)
        click.echo(shared.printable(answer.note), err=True)
    else:
        _print_words(answer, brief=brief)


def _cells(one: Exposed | Recipient, name: str) -> list[str]:
    return [name, " ".join(one.fields), one.first, one.last, str(one.times), one.certainty]


def _table(answer: Answer) -> tuple[list[str], list[list[str]]]:
    """Return header and rows of an answer."""
    if isinstance(answer, WhoBeside):
        rows = [
            [one.actor, " ".join(one.networks), one.first, one.last, str(one.times)]
            for one in answer.others
        ]
        return ["actor", "networks", "first", "last", "times"], rows
    if isinstance(answer, WhoActor):
        return ["subject", *_HEADER], [_cells(one, one.subject) for one in answer.subjects]
    if isinstance(answer, Affected):
        kept = {one.subject: " ".join(one.fields) for one in answer.restricted}
        people = [[*_cells(one, one.subject), kept.get(one.subject, "")] for one in answer.subjects]
        return ["subject", *_HEADER, "restricted"], people
    return ["actor", *_HEADER], [_cells(one, one.actor) for one in answer.actors]


def _print_words(answer: Answer, *, brief: bool) -> None:
    header, rows = _table(answer)
    click.echo(_headline(answer))
    _print_places(answer)
    if rows and not brief:
        shared.print_table(header, rows)
    if not brief:
        _print_canaries(answer)
    if isinstance(answer, Affected):
        _print_scopes(answer, brief=brief)
    _print_gaps(answer.unobserved)
    click.echo(shared.printable(answer.note))


def _print_canaries(answer: Answer) -> None:
    if isinstance(answer, WhoActor | Affected) and answer.canaries:
        rows = [_cells(one, one.subject) for one in answer.canaries]
        shared.print_table(["canary", *_HEADER], rows)


def _print_scopes(answer: Affected, *, brief: bool) -> None:
    """Print what was shown by visibility scope, and apart from it of whom something restricted was."""
    if answer.scopes:
        click.echo("By visibility scope:")
        rows = [
            [one.scope or "not declared", " ".join(one.fields), str(one.people), str(one.times)]
            for one in answer.scopes
        ]
        shared.print_table(("scope", "fields", "people", "times"), rows)
    if answer.restricted:
        whom = _count(len(answer.restricted), "person", "people")
        click.echo(f"Of {whom}, fields were shown that not everybody may see:")
        if not brief:
            rows = [_cells(one, one.subject) for one in answer.restricted]
            shared.print_table(["subject", *_HEADER], rows)


def _print_places(answer: Answer) -> None:
    if isinstance(answer, WhoBeside) and answer.networks:
        rows = [[one.network, one.first, one.last, str(one.times)] for one in answer.networks]
        shared.print_table(("network", "first", "last", "times"), rows)


def _headline(answer: Answer) -> str:
    """Return the answer in one sentence."""
    shown = isinstance(answer, WhoActor | Affected)
    what = ("person", "people") if shown else ("actor", "actors")
    erased = f", among them {erased_words(answer.erased, *what)}" if answer.erased else ""
    if isinstance(answer, WhoBeside):
        places = _count(len(answer.networks), "network", "networks")
        others = _count(answer.count, "other was", "others were")
        return shared.printable(f"{answer.actor} came from {places}; {others} there{erased}.")
    if not isinstance(answer, WhoActor | Affected):
        known = f"Known to have been shown to {_count(answer.count, 'actor', 'actors')}{erased}"
        canary = " It is a canary: nobody real is meant." if answer.canary else ""
        return shared.printable(f"{answer.subject}: {known}.{canary}")
    known = f"known to have been shown {_count(answer.people, 'person', 'people')}{erased}"
    more = f"; up to {answer.unattributed} more could not be named" if answer.unattributed else ""
    misses = f"; {answer.misses} look-ups found nobody" if answer.misses else ""
    number = len(answer.canaries)
    canaries = f"; {_count(number, 'canary', 'canaries')} apart from them" if number else ""
    return shared.printable(f"{_whom(answer)}: {known}{more}{misses}{canaries}.")


def _whom(answer: WhoActor | Affected) -> str:
    if isinstance(answer, WhoActor):
        return answer.actor
    unknown = f", {answer.unknown} of them unknown here" if answer.unknown else ""
    actors = f" ({_count(answer.actors, 'actor', 'actors')}{unknown})" if answer.actors else ""
    return f"{answer.about}{actors}"


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _print_gaps(gaps: Sequence[Unobserved], *, err: bool = False) -> None:
    for gap in gaps:
        words = f"Not observed from {gap.start} to {gap.end}: {gap.why}"
        click.echo(shared.printable(words), err=err)
