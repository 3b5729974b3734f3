"""Proofs that can buy a clearance: an ALTCHA v2 proof of work, or time waited.

Both are signed, bound to one actor, expire, and name themselves: from that name comes the id of the clearance
they buy, so that one proof can never buy two, in whichever process it is shown.
"""

from __future__ import annotations

import hmac
import secrets
from enum import StrEnum

import altcha
import msgspec

from himaya.core.actor import Actor
from himaya.core.clearance import binding_of, keyed, sign, verify
from himaya.gate.challenge_spent import Spent

#: Hashing this many times for one key; a browser tries 256 keys on average (prefix `00`), we check one.
ALGORITHM = "PBKDF2/SHA-256"

#: How long a challenge may be solved, and a wait be over, before it is worth nothing.
LIFE_S = 600

_MAX_PAYLOAD = 8192
_MAX_SCOPE = 64
_ALTCHA = "altcha"
_WAIT = "wait"


class Failure(StrEnum):
    """Why a proof buys nothing."""

    UNREADABLE = "unreadable"
    FORGED = "forged"
    EXPIRED = "expired"
    OTHER_ACTOR = "other_actor"
    WRONG = "wrong"
    EARLY = "early"
    USED = "used"
    DAY_USED_UP = "day_used_up"


class Proof(msgspec.Struct, frozen=True):
    """A proof that holds, and is spent now: the clearance id it buys."""

    clearance: str


class Waiting(msgspec.Struct, frozen=True):
    """A waiting token: who it names, when its time is over, and when it expires (epoch seconds)."""

    nonce: str
    ready: float
    expires: float


def new_puzzle(secret: bytes, actor: Actor, scope: str, cost: int, now: float) -> dict[str, object]:
    """Return a signed v2 challenge for one actor, as the widget takes it.

    `data` carries the actor (keyed, so that it tells nobody who), the surface id the challenge was shown for, and
    a name of the challenge with its end, signed by itself. The counter is left to chance: a solver expects
    `cost` x 256 rounds.
    """
    until = int(now) + LIFE_S
    name = secrets.token_hex(16)
    data = {"actor": _actor_mark(secret, actor), "scope": scope[:_MAX_SCOPE]}
    challenge = altcha.create_challenge(
        ALGORITHM,
        cost,
        expires_at=until,
        data={**data, "name": name, "mark": _name_mark(secret, name, until)},
        hmac_secret=_altcha_key(secret),
    )
    made: dict[str, object] = challenge.to_dict()
    return made


def check_puzzle(
    secret: bytes, payload: str, actor: Actor, spent: Spent, now: float
) -> Proof | Failure:
    """Check a solved challenge (base64 JSON of challenge and solution), and spend it. Never raises.

    The name is spent before the solution is calculated, right or wrong, so that a challenge costs us its
    thousands of rounds once.
    """
    parsed = _parsed(payload)
    if parsed is None:
        return Failure.UNREADABLE
    named = _named(secret, parsed)
    if named is None:
        return Failure.FORGED
    name, until = named
    if until <= now:
        return Failure.EXPIRED
    if (parsed.challenge.parameters.data or {}).get("actor") != _actor_mark(secret, actor):
        return Failure.OTHER_ACTOR
    if not spent.spend(name, until, now):
        return Failure.USED
    return _solved(secret, parsed, name)


def new_wait(secret: bytes, nonce: str, actor: Actor, wait_s: int, now: float) -> str:
    """Return a token that buys a clearance once `wait_s` seconds are over; `nonce` must be random."""
    ready = now + wait_s
    texts = (nonce, str(round(ready * 1000)), str(round((ready + LIFE_S) * 1000)))
    return sign(secret, _WAIT, binding_of(actor), *texts)


def read_wait(secret: bytes, token: str, actor: Actor) -> Waiting | None:
    """Return what a waiting token says, or None when it is not one of ours for this actor."""
    parts = verify(secret, _WAIT, binding_of(actor), token)
    if parts is None:
        return None
    nonce, ready, expires = parts
    return Waiting(nonce, int(ready) / 1000, int(expires) / 1000)


def check_wait(
    secret: bytes, token: str, actor: Actor, spent: Spent, now: float
) -> Proof | Failure:
    """Check a waiting token, and spend it once its time is over. Never raises."""
    waiting = read_wait(secret, token, actor)
    if waiting is None:
        return Failure.FORGED
    if now < waiting.ready:
        return Failure.EARLY
    if now >= waiting.expires:
        return Failure.EXPIRED
    if not spent.spend(waiting.nonce, waiting.expires, now):
        return Failure.USED
    return Proof(_clearance_id(secret, _WAIT, waiting.nonce))


def _parsed(payload: str) -> altcha.Payload | None:
    if len(payload) > _MAX_PAYLOAD:
        return None
    try:
        return altcha.Payload.from_base64(payload)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _named(secret: bytes, parsed: altcha.Payload) -> tuple[str, int] | None:
    """Return the name and end of a challenge that is ours, by its own signature."""
    data, until = parsed.challenge.parameters.data, parsed.challenge.parameters.expires_at
    if not isinstance(data, dict) or not isinstance(until, int):
        return None
    name, mark = data.get("name"), data.get("mark")
    if not isinstance(name, str) or not isinstance(mark, str):
        return None
    expected = _name_mark(secret, name, until).encode()
    return (name, until) if hmac.compare_digest(mark.encode("utf-8", "replace"), expected) else None


def _solved(secret: bytes, parsed: altcha.Payload, name: str) -> Proof | Failure:
    result = altcha.verify_solution(parsed, _altcha_key(secret))
    if result.verified:
        return Proof(_clearance_id(secret, _ALTCHA, name))
    return _why(result)


def _why(result: altcha.VerifySolutionResult) -> Failure:
    if result.error:
        return Failure.UNREADABLE
    if result.expired:
        return Failure.EXPIRED
    return Failure.FORGED if result.invalid_signature else Failure.WRONG


def _altcha_key(secret: bytes) -> bytes:
    return keyed(secret, _ALTCHA)


def _actor_mark(secret: bytes, actor: Actor) -> str:
    return keyed(secret, "actor mark", binding_of(actor))[:16].hex()


def _name_mark(secret: bytes, name: str, until: int) -> str:
    return keyed(secret, "challenge name", name, str(until))[:16].hex()


def _clearance_id(secret: bytes, kind: str, nonce: str) -> str:
    return keyed(secret, "clearance id", kind, nonce)[:16].hex()
