"""Opening sealed periods: a request that stands, and the shares of two operators of different roles.

The keys exist in memory, for as long as one command runs. That they were opened, in which case and by whom, is in the
chain before anything is read.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from itertools import combinations

from himaya.core.errors import LedgerError
from himaya.ledger import entries as e
from himaya.ledger.archive import PeriodKeys, decrypt
from himaya.ledger.operators.halves import xor
from himaya.ledger.operators.requests import Request, Share, piece_about, read_key
from himaya.ledger.operators.standing import Standing
from himaya.ledger.operators.statements import is_by
from himaya.ledger.reader import Reader
from himaya.ledger.schema import iso, micros


def open_periods(
    reader: Reader,
    request: Request,
    shares: Sequence[Share],
    is_open: Callable[[str], bool],
    *,
    command: str,
    now: float,
) -> None:
    """Have the periods of a request among the reader's answers, recorded in the chain.

    `is_open` tells whether a case is. Raises LedgerError: the request is over, another, or its case is closed; shares
    are not of two roles, of another request, or changed.
    """
    state = reader.state()
    _check_request(state.operators, request, now)
    if not is_open(request.case):
        raise LedgerError(f"the case {request.case} is closed; nothing is opened for it any more")
    cards = [_checked(state.operators, request, share) for share in shares]
    if len({card.role for card in cards}) < 2:
        raise LedgerError("opening takes the shares of two operators of different roles")
    private = read_key(reader.layout, request.id, now)
    keys = _combined(request, shares, private)
    entry = e.PeriodOpened(
        at=iso(micros(now)),
        request=request.id,
        case=request.case,
        names=tuple(card.name for card in cards),
        periods=len(keys.rows),
        command=command,
    )
    reader.chain.append(entry)
    reader.open_periods(keys)


def _check_request(standing: Standing, request: Request, now: float) -> None:
    known = standing.requests.get(request.id)
    if known is None or known.digest != request.digest:
        raise LedgerError("this request was not made at this ledger, or was changed")
    if known.until <= micros(now):
        raise LedgerError("this request is over; ask anew: himaya ledger request")


def _checked(standing: Standing, request: Request, share: Share) -> e.Card:
    """Return the card of whoever gave a share; one that was replaced may, one that was retired may not."""
    card = standing.cards.get(share.card)
    if card is None or share.card in standing.retired:
        raise LedgerError("a share is of nobody who may open periods of this ledger")
    if (share.request, share.digest, share.ledger) != (request.id, request.digest, request.ledger):
        raise LedgerError(f"the share of {card.name} is for another request")
    if not is_by(share, card):
        raise LedgerError(f"the share of {card.name} was changed after it was given")
    return card


def _combined(request: Request, shares: Sequence[Share], private: bytes) -> PeriodKeys:
    """Return the keys of every period of which two shares hold the halves of one pair."""
    keys = PeriodKeys(start=request.start, end=request.end)
    for period in request.periods:
        halves = [_halves(request, share, period.id, private) for share in shares]
        key = _key(halves)
        if key is not None:
            (keys.names if period.day < 0 else keys.rows)[period.id] = key
    if not keys.rows:
        raise LedgerError("these operators hold no two halves of one key of that time")
    return keys


def _key(halves: list[dict[tuple[str, str], bytes]]) -> bytes | None:
    for one, two in combinations(halves, 2):
        for pair in one.keys() & two.keys():
            return xor(one[pair], two[pair])
    return None


def _halves(
    request: Request, share: Share, period: str, private: bytes
) -> dict[tuple[str, str], bytes]:
    """Return the halves of a period that a share holds, by pair. Raises LedgerError."""
    found = {}
    for piece in share.pieces:
        if piece.period == period:
            pair = (piece.first, piece.second)
            where = piece_about(request, period, pair, share.card)
            try:
                found[pair] = decrypt(base64.b64decode(piece.sealed), private, where)
            except ValueError as problem:
                raise LedgerError("a share does not open with the key of its request") from problem
    return found
