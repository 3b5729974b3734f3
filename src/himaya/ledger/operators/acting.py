"""The check that stands before every command: whose pass it is, and whether that role may ask this.

Where no operator was ever enrolled, the holder of the key file has every role, as before there were operators.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec

from himaya.core.errors import InputError, LedgerError
from himaya.ledger import entries as e
from himaya.ledger.chain import Chain
from himaya.ledger.files import Layout
from himaya.ledger.keys import Keys
from himaya.ledger.operators.roles import needed
from himaya.ledger.operators.standing import Standing
from himaya.ledger.operators.statements import Pass, is_by, read_statement
from himaya.ledger.schema import iso, micros
from himaya.ledger.state import read_state

#: Refusals that are recorded within an hour, and what the last of them says.
MAX_REFUSALS = 100
LAST_REFUSAL = "; further refusals within the hour are not recorded"
_HOUR_S = 3600.0
_MARK = b'"kind":"operator_enrolled"'


class Acting(msgspec.Struct, frozen=True):
    """Who acts: name and role, both "" where no operators are enrolled."""

    name: str = ""
    role: str = ""


class Question(msgspec.Struct, frozen=True):
    """What is to be done: a command of `roles`, about a column; the file of the pass; the login that runs it."""

    command: str
    column: str
    given: Path | None
    login: str
    now: float


def are_enrolled(layout: Layout) -> bool:
    """Tell whether an operator was ever enrolled in a ledger; costs one look through the chain's bytes.

    The mark stands in no text of an entry: JSON writes a quotation mark inside of a text with a backslash.
    """
    try:
        with layout.chain.open("rb") as chain:
            return any(_MARK in line for line in chain)
    except (FileNotFoundError, IsADirectoryError):
        return False  # whoever goes on says what is wrong
    except OSError as problem:
        raise LedgerError(f"{layout.chain}: cannot read: {problem.strerror}") from problem


def ledger_id(chain: Chain) -> str:
    """Return what names a ledger for good: 16 hex digits of the hash of its first entry. Raises LedgerError."""
    for line, _ in chain.lines():
        return line.hash[:16]
    raise LedgerError("the chain of this ledger holds no entry yet")


def authorise(layout: Layout, keys: Callable[[], Keys], asked: Question) -> Acting:
    """Return who acts, by their pass. `keys` are read only where operators are enrolled.

    Raises LedgerError when the role may not, which the chain records, and InputError for a file that is no pass.
    """
    if not are_enrolled(layout):
        return Acting()
    chain = Chain(layout, keys())
    standing = read_state(chain).operators
    if not standing.cards:
        return Acting()  # what says it is an enrolment counts for nothing
    may = needed(asked.command, asked.column)
    try:
        acting = _by_pass(standing, ledger_id(chain), asked)
        if acting.role not in may:
            raise LedgerError(f"{acting.name} has the role {acting.role}")  # noqa: TRY301
    except (InputError, LedgerError) as problem:
        _record(chain, keys(), asked, may, str(problem))
        raise LedgerError(f"{_what(asked)} is for {_roles(may)}: {problem}") from problem
    return acting


def _by_pass(standing: Standing, ledger: str, asked: Question) -> Acting:
    if asked.given is None:
        raise LedgerError(
            f"there is no pass; on your own machine: himaya operator pass --private FILE"
            f" --ledger-id {ledger}; then --as PASS or HIMAYA_PASS here"
        )
    given = read_statement(asked.given, Pass, "a pass")
    card = standing.standing().get(given.card)
    if card is None or card.name != given.name:
        raise LedgerError(f"the pass of {given.name!r} is of nobody who stands in this ledger")
    if not is_by(given, card):
        raise LedgerError(f"the pass was not signed by {given.name}, or was changed")
    wrong = given.is_good(ledger, asked.now)
    if wrong:
        raise LedgerError(f"the pass of {given.name} {wrong}")
    return Acting(card.name, card.role)


def _record(chain: Chain, keys: Keys, asked: Question, may: frozenset[str], why: str) -> None:
    """Write a refusal down; past the bound of an hour nothing more, so that nobody fills the chain by asking."""
    with chain.locked() as pen:
        recent = _recent(chain, asked.now)
        if recent >= MAX_REFUSALS:
            return
        last = LAST_REFUSAL if recent == MAX_REFUSALS - 1 else ""
        entry = e.AccessRefused(
            at=iso(micros(asked.now)),
            command=asked.command,
            needs=tuple(sorted(may)),
            by=keys.seal_text(f"login {asked.login}: {why}"[:500] + last),
            column=asked.column,
        )
        pen.append(entry)


def _recent(chain: Chain, now: float) -> int:
    """Return how many refusals of the hour before `now` (epoch seconds) are recorded."""
    times = (datetime.fromisoformat(at).timestamp() for at in read_state(chain).operators.refusals)
    return sum(abs(now - time) < _HOUR_S for time in times)


def _what(asked: Question) -> str:
    about = f" about a {asked.column}" if asked.column else ""
    return f"`{asked.command}`{about}"


def _roles(may: frozenset[str]) -> str:
    return "the role " + " or ".join(sorted(may)) if may else "no role"
