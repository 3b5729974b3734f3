"""`himaya case`: the groups that were found, and what people decided about them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from himaya.cli import ledger_options as shared
from himaya.cli.case_compare import compare
from himaya.cli.case_deleted import deleted
from himaya.cli.case_people import people
from himaya.cli.case_request import answer, request
from himaya.cli.engine_options import engine_options

if TYPE_CHECKING:
    from himaya.analysis.cases import Case
    from himaya.ledger.engines import Choice
    from himaya.ledger.reader import Reader

#: Members whose names are shown; each is an entry in the ledger's access log.
_NAMED = 100
_WHY = click.option("--why", required=True, help="Why; it stays in the case's log.")
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def case() -> None:
    """Groups of linked actors: find them, list and show cases, confirm or close them."""


@case.command()
@shared.ledger_options
@click.option("--config", type=click.Path(path_type=Path), default="himaya.toml", show_default=True)
@click.option("--from", "start", help="Only rows from this time on; default: all that is retained.")
@click.option("--to", "end", help="Only rows before this time; a bare date includes that day.")
@engine_options
@_JSON
def find(
    *,
    directory: Path,
    key_file: Path | None,
    config: Path,
    start: str | None,
    end: str | None,
    engine: Choice,
    as_json: bool,
) -> None:
    """Look through the ledger for groups; list the open cases. A running gate takes new ones over."""
    import msgspec

    from himaya.bootstrap.groups import find as look
    from himaya.config import load
    from himaya.ledger.names import parse_time

    loaded = load(config)
    place = {"directory": str(directory.absolute())}
    if key_file is not None:
        place["key_file"] = str(key_file)
    ledger = msgspec.structs.replace(loaded.ledger, **place)
    loaded = msgspec.structs.replace(loaded, ledger=ledger)
    shared.allow_at(loaded, "case find")
    until = min(time.time(), parse_time(end, end=True) / 1e6)
    found = look(loaded, parse_time(start) / 1e6, until, engine)
    if as_json:
        shared.print_json({"cases": [{**_short(each), "new": new} for each, new in found]})
    elif not found:
        click.echo("No group was found, and no case is open.")
    else:
        _table([each for each, _ in found])


@case.command("list")
@shared.ledger_options
@_JSON
def list_cases(directory: Path, key_file: Path | None, *, as_json: bool) -> None:
    """List every case: state, members, people, since when."""
    from himaya.analysis.cases import CaseStore

    shared.allow_in(directory, key_file, "case list")
    with CaseStore(_path(directory)) as store:
        cases = store.all()
    if as_json:
        shared.print_json({"cases": [_short(each) for each in cases]})
    elif cases:
        _table(cases)
    else:
        click.echo("There is no case.")


@case.command()
@shared.ledger_options
@click.argument("name")
@click.option("--names", is_flag=True, help="Name the members, at most 100; needs --why.")
@click.option("--why", default="", help="Why the names are needed; it stays in the ledger's chain.")
@_JSON
def show(
    directory: Path, key_file: Path | None, name: str, why: str, *, names: bool, as_json: bool
) -> None:
    """Show a case: the grounds in words, its log, and with --names who is in it."""
    from himaya.analysis.cases import CaseStore

    shared.allow_in(directory, key_file, "case show")
    with CaseStore(_path(directory)) as store:
        found = store.get(name)
    told = {**_short(found), "grounds": found.group.words(), "log": _log(found)}
    if names:
        told["names"] = _names(directory, key_file, found, shared.purpose(why))
    if as_json:
        shared.print_json(told)
    else:
        _print(told)


@case.command()
@shared.ledger_options
@click.argument("name")
@_WHY
@_JSON
def confirm(directory: Path, key_file: Path | None, name: str, why: str, *, as_json: bool) -> None:
    """Say that a person looked at a case and agrees. The group goes on spending one budget."""
    shared.allow_in(directory, key_file, "case confirm")
    _move(directory, name, "confirmed", why, as_json=as_json)


@case.command()
@shared.ledger_options
@click.argument("name")
@_WHY
@_JSON
def close(directory: Path, key_file: Path | None, name: str, why: str, *, as_json: bool) -> None:
    """End a case: its members spend budgets of their own again. A running gate obeys within seconds."""
    shared.allow_in(directory, key_file, "case close")
    _move(directory, name, "closed", why, as_json=as_json)


def _move(directory: Path, name: str, state: str, why: str, *, as_json: bool) -> None:
    from himaya.analysis.cases import CaseStore, State

    reason = shared.purpose(why)
    with CaseStore(_path(directory)) as store:
        moved = store.move(name, State(state), why=reason, by=shared.operator(), at=time.time())
    if as_json:
        shared.print_json(_short(moved))
    else:
        click.echo(f"{moved.id} is {moved.state}.")


def _path(directory: Path) -> Path:
    """Return the file of cases of a ledger that exists. Raises LedgerError."""
    from himaya.analysis.cases import cases_path
    from himaya.ledger.files import Layout

    Layout(directory).must_exist()
    return cases_path(directory.absolute())


def _names(directory: Path, key_file: Path | None, found: Case, why: str) -> list[str]:
    """Return the members' names; that they were asked for is written down first."""
    from himaya.ledger.reader import Reader

    actors = [actor for actor in found.group.members if isinstance(actor, int)][:_NAMED]
    with Reader.open(directory, key_file) as reader:
        for actor in actors:
            _note(reader, actor, why)
        names, closed = reader.identities.names(actors), reader.identities.closed(actors)
    gone = {actor: "sealed" if actor in closed else "erased" for actor in actors}
    return [names.get(actor, gone[actor]) for actor in actors]


def _note(reader: Reader, actor: int, why: str) -> None:
    shared.record_use(reader, "case show", why, column="actor", surrogate=actor)


def _short(found: Case) -> dict[str, Any]:
    from himaya.ledger.schema import iso, micros

    group = found.group
    return {
        "id": found.id,
        "state": str(found.state),
        "opened": iso(micros(found.opened)),
        "first": iso(micros(group.first)),
        "members": len(group.members),
        "proven": len(group.proven),
        "people": group.people,
        "shown": group.shown,
        "links": list(dict.fromkeys(ground.link for ground in group.grounds if ground.link)),
    }


def _log(found: Case) -> list[dict[str, str]]:
    from himaya.ledger.schema import iso, micros

    return [
        {"at": iso(micros(each.at)), "by": each.by, "what": each.what, "why": each.why}
        for each in found.log
    ]


def _table(cases: list[Case]) -> None:
    head = ("id", "state", "opened", "members", "proven", "people", "shown")
    rows = [_short(each) for each in cases]
    shared.print_table(head, [[str(row[name]) for name in head] for row in rows])


def _print(told: dict[str, Any]) -> None:
    head = f"{told['id']}  {told['state']}, opened {told['opened']}, first seen {told['first']}"
    click.echo(shared.printable(head))
    click.echo(
        f"{told['members']} members were shown {told['people']} different people"
        f" ({told['shown']} views of a new person in all); {told['proven']} are proven and spend the group's budget,"
        " where one is set."
    )
    lines = [f"  {words}" for words in told["grounds"]]
    lines += [f"  {e['at']}  {e['by']}  {e['what']}: {e['why']}" for e in told["log"]]
    lines += [f"  {name}" for name in told.get("names", [])]
    for line in lines:
        click.echo(shared.printable(line))


case.add_command(people)
case.add_command(compare)
case.add_command(request)
case.add_command(answer)
case.add_command(deleted)
