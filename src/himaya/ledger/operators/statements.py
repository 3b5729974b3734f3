"""What operators sign on their own machines, as files that anybody may carry: cards, passes, retirements.

A statement is one JSON object; its `himaya` says which kind it is. Signed are its bytes with an empty `signature`, so
the kind is signed, too, and no statement passes for one of another kind (Ed25519, RFC 8032).
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import msgspec

from himaya.core.errors import InputError, LedgerError
from himaya.ledger.entries import Card, Retirement
from himaya.ledger.keys import is_signed
from himaya.ledger.operators.roles import ROLES

#: A file larger than this is no statement; a request of many sealed periods is the largest.
MAX_BYTES = 16 << 20
#: Hours a pass may be good for at most.
MAX_HOURS = 24
#: Seconds that two machines' clocks may differ.
_SKEW_S = 300
_NAME = re.compile(r"[a-z][a-z0-9._-]{0,31}")
_KEY = re.compile(r"[0-9a-f]{64}")
_T = TypeVar("_T", bound=msgspec.Struct)


class Pass(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    tag_field="himaya",
    tag="operator-pass-1",
):
    """An operator acts through the commands of one ledger from `start` to before `end` (epoch seconds)."""

    name: str
    card: str
    ledger: str
    start: int
    end: int
    signature: str = ""

    def is_good(self, ledger: str, now: float) -> str:
        """Return "" when it is a pass for this ledger at `now` (epoch seconds), else what is wrong with it."""
        if self.ledger != ledger:
            return f"is for the ledger {self.ledger}, and this one is {ledger}"
        if not 0 < self.end - self.start <= MAX_HOURS * 3600:
            return f"is good for longer than {MAX_HOURS} hours, or for no time at all"
        if not self.start - _SKEW_S <= now < self.end:
            return "is over, or has not begun; make a new one: himaya operator pass"
        return ""


def signed_bytes(statement: msgspec.Struct, *, without: tuple[str, ...] = ("signature",)) -> bytes:
    """Return the bytes that the signature of a statement is over."""
    return msgspec.json.encode(msgspec.structs.replace(statement, **dict.fromkeys(without, "")))


def card_id(card: Card) -> str:
    """Return the fingerprint of a card: 24 hex digits of the SHA-256 over who it is; who vouches for it is left out."""
    data = signed_bytes(card, without=("proof", "signer", "signature"))
    return hashlib.sha256(data).hexdigest()[:24]


def check_name(name: str) -> str:
    """Return the name of an operator. Raises InputError when it is none."""
    if not _NAME.fullmatch(name):
        raise InputError(
            f"{name!r} names no operator; write a letter, then letters, digits, '.', '_' or '-',"
            " 32 in all, small letters only"
        )
    return name


def check_card(card: Card) -> None:
    """Raise InputError when a card is malformed, or whoever made it does not hold its key."""
    check_name(card.name)
    if card.role not in ROLES:
        raise InputError(
            f"the card of {card.name} has the role {card.role!r}; roles: {', '.join(ROLES)}"
        )
    if not (_KEY.fullmatch(card.sign) and _KEY.fullmatch(card.box)):
        raise InputError(f"the card of {card.name} holds no public keys")
    data = signed_bytes(card, without=("proof", "signer", "signature"))
    if not _holds(card.sign, card.proof, data):
        raise InputError(f"the card of {card.name} was changed after it was made")


@lru_cache(maxsize=4096)
def _holds(public: str, signature: str, data: bytes) -> bool:
    """Remember what was checked: the chain is added up for every question."""
    return is_signed(public, signature, data)


def is_by(statement: Card | Retirement | Pass | msgspec.Struct, card: Card) -> bool:
    """Tell whether the holder of a card signed a statement."""
    return _holds(card.sign, str(getattr(statement, "signature", "")), signed_bytes(statement))


def written(statement: msgspec.Struct) -> str:
    """Return a statement as its file holds it."""
    return msgspec.json.encode(statement).decode() + "\n"


def read_statement(path: Path, kind: type[_T] | msgspec.json.Decoder[_T], what: str) -> _T:
    """Return the statement of a file. Raises InputError; `what` names it in the message."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as problem:
        raise InputError(f"cannot read {what}: {problem.strerror}", file=str(path)) from None
    return parse(data, kind, what, str(path))


def parse(data: bytes, kind: type[_T] | msgspec.json.Decoder[_T], what: str, file: str) -> _T:
    """Return a statement; a decoder takes one of several kinds. Raises InputError for another file, or a large one."""
    if len(data) > MAX_BYTES:
        raise InputError(f"this is not {what}: larger than {MAX_BYTES} bytes", file=file)
    try:
        decoder = kind if isinstance(kind, msgspec.json.Decoder) else msgspec.json.Decoder(kind)
        return decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise InputError(f"this is not {what} of himaya ({problem})", file=file) from None


def no_such(name: str) -> LedgerError:
    """Return the error of a name under which nobody stands."""
    return LedgerError(f"no operator {name!r} stands in this ledger; see: himaya operator list")
