"""`himaya ledger request`: the request by which two operators open sealed periods inside a case."""

from __future__ import annotations

import time
from pathlib import Path

import click

from himaya.cli import ledger_options as shared
from himaya.core.errors import InputError


@click.command()
@shared.ledger_options
@click.option("--case", "case_id", required=True, help="The open case that needs it.")
@click.option("--from", "start", help="From this date or time on (ISO 8601; UTC).")
@click.option("--to", "end", help="Before this time; a bare date includes that day.")
@click.option("--why", required=True, help="Why it is needed. Both operators read it.")
@click.option(
    "--hours", type=click.IntRange(1, 72), default=72, show_default=True, help="Until it is over."
)
def request(
    *,
    directory: Path,
    key_file: Path | None,
    case_id: str,
    start: str | None,
    end: str | None,
    why: str,
    hours: int,
) -> None:
    """Print a request to open sealed periods inside a case: two operators of different roles answer with shares."""
    from himaya.analysis.cases import CaseStore, State, cases_path
    from himaya.ledger.names import parse_time
    from himaya.ledger.operators.requests import Wish, ask
    from himaya.ledger.operators.statements import written
    from himaya.ledger.reader import Reader

    with Reader.open(directory, key_file) as reader:
        shared.allow(reader, "ledger request")
        with CaseStore(cases_path(directory.absolute())) as store:
            if store.get(case_id).state is State.CLOSED:
                raise InputError(f"the case {case_id} is closed; sealed periods open in open cases")
        period = parse_time(start), parse_time(end, end=True)
        wish = Wish(case_id, *period, shared.purpose(why), shared.operator(), hours)
        click.echo(written(ask(reader, wish, time.time())), nl=False)
