"""Entries about operators: who may act, who was refused, which periods are sealed to whom and were opened."""

from __future__ import annotations

import msgspec

from himaya.ledger.entries.base import Entry, Files


class Card(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    tag_field="himaya",
    tag="operator-card-1",
):
    """The public half of an operator, in hex: `sign` checks signatures (Ed25519), `box` encrypts to them (X25519).

    `proof` is signed with `sign` itself: whoever made the card holds the key. `signer` is the id of the card that
    vouches for it, "" for the first owner, and `signature` theirs over everything else. `made` is ISO 8601.
    """

    name: str
    role: str
    sign: str
    box: str
    made: str
    proof: str = ""
    signer: str = ""
    signature: str = ""


class Retirement(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    tag_field="himaya",
    tag="operator-retirement-1",
):
    """An owner says that an operator acts no more in the ledger of this id."""

    name: str
    ledger: str
    made: str
    signer: str
    signature: str = ""


class Half(msgspec.Struct, frozen=True, forbid_unknown_fields=True, array_like=True):
    """For one pair of cards (ids): half of a period's key for each, encrypted to its card, base64.

    The XOR of both halves is the key; one half alone is random.
    """

    first: str
    second: str
    to_first: str
    to_second: str


class OperatorEnrolled(Entry, frozen=True, tag_field="kind", tag="operator_enrolled"):
    """Somebody may act from now on; a name that stood before stands with this card alone."""

    card: Card


class OperatorRetired(Entry, frozen=True, tag_field="kind", tag="operator_retired"):
    """Somebody acts no more, and no share of theirs counts."""

    statement: Retirement


class AccessRefused(Entry, frozen=True, tag_field="kind", tag="access_refused"):
    """Somebody asked what their role may not. `needs` are the roles that may; `by` is sealed."""

    command: str
    needs: tuple[str, ...]
    by: str
    column: str = ""


class PeriodSealed(Files, frozen=True, tag_field="kind", tag="period_sealed"):
    """The rows of a UTC day, or names that no open row has, were encrypted to pairs of operators.

    `day` is -1 where it is names: `names` of them, last used before the UTC day `before`. `halves` are what the pairs
    need to open it.
    """

    id: str = ""
    rows: int = 0
    day: int = -1
    names: int = 0
    before: int = 0
    halves: tuple[Half, ...] = ()
    signature: str = ""


class OpeningRequested(Entry, frozen=True, tag_field="kind", tag="opening_requested"):
    """Somebody asks two operators to open what is sealed of [start, end), inside a case, until a time (microseconds).

    `digest` is the SHA-256 of the request they are shown. `why` and `by` are sealed.
    """

    id: str
    digest: str
    case: str
    start: int
    end: int
    until: int
    why: str
    by: str


class PeriodOpened(Entry, frozen=True, tag_field="kind", tag="period_opened"):
    """Two operators opened what a request asked for; `names` are theirs, `periods` how many it reached."""

    request: str
    case: str
    names: tuple[str, ...]
    periods: int
    command: str
