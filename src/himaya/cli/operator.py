"""`himaya operator`: who may do what to a ledger. Keys are made and used on the operators' own machines."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from himaya.cli import ledger_options as shared
from himaya.core.errors import InputError

if TYPE_CHECKING:
    from himaya.ledger.operators.private import Private
    from himaya.ledger.operators.requests import Request

_FILE = click.Path(path_type=Path, dir_okay=False)
_Command = TypeVar("_Command", bound=Callable[..., Any])


def _private_options(command: _Command) -> _Command:
    """Add `--private FILE` and `--passphrase-file FILE`."""
    phrase = click.option(
        "--passphrase-file",
        "phrase_file",
        type=_FILE,
        help="File with the passphrase in its first line; default: HIMAYA_PASSPHRASE, else it is asked for.",
    )
    private = click.option("--private", type=_FILE, required=True, help="Your private file.")
    return private(phrase(command))


@click.group()
def operator() -> None:
    """Operators of a ledger: keys, passes, and the list of who may act."""


@operator.command()
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice(["owner", "analyst", "legal", "dpo", "auditor"]),
    required=True,
    help="What the operator may do.",
)
@_private_options
@click.option("--card", type=_FILE, help="Where the public card goes; default: FILE.card.")
def add(name: str, role: str, private: Path, phrase_file: Path | None, card: Path | None) -> None:
    """Make your keys, on your own machine: a private file under a passphrase, and a public card for the gate.

    The private file never goes to the gate's machine. Have an owner sign the card: himaya operator sign.
    """
    from himaya.ledger.operators.enrolment import fingerprint
    from himaya.ledger.operators.private import create
    from himaya.ledger.operators.statements import check_name, written
    from himaya.ledger.schema import iso, micros

    check_name(name)
    place = card or private.with_name(private.name + ".card")
    if place.exists():
        raise InputError("is there already; name a new file with --card", file=str(place))
    phrase = _passphrase(phrase_file, confirm=True)
    made = create(private, name, role, phrase, iso(micros(time.time())))
    _write(place, written(made))
    click.echo(f"Wrote {private}, which stays with you, and the card {place}.")
    click.echo(f"Card of {name} ({role}): {fingerprint(made)}")


@operator.command()
@click.argument("card", type=_FILE)
@_private_options
def sign(card: Path, private: Path, phrase_file: Path | None) -> None:
    """Vouch for a card as an owner, or with the old key for the new card of your own; prints the signed card.

    Compare the fingerprint that is printed on standard error with what its holder reads to you.
    """
    from himaya.ledger.entries import Card
    from himaya.ledger.operators.enrolment import fingerprint, vouch
    from himaya.ledger.operators.statements import read_statement, written

    read = read_statement(card, Card, "a card")
    signed = vouch(read, _private(private, phrase_file))
    click.echo(f"himaya: card of {read.name} ({read.role}): {fingerprint(read)}", err=True)
    click.echo(written(signed), nl=False)


@operator.command("pass")
@_private_options
@click.option("--ledger-id", "ledger", required=True, help="As `himaya operator list` prints it.")
@click.option(
    "--hours", type=click.IntRange(1, 24), default=8, show_default=True, help="How long it is good."
)
def make_pass(private: Path, phrase_file: Path | None, ledger: str, hours: int) -> None:
    """Print a pass: for some hours the commands at that ledger act as you. Keep it like a key for as long."""
    from himaya.ledger.operators.statements import Pass, written

    holder, now = _private(private, phrase_file), int(time.time())
    made = Pass(
        name=holder.card.name, card=holder.id, ledger=ledger, start=now, end=now + hours * 3600
    )
    click.echo(written(holder.signed(made)), nl=False)


@operator.command()
@click.argument("name")
@_private_options
@click.option("--ledger-id", "ledger", required=True, help="As `himaya operator list` prints it.")
def retire(name: str, private: Path, phrase_file: Path | None, ledger: str) -> None:
    """Print an owner's statement that an operator acts no more; `himaya operator enrol` takes it in at the gate."""
    from himaya.ledger.operators.enrolment import retirement
    from himaya.ledger.operators.statements import written

    owner = _private(private, phrase_file)
    click.echo(written(retirement(name, ledger, owner, time.time())), nl=False)


