"""Proofs that can buy a clearance: an ALTCHA v2 proof of work, or time waited.

Both are signed, bound to one actor, expire, and name themselves: from that name comes the id of the clearance
they buy, so that one proof can never buy two, in whichever process it is shown.
"""

from __future__ import annotations

from enum import StrEnum

import altcha
import msgspec

from himaya.core.actor import Actor
from himaya.core.clearance import binding_of, keyed, sign, verify

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
    """A proof that holds: the clearance id it buys and when it expires (epoch seconds)."""

    clearance: str
    expires: float


class Waiting(msgspec.Struct, frozen=True):
    """A waiting token: who it names, when its time is over, and when it expires (epoch seconds)."""

    nonce: str
    ready: float
    expires: float


def new_puzzle(secret: bytes, actor: Actor, scope: str, cost: int, now: float) -> dict[str, object]:
    """Return a signed v2 challenge for one actor, as the widget takes it.

    `data` carries the actor (keyed, so that it tells nobody who) and the surface id the challenge was shown
    for. The counter is left to chance: `cost` x 256 hashes are expected.
    """
    challenge = altcha.create_challenge(
        ALGORITHM,
        cost,
        expires_at=int(now) + LIFE_S,
        data={"actor": _actor_mark(secret, actor), "scope": scope[:_MAX_SCOPE]},
        hmac_secret=_altcha_key(secret),
    )
    made: dict[str, object] = challenge.to_dict()
    return made


def check_puzzle(secret: bytes, payload: str, actor: Actor, now: float) -> Proof | Failure:
    """Check a solved challenge (base64 JSON of challenge and solution). Never raises."""
    if len(payload) > _MAX_PAYLOAD:
        return Failure.UNREADABLE
    result = altcha.verify_solution(payload, _altcha_key(secret))
    if not result.verified:
        return _why(result)
    # Verified: the parameters are the ones we signed, so their shape is known.
    parameters = altcha.Payload.from_base64(payload).challenge.parameters
    expires = float(parameters.expires_at or 0)
    if expires <= now:
        return Failure.EXPIRED
    if (parameters.data or {}).get("actor") != _actor_mark(secret, actor):
        return Failure.OTHER_ACTOR
    named = _clearance_id(secret, _ALTCHA, parameters.nonce + parameters.salt)
    return Proof(named, expires)


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


def check_wait(secret: bytes, token: str, actor: Actor, now: float) -> Proof | Failure:
    """Check a waiting token. Never raises."""
    waiting = read_wait(secret, token, actor)
    if waiting is None:
        return Failure.FORGED
    if now < waiting.ready:
        return Failure.EARLY
    if now >= waiting.expires:
        return Failure.EXPIRED
    return Proof(_clearance_id(secret, _WAIT, waiting.nonce), waiting.expires)


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


def _clearance_id(secret: bytes, kind: str, nonce: str) -> str:
    return keyed(secret, "clearance id", kind, nonce)[:16].hex()
