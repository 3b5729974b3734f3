"""What the commands about a ledger share: its options, who asks and why, and printing what hostile names can hold."""

from __future__ import annotations

import csv
import io
import os
import pwd
import re
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
import msgspec

from himaya.core.errors import InputError

if TYPE_CHECKING:
    from himaya.ledger.reader import Reader

_Command = TypeVar("_Command", bound=Callable[..., Any])
_PATH = click.Path(path_type=Path)
_MAX_REASON = 2000
_NUMBER = re.compile(r"[+-][0-9 .()-]*")


def ledger_options(command: _Command) -> _Command:
    """Add `--ledger DIR` and `--key-file FILE`."""
    key = click.option(
        "--key-file", type=_PATH, help="Key of the ledger; default: beside it, DIR.key."
    )
    where = click.option(
        "--ledger", "directory", type=_PATH, required=True, help="Directory of the ledger."
    )
    return where(key(command))


def counted_options(what: str) -> Callable[[_Command], _Command]:
    """Return what adds the options of a count over a period of the ledger; `what` is counted or judged."""
    each = (
        ledger_options,
        click.option("--from", "start", help=f"{what} from this date or time on (ISO 8601; UTC)."),
        click.option("--to", "end", help="Before this time; a bare date includes that day."),
        click.option(
            "--population",
            type=click.IntRange(min=1),
            help="People the site shows; default: [site] population of the newest configuration.",
        ),
        click.option("--why", required=True, help="What you ask for. Kept in the access log."),
        click.option("--json", "as_json", is_flag=True, help="Print JSON."),
    )

    def add(command: _Command) -> _Command:
        for option in reversed(each):
            command = option(command)
        return command

    return add


def purpose(text: str, option: str = "--why") -> str:
    """Return a reason without blanks around it. Raises InputError when it says nothing, or too much."""
    if not text.strip():
        raise InputError(f"{option} is empty; say in a few words what this is for")
    if len(text) > _MAX_REASON:
        raise InputError(f"{option} is longer than {_MAX_REASON} characters")
    return text.strip()


def operator() -> str:
    """Return the login name of whoever runs the command."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"


def record_use(
    reader: Reader,
    command: str,
    why: str,
    *,
    column: str = "",
    surrogate: int = 0,
    start: int = 0,
    end: int = 0,
) -> None:
    """Write down who asks what, and why, before anything is answered. Raises LedgerError; then nothing may be shown.

    `column` and `surrogate` say about whom, `start` and `end` (microseconds) about which period.
    """
    reader.record_access(
        column,
        surrogate,
        why=why,
        by=operator(),
        at=time.time(),
        start=start,
        end=end,
        command=command,
    )


def printable(text: str) -> str:
    """Return text that cannot steer a terminal: control characters are written out."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def print_json(value: object) -> None:
    """Print a value as indented JSON."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def print_csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print CSV (RFC 4180) that a spreadsheet takes for text, not for formulas."""
    click.echo(csv_text(header, rows), nl=False)


def csv_text(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return what `print_csv` prints."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(header)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return out.getvalue()


def _cell(value: str) -> str:
    """Put an apostrophe before what a spreadsheet would run (OWASP: CSV injection)."""
    risky = value[:1] in {"=", "+", "-", "@", "\t", "\r"} and not _NUMBER.fullmatch(value)
    return f"'{value}" if risky else value


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print columns of text, two blanks apart."""
    cells = [[printable(value) for value in row] for row in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        padded = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  " + "  ".join(padded).rstrip())
