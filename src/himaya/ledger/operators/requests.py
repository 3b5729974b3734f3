"""Requests to open sealed periods: what two operators are shown, and what they answer with.

A request carries the halves that are encrypted to cards, and a public key made for it. Each operator opens their halves
on their own machine and encrypts them to that key: a share. The private key of the request stays beside the
ledger, for its owner alone, until the request is over.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Collection
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from himaya.core.errors import InputError, LedgerError
from himaya.ledger import entries as e
from himaya.ledger.archive import encrypt
from himaya.ledger.files import Layout, create_secret
from himaya.ledger.operators.acting import ledger_id
from himaya.ledger.operators.halves import about
from himaya.ledger.operators.private import Private
from himaya.ledger.reader import Reader
from himaya.ledger.schema import DAY_S, iso, micros
from himaya.ledger.state import State

#: Hours that a request may be open for at most, and requests that may be open at a time.
MAX_HOURS, MAX_OPEN = 72, 32


class Period(msgspec.Struct, frozen=True, forbid_unknown_fields=True, array_like=True):
    """A sealed period of a request, as its entry in the chain names it, with its halves."""

    id: str
    day: int
    before: int
    halves: tuple[e.Half, ...]


class Request(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    tag_field="himaya",
    tag="opening-request-1",
):
    """Who asks for what is sealed of [start, end) (microseconds), in which case and why, until when (epoch seconds).

    `point` is the public key (X25519, hex) to which shares are encrypted.
    """

    id: str
    ledger: str
    case: str
    start: int
    end: int
    until: int
    by: str
    why: str
    point: str
    periods: tuple[Period, ...]

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the request, hex: shares and the chain name it."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()


class Piece(msgspec.Struct, frozen=True, forbid_unknown_fields=True, array_like=True):
    """A half of a period's key, encrypted to the point of the request, base64; `first` and `second` are its pair."""

    period: str
    first: str
    second: str
    sealed: str


class Share(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    tag_field="himaya",
    tag="opening-share-1",
):
    """An operator's answer to one request: their halves, for it alone."""

    request: str
    digest: str
    ledger: str
    card: str
    pieces: tuple[Piece, ...]
    signature: str = ""


class Wish(msgspec.Struct, frozen=True):
    """What somebody asks for: a case, a time in microseconds, why, and for how many hours."""

    case: str
    start: int
    end: int
    why: str
    by: str
    hours: int = MAX_HOURS


def key_path(layout: Layout, request: str = "") -> Path:
    """Return where the private key of a request stands: beside the ledger; without an id, the directory of all."""
    place = layout.directory.with_name(layout.directory.name + ".requests")
    return place / f"{request}.key" if request else place


def ask(reader: Reader, wish: Wish, now: float) -> Request:
    """Make a request, recorded in the chain. Raises InputError: nothing is sealed there; LedgerError."""
    periods = _periods(reader.state(), wish.start, wish.end)
    if not any(period.day >= 0 for period in periods):
        raise InputError("nothing is sealed to operators in this time; ask without a request")
    remove_expired(reader.layout, now)
    if len(list(key_path(reader.layout).glob("*.key"))) >= MAX_OPEN:
        raise LedgerError(f"{MAX_OPEN} requests are open already; each ends by itself")
    key = X25519PrivateKey.generate()
    made = Request(
        id=secrets.token_hex(8),
        ledger=ledger_id(reader.chain),
        case=wish.case,
        start=wish.start,
        end=wish.end,
        until=int(now) + wish.hours * 3600,
        by=wish.by,
        why=wish.why,
        point=key.public_key().public_bytes_raw().hex(),
        periods=periods,
    )
    _keep(reader.layout, made, key.private_bytes_raw())
    _record(reader, made, now)
    return made


def _periods(state: State, start: int, end: int) -> tuple[Period, ...]:
    """Return the days that are sealed of a time, and the names that rows of it may have: closed since."""
    standing, found = state.operators, []
    for one in standing.periods.values():
        if touches(one.day, one.before, start, end) and _is_there(one, state.files):
            open_to = standing.cards.keys() - standing.retired
            halves = tuple(h for h in one.halves if {h.first, h.second} <= open_to)
            found.append(Period(one.id, one.day, one.before, halves))
    return tuple(sorted(found, key=lambda one: (one.day, one.before)))


