"""`himaya deadlines`: what is due when, in every open case, by the regimes of the people it concerns."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from himaya.cli import ledger_options as shared
from himaya.cli.case_desk import Desk, config_option, load_config
from himaya.cli.ledger_path import LedgerPath
from himaya.core.errors import InputError

if TYPE_CHECKING:
    from himaya.config import Config
    from himaya.response.cases import Case
    from himaya.response.deadlines import Deadline, Unruled
    from himaya.response.regimes import Table

_FILE = click.Path(path_type=Path)
_OUT = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.option(
    "--ledger", "directory", type=LedgerPath(), help="Directory of the ledger; default: [ledger] of the configuration."
)  # fmt: skip
@click.option("--key-file", type=_FILE, help="Key of the ledger; default: beside it, DIR.key.")
@shared.pass_option
@config_option
@click.option("--case", "case_id", help="One case only, also a closed one; default: all open ones.")
@click.option("--ics", type=_OUT, metavar="FILE", help="Write the dates as iCalendar.")
@click.option("--alert", is_flag=True, help="Tell overdue ones, and those due soon, as alerts.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def deadlines(
    *,
    directory: Path | None,
    key_file: Path | None,
    config: Path | None,
    case_id: str | None,
    ics: Path | None,
    alert: bool,
    as_json: bool,
) -> None:
    """List the deadlines of all open cases, overdue ones first."""
    from himaya.response.regimes import load_regimes

    loaded = load_config(config)
    if alert and loaded is None:
        raise InputError("--alert needs the channels of a configuration; name it with --config")
    where, key = _place(directory, key_file, loaded)
    table = load_regimes(loaded.response.regimes if loaded else "")
    with Desk("deadlines", where, key, config) as desk:
        now = desk.now
        cases = [desk.register.case(case_id)] if case_id else _open(desk.register.cases())
    found = _Found(cases, table, now)
    if ics is not None:
        _write(ics, found.ics())
    told = _alerted(found, loaded) if alert and loaded else None
    if as_json:
        shared.print_json(found.json(told))
    else:
        found.print(told)


def _place(
    directory: Path | None, key_file: Path | None, config: Config | None
) -> tuple[Path, Path | None]:
    """Return the ledger and its key: as named, else as configured. Raises InputError."""
    if directory is not None:
        return directory, key_file
    if config is None:
        raise InputError("no ledger is named; use --ledger DIR or --config FILE")
    named = Path(config.ledger.key_file) if config.ledger.key_file else None
    return Path(config.ledger.directory), key_file or named


def _open(cases: list[Case]) -> list[Case]:
    return [case for case in cases if case.is_open]


class _Found:
    """The deadlines of some cases at one time, and people for whom there is no rule."""

    def __init__(self, cases: list[Case], table: Table, now: int) -> None:
        from himaya.response.deadlines import all_deadlines, unruled

        self.now = now
        self.cases = {case.id: case for case in cases}
        self.deadlines: list[Deadline] = all_deadlines(cases, table, now)
        self.unruled: list[tuple[str, Unruled]] = [
            (case.id, one) for case in cases for one in unruled(case, table)
        ]
        self.uncounted = [
            case.id for case in cases if case.countries is None and case.kind == "scraping"
        ]

    def ics(self) -> str:
        from himaya.response.deadlines.ics import calendar

        return calendar(self.deadlines, self.now)

    def json(self, told: int | None) -> dict[str, Any]:
        found: dict[str, Any] = {
            "at": _iso(self.now),
            "deadlines": [_told(each) for each in self.deadlines],
            "no_rule": [
                {"case": case, "country": one.country, "people": one.people, "text": one.text}
                for case, one in self.unruled
            ],
            "not_counted": self.uncounted,
        }
        return found if told is None else {**found, "alerts": told}

    def print(self, told: int | None) -> None:
        head = ("case", "regime", "to", "kind", "due (UTC)", "stands", "marks", "what")
        if self.deadlines:
            shared.print_table(head, [_cells(each) for each in self.deadlines])
        for case, one in self.unruled:
            click.echo(shared.printable(f"{case}  {one.text}"))
        for case in self.uncounted:
            click.echo(f"{case}  its people were not counted yet: himaya case people {case}")
        if not (self.deadlines or self.unruled or self.uncounted):
            click.echo("No case is open." if not self.cases else "No deadline is known.")
        if told is not None:
            click.echo(f"Told as alerts: {told}.")


def _told(each: Deadline) -> dict[str, Any]:
    import msgspec

    found: dict[str, Any] = msgspec.to_builtins(each)
    for name in ("started", "due", "done"):
        found[name] = _iso(found[name])
    return {"id": each.id, **found}


def _cells(each: Deadline) -> list[str]:
    note = f" ({each.note})" if each.note else ""
    due = _iso(each.due) or ("-" if each.kind else "none")
    return [
        each.case,
        each.regime or "-",
        each.party,
        each.kind or "-",
        due,
        str(each.standing),
        ", ".join(each.marks) or "-",
        each.text + note,
    ]


def _iso(at: int) -> str:
    if not at:
        return ""
    return datetime.fromtimestamp(at // 1_000_000, UTC).isoformat().replace("+00:00", "Z")


def _write(path: Path, text: str) -> None:
    """Write the calendar at once: whoever reads the file finds the old one or the new one. Raises InputError."""
    part = path.with_name(path.name + ".part")
    try:
        part.write_bytes(text.encode())
        part.replace(path)
    except OSError as problem:
        raise InputError(f"cannot be written: {problem.strerror}", file=str(path)) from problem


def _alerted(found: _Found, config: Config) -> int:
    """Tell what is overdue or due soon over the channels, and return how many. Raises ServiceError."""
    from himaya.core.errors import ServiceError
    from himaya.response.deadlines.telling import occurrences
    from himaya.runner.alerting import Alarm, channels_of

    told = list(occurrences(found.deadlines, found.now, config.response.soon_hours * 3600))
    if not told:
        return 0
    alarm = Alarm(config, channels_of(config))
    for one in told:
        alarm.tell(one)
    alarm.start()
    alarm.close(wait_s=float(config.alerts.timeout_s) + 5.0)
    for problem in alarm.status.problems:
        click.echo(shared.printable(f"note: {problem}"), err=True)
    if alarm.status.open == 0 and alarm.status.problems:
        raise ServiceError("the alerts were not written down; see above")
    return len(told)
