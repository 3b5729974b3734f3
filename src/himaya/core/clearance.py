"""Clearance tokens: signed proof that a challenge was solved, bound to whoever solved it.

A token is `1.<part>...<part>.<mac>`: a version, text parts in base64url, and an HMAC-SHA256 (RFC 2104) over purpose,
binding and parts, each with its length in front so that no two lists of parts give the same bytes. The binding itself
is not in the token: a cookie tells nobody an account or an address. Key, time and random ids are arguments.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256

from himaya.core.actor import Actor, prefix_of

_VERSION = "1"
_CLEARANCE = "clearance"
_MAX_TOKEN = 2048
_MAC_BYTES = 20


def binding_of(actor: Actor) -> str:
    """Return what a proof of this actor is bound to: account, session, key, or the network of the address.

    A whole network (/24, /48) is taken for an anonymous actor, because a phone changes its address.
    """
    if actor.account:
        return f"account:{actor.account}"
    if actor.session:
        return f"session:{actor.session}"
    if actor.key:
        return f"key:{actor.key}"
    return f"prefix:{prefix_of(actor.address) or actor.address}"


def keyed(key: bytes, purpose: str, *parts: str) -> bytes:
    """Return HMAC-SHA256 of purpose and parts, 32 bytes; unambiguous for any texts."""
    encoded = (part.encode("utf-8", "surrogatepass") for part in (purpose, *parts))
    message = b"".join(len(part).to_bytes(4, "big") + part for part in encoded)
    return hmac.digest(key, message, sha256)


def sign(key: bytes, purpose: str, binding: str, *parts: str) -> str:
    """Return a token that `verify` gives `parts` back for, under the same purpose and binding."""
    mac = keyed(key, purpose, binding, *parts)[:_MAC_BYTES]
    texts = (part.encode("utf-8", "surrogatepass") for part in parts)
    return ".".join((_VERSION, *(_base64(text) for text in texts), _base64(mac)))


def verify(key: bytes, purpose: str, binding: str, token: str) -> tuple[str, ...] | None:
    """Return the parts of a token, or None when anything about it is not as it was signed. Never raises."""
    version, *pieces = token.split(".") if len(token) <= _MAX_TOKEN else [""]
    if version != _VERSION or not pieces:
        return None
    try:
        parts = [_text(piece) for piece in pieces[:-1]]
    except ValueError:
        return None
    expected = sign(key, purpose, binding, *parts)
    # The whole token is compared, so that another spelling of the same base64 is not a second token.
    same = hmac.compare_digest(expected.encode(), token.encode("utf-8", "replace"))
    return tuple(parts) if same else None


def sign_clearance(key: bytes, clearance: str, expires: int, actor: Actor) -> str:
    """Return the token for a clearance id of `actor` until `expires` (epoch seconds)."""
    return sign(key, _CLEARANCE, binding_of(actor), clearance, str(expires))


def verify_clearance(key: bytes, token: str, actor: Actor, now: float) -> str:
    """Return the clearance id of a token, or "" when it is forged, another actor's, or over."""
    parts = verify(key, _CLEARANCE, binding_of(actor), token)
    if parts is None or len(parts) != 2:
        return ""
    clearance, expires = parts
    return clearance if expires.isdecimal() and now < int(expires) else ""


def _text(piece: str) -> str:
    return urlsafe_b64decode(piece + "=" * (-len(piece) % 4)).decode("utf-8", "surrogatepass")


def _base64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
