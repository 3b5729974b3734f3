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

from himaya.cli.ledger_path import LedgerPath
from himaya.core.errors import InputError

if TYPE_CHECKING:
    from himaya.config import Config
    from himaya.ledger.files import Layout
    from himaya.ledger.keys import Keys
    from himaya.ledger.reader import Reader

_Command = TypeVar("_Command", bound=Callable[..., Any])
_PATH = click.Path(path_type=Path)
_MAX_REASON = 2000
_NUMBER = re.compile(r"[+-][0-9 .()-]*")
#: Where a click context keeps the pass that was given, who acts by it, and what opens sealed periods.
_PASS, _ACTING, _OPENING = "himaya.pass", "himaya.acting", "himaya.opening"


def _keep_pass(ctx: click.Context, _: click.Parameter, value: Path | None) -> None:
    ctx.meta[_PASS] = value


#: Adds `--as PASS`; `allow` reads it, so no command takes it as an argument.
pass_option = click.option(
    "--as",
    type=_PATH,
    metavar="PASS",
    envvar="HIMAYA_PASS",
    expose_value=False,
    callback=_keep_pass,
    help="Pass of the operator who acts; default: HIMAYA_PASS.",
)


def _keep_opening(ctx: click.Context, _: click.Parameter, value: tuple[Path, ...] | None) -> None:
    ctx.meta[_OPENING] = value


#: Adds `--open REQUEST SHARE SHARE`; `record_use` reads it, so no command takes it as an argument.
open_option = click.option(
    "--open",
    type=_PATH,
    nargs=3,
    metavar="REQUEST SHARE SHARE",
    expose_value=False,
    callback=_keep_opening,
    help="Also ask what is sealed to operators: a request, and the shares of two of them.",
)


def ledger_options(command: _Command) -> _Command:
    """Add `--ledger DIR`, `--key-file FILE` and `--as PASS`."""
    key = click.option(
        "--key-file", type=_PATH, help="Key of the ledger; default: beside it, DIR.key."
    )
    where = click.option(
        "--ledger", "directory", type=LedgerPath(), required=True, help="Directory of the ledger."
    )
    return where(key(pass_option(command)))


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
    """Return who acts: the operator of the pass that `allow` took, else the login name of whoever runs the command."""
    ctx = click.get_current_context(silent=True)
    acting = ctx.meta.get(_ACTING) if ctx else None
    return acting.name if acting and acting.name else login()


def role() -> str:
    """Return the role of whoever acts, "" where no operators are enrolled: then all of them."""
    ctx = click.get_current_context(silent=True)
    acting = ctx.meta.get(_ACTING) if ctx else None
    return acting.role if acting else ""


def may(command: str, column: str = "") -> bool:
    """Tell whether whoever acts may run a command about a column; it is not recorded."""
    from himaya.ledger.operators.roles import needed

    return not role() or role() in needed(command, column)


def hides_names() -> bool:
    """Tell whether whoever acts reads figures without names of actors."""
    from himaya.ledger.operators.roles import NAMED_IN_FIGURES

    return bool(role()) and role() not in NAMED_IN_FIGURES


#: What stands in the place of a name.
HIDDEN = "not shown to this role"


def login() -> str:
    """Return the login name of whoever runs the command."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"


def allow(reader: Reader, command: str, column: str = "") -> None:
    """Let a command go on when who acts may run it, about this column. Raises LedgerError, recorded in the chain.

    Which role may what stands in `himaya.ledger.operators.roles`.
    """
    _allow(reader.layout, lambda: reader.keys, command, column)


def allow_in(directory: Path, key_file: Path | None, command: str) -> None:
    """Do what `allow` does, before anything is opened; where there is no ledger yet, everybody may begin one."""
    from himaya.ledger.files import Layout
    from himaya.ledger.keys import default_key_file, read_key_file

    def keys() -> Keys:
        return read_key_file(key_file or default_key_file(directory))

    _allow(Layout(directory), keys, command, "")


def allow_at(config: Config, command: str) -> None:
    """Do what `allow_in` does at the ledger of a configuration."""
    named = config.ledger.key_file
    allow_in(Path(config.ledger.directory), Path(named) if named else None, command)


def _allow(layout: Layout, keys: Callable[[], Keys], command: str, column: str) -> None:
    from himaya.ledger.operators.acting import Question, authorise

    ctx = click.get_current_context(silent=True)
    given = ctx.meta.get(_PASS) if ctx else None
    acting = authorise(layout, keys, Question(command, column, given, login(), time.time()))
    if ctx is not None:
        ctx.meta[_ACTING] = acting


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

    Where operators are enrolled, whose role may not is refused; with `--open` what two of them opened is asked, too.
    `column` and `surrogate` say about whom, `start` and `end` (microseconds) about which period.
    """
    allow(reader, command, column)
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
    _open(reader, command)


def _open(reader: Reader, command: str) -> None:
    """Have sealed periods among what is asked, where a request and two shares were given. Raises HimayaError."""
    from himaya.ledger.operators.opening import open_periods
    from himaya.ledger.operators.requests import Request, Share
    from himaya.ledger.operators.statements import read_statement

    ctx = click.get_current_context(silent=True)
    given: tuple[Path, ...] | None = ctx.meta.get(_OPENING) if ctx else None
    if not given:
        return
    request = read_statement(given[0], Request, "a request")
    shares = [read_statement(path, Share, "a share") for path in given[1:]]

    def is_open(case: str) -> bool:
        return _is_open(reader, case)

    open_periods(reader, request, shares, is_open, command=command, now=time.time())


def _is_open(reader: Reader, case: str) -> bool:
    """Tell whether a group's case or one of the register is open. Raises InputError when there is none of that name."""
    from himaya.analysis.cases import CaseStore, State, cases_path
    from himaya.cli.case_desk import load_config
    from himaya.response.cases import Register
    from himaya.response.cases.tables import connect

    directory, config = reader.layout.directory.absolute(), load_config(None)
    if cases_path(directory).exists():
        with CaseStore(cases_path(directory)) as store:
            if case in (states := store.states()):
                return states[case] is not State.CLOSED
    with Register(
        connect(config.response.database if config else "", directory), reader.keys
    ) as register:
        return register.case(case).is_open


def printable(text: str) -> str:
    """Return text that cannot steer a terminal: control characters are written out."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def print_json(value: object) -> None:
    """Print a value as indented JSON."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def csv_text(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return CSV (RFC 4180) that a spreadsheet takes for text, not for formulas."""
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