@operator.command()
@shared.ledger_options
@click.argument("file", type=_FILE)
def enrol(directory: Path, key_file: Path | None, file: Path) -> None:
    """Take a signed card, or a retirement, into the chain, at the gate's machine.

    The first card is believed as it is, and has to be an owner's; an owner who stands vouches for every later one.
    """
    from himaya.ledger.entries import Card
    from himaya.ledger.operators import enrolment
    from himaya.ledger.reader import Reader

    with Reader.open(directory, key_file) as reader:
        statement, first = enrolment.enrol(reader, file, time.time())
    if not isinstance(statement, Card):
        click.echo(f"{statement.name} acts no more.")
        return
    click.echo(f"{statement.name} ({statement.role}) is enrolled.")
    if first:
        print_ = enrolment.fingerprint(statement)
        click.echo(f"THE FIRST OWNER IS BELIEVED AS IT IS. Compare its fingerprint: {print_}")
        click.echo("From now on every command at this ledger needs a pass.")


@operator.command("list")
@shared.ledger_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_operators(directory: Path, key_file: Path | None, *, as_json: bool) -> None:
    """List who was ever enrolled, and the id of the ledger that passes are made for."""
    from himaya.ledger.operators.acting import ledger_id
    from himaya.ledger.operators.enrolment import listed
    from himaya.ledger.reader import Reader

    with Reader.open(directory, key_file) as reader:
        number, rows = ledger_id(reader.chain), listed(reader)
    if as_json:
        shared.print_json({"ledger": number, "operators": rows})
        return
    click.echo(f"Ledger {number}")
    if rows:
        shared.print_table(list(rows[0]), [list(row.values()) for row in rows])
    else:
        click.echo("No operator is enrolled: whoever holds the key file has every role.")


@operator.command()
@click.argument("request", type=_FILE)
@_private_options
@click.option("--yes", is_flag=True, help="Do not ask whether you agree.")
def approve(request: Path, private: Path, phrase_file: Path | None, *, yes: bool) -> None:
    """Look at a request to open sealed periods, on your own machine, and print your share of it when you agree."""
    from himaya.ledger.operators.requests import Request
    from himaya.ledger.operators.requests import approve as share_of
    from himaya.ledger.operators.statements import read_statement, written

    read = read_statement(request, Request, "a request")
    for line in _asked(read):
        click.echo(shared.printable(line), err=True)
    if not yes:
        click.confirm("Open this", abort=True, err=True)
    share = share_of(read, _private(private, phrase_file), time.time())
    click.echo(written(share), nl=False)


def _asked(request: Request) -> list[str]:
    """Return what a request asks for, in words."""
    from himaya.ledger.names import FOREVER
    from himaya.ledger.schema import iso

    days = sum(period.day >= 0 for period in request.periods)
    start = iso(request.start) if request.start else "the beginning"
    end = iso(request.end) if request.end < FOREVER else "now"
    return [
        f"ledger   {request.ledger}",
        f"case     {request.case}",
        f"period   {start} to {end}: {days} sealed days",
        f"asked by {request.by}",
        f"why      {request.why}",
        f"until    {iso(request.until * 1_000_000)}",
    ]


def _private(path: Path, phrase_file: Path | None) -> Private:
    from himaya.ledger.operators.private import read

    return read(path, _passphrase(phrase_file))


def _passphrase(file: Path | None, *, confirm: bool = False) -> str:
    """Return the passphrase: of a file, of HIMAYA_PASSPHRASE, else as typed. Raises InputError."""
    if file is not None:
        try:
            return file.read_text("utf-8").partition("\n")[0]
        except (OSError, UnicodeError) as problem:
            raise InputError(f"cannot read the passphrase: {problem}", file=str(file)) from None
    told = os.environ.get("HIMAYA_PASSPHRASE")
    if told is not None:
        return told
    typed: str = click.prompt(
        "Passphrase", hide_input=True, confirmation_prompt=confirm, err=True, type=str
    )
    return typed


def _write(place: Path, text: str) -> None:
    try:
        place.write_text(text, "utf-8")
    except OSError as problem:
        raise InputError(f"cannot be written: {problem.strerror}", file=str(place)) from None
