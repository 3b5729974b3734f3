"""`himaya case`: the group of commands about cases, and the search that opens some of them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from himaya.cli import case_decide, case_keep, case_move, case_open, case_view
from himaya.cli import ledger_options as shared
from himaya.cli.case_compare import compare
from himaya.cli.case_contain import contain, uncontain
from himaya.cli.case_deleted import deleted
from himaya.cli.case_drill import drill
from himaya.cli.case_exchange import claim, import_, indicators
from himaya.cli.case_leak import leak
from himaya.cli.case_letter import letter
from himaya.cli.case_letter_check import check
from himaya.cli.case_letter_draft import draft
from himaya.cli.case_notify import notify
from himaya.cli.case_people import people
from himaya.cli.case_request import answer, request
from himaya.cli.engine_options import engine_options

if TYPE_CHECKING:
    from himaya.ledger.engines import Choice

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def case() -> None:
    """Cases: find or open them, say what people decide in them, and see what is missing."""


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
        shared.print_json(
            {"cases": [{**case_view.of_group(each), "new": new} for each, new in found]}
        )
    elif not found:
        click.echo("No group was found, and no case is open.")
    else:
        case_view.print_groups([each for each, _ in found])


case.add_command(case_open.open_case)
case.add_command(case_view.list_cases)
case.add_command(case_view.show)
case.add_command(case_decide.ack)
case.add_command(case_decide.owner)
case.add_command(case_decide.note)
case.add_command(case_decide.clock)
case.add_command(case_decide.confirm)
case.add_command(case_decide.assess)
case.add_command(case_decide.notified)
case.add_command(case_decide.close)
case.add_command(case_decide.reopen)
case.add_command(case_move.merge)
case.add_command(case_move.split)
case.add_command(case_keep.attach)
case.add_command(case_keep.verify)
case.add_command(case_keep.expire)
case.add_command(people)
case.add_command(compare)
case.add_command(request)
case.add_command(answer)
case.add_command(deleted)
case.add_command(notify)
case.add_command(contain)
case.add_command(uncontain)
letter.add_command(draft)
letter.add_command(check)
case.add_command(letter)
case.add_command(leak)
case.add_command(drill)
case.add_command(import_)
case.add_command(claim)
case.add_command(indicators)