def touches(day: int, before: int, start: int, end: int) -> bool:
    """Tell whether a period of these days belongs to a request for [start, end), microseconds."""
    scale = DAY_S * 1_000_000
    if day >= 0:
        return day * scale < end and start < (day + 1) * scale
    return start < before * scale


def _is_there(period: e.PeriodSealed, files: Collection[str]) -> bool:
    return period.day < 0 or any(f.archive and f.name in files for f in period.add)


def _keep(layout: Layout, request: Request, key: bytes) -> None:
    place = key_path(layout, request.id)
    try:
        place.parent.mkdir(mode=0o700, exist_ok=True)
        create_secret(place, f"{request.until}:{key.hex()}\n".encode())
    except OSError as problem:
        raise LedgerError(
            f"{place}: cannot keep the key of the request: {problem.strerror}"
        ) from problem


def _record(reader: Reader, made: Request, now: float) -> None:
    seal = reader.keys.seal_text
    reader.chain.append(
        e.OpeningRequested(
            at=iso(micros(now)),
            id=made.id,
            digest=made.digest,
            case=made.case,
            start=made.start,
            end=made.end,
            until=made.until * 1_000_000,
            why=seal(made.why),
            by=seal(made.by),
        )
    )


def read_key(layout: Layout, request: str, now: float) -> bytes:
    """Return the private key of a request that is open at `now`. Raises LedgerError."""
    remove_expired(layout, now)
    try:
        return bytes.fromhex(key_path(layout, request).read_text().strip().partition(":")[2])
    except (OSError, ValueError) as problem:
        raise LedgerError(
            f"{key_path(layout, request)}: the key of this request is not there: it is over; ask anew"
        ) from problem


def remove_expired(layout: Layout, now: float) -> None:
    """Remove the keys of requests that are over at `now`. Raises LedgerError."""
    for path in key_path(layout).glob("*.key"):
        try:
            until = path.read_text().partition(":")[0]
            if not until.isdigit() or int(until) <= now:
                path.unlink()
        except FileNotFoundError:
            continue
        except (OSError, UnicodeError) as problem:
            raise LedgerError(f"{path}: cannot remove: {problem}") from problem


def approve(request: Request, holder: Private, now: float) -> Share:
    """Return an operator's share of a request. Raises InputError: it is over, or holds what it does not ask for.

    That every half belongs to the time that is asked for does not rest on the request: it is bound to its day.
    """
    if request.until <= now:
        raise InputError("this request is over; have it made anew")
    pieces = []
    for period in request.periods:
        if not touches(period.day, period.before, request.start, request.end):
            raise InputError("this request holds a period that is not of the time it asks for")
        pieces += [
            _piece(request, period, half, holder)
            for half in period.halves
            if holder.id in {half.first, half.second}
        ]
    if not pieces:
        raise InputError(f"nothing of this time is sealed to the card {holder.id}")
    share = Share(request.id, request.digest, request.ledger, holder.id, tuple(pieces))
    return holder.signed(share)


def _piece(request: Request, period: Period, half: e.Half, holder: Private) -> Piece:
    pair = (half.first, half.second)
    sealed = half.to_first if holder.id == half.first else half.to_second
    bound = about(request.ledger, period.id, period.day, period.before, pair)
    try:
        opened = holder.open(base64.b64decode(sealed, validate=True), bound)
    except ValueError:
        raise InputError(
            f"a half of the period {period.id} does not open: it was changed, or is of another day"
        ) from None
    where = piece_about(request, period.id, pair, holder.id)
    data = encrypt(opened, bytes.fromhex(request.point), where)
    return Piece(period.id, *pair, base64.b64encode(data).decode())


def piece_about(request: Request, period: str, pair: tuple[str, str], card: str) -> bytes:
    """Return what a piece of a share is bound to: this request, period, pair and card."""
    return b"himaya share 1:%s" % ":".join((request.digest, period, *pair, card)).encode()
