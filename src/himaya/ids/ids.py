"""`Ids`: seal the id of a person for one viewer, open it again, and share it on purpose.

A token is AES-SIV (RFC 5297) over the packed id, bound to version, purpose, viewer and period. It is deterministic:
within a period one viewer has one link for a person, so bookmarks, caches and visited links work; the next period has
another. It is authenticated: what was not sealed for this viewer, this purpose and a period that still holds does not
open, and nobody who tries learns why. There is no padding oracle, because nothing of a token is looked at before its
seal was checked.

Opening tries every key and every period that holds, and never stops early: how long it takes depends on the clock and
on the settings, not on the token, the viewer or the person. A guess opens with a chance of tries / 2**128.

    person's id                    token
    a whole number below 2**56     33 characters
    a UUID                         45
    text of up to 6 bytes          33
    text of up to 15, 24, ... bytes   45, 57, ... (twelve for every nine bytes)

What a holder of tokens can still tell: the kind of id by the length, and that two equal tokens are one person.
Whoever has the key can open everything; it belongs in no repository, and beside no database dump.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator, Sequence

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from himaya.core.errors import ConfigError, InputError
from himaya.ids.keys import KEY_BYTES
from himaya.ids.subjects import MOST_BYTES, pack, pad, unpack, unpad

DAY_S = 86_400

#: What a token looks like; nothing else is tried.
SHAPE = "[as](?:[A-Za-z0-9_-]{4}){8,150}"

_SHAPE = re.compile(SHAPE)
_SEALED, _SHARED = "a", "s"
_LABEL = b"himaya-ids-1"

#: Clocks of several hosts may differ by so much: a host that is ahead seals for a period that another has not begun.
_SKEW_S = 60.0
#: A shared link ends with an hour, so that sharing twice gives the same link.
_GRAIN_S = 3600
_ENDS_BYTES = 4


class Shared(msgspec.Struct, frozen=True):
    """Whom a shared link shows, who shared it, and until when it opens (epoch seconds)."""

    subject: str
    sharer: str
    until: float


class Ids:
    """Seals and opens. Safe to share between threads; holds nothing but keys and settings.

    `keys` is one secret of at least 32 random bytes, or several: the first seals, all open, so a key is replaced by
    putting the new one in front and dropping the old one when its tokens have run out. A token holds for the period
    it was sealed in (`rotate_s` seconds, counted from the epoch) and `keep` more.
    """

    def __init__(
        self, keys: bytes | Sequence[bytes], *, rotate_s: int = 7 * DAY_S, keep: int = 4
    ) -> None:
        """Take keys and settings. Raises ConfigError for a short key, a period under a minute, or a negative `keep`."""
        several = (keys,) if isinstance(keys, bytes) else tuple(keys)
        if not several or any(len(key) < KEY_BYTES for key in several):
            raise ConfigError(
                f"every key for ids needs {KEY_BYTES} bytes or more; at least one is needed"
            )
        if rotate_s < 60 or not 0 <= keep <= 100:
            raise ConfigError(
                "ids rotate after 60 seconds or more, and are kept for 0 to 100 periods"
            )
        self._ciphers = [AESSIV(_derived(key)) for key in several]
        self._rotate_s, self._keep = rotate_s, keep

    @property
    def holds_s(self) -> tuple[int, int]:
        """Return how many seconds a token opens at least and at most: sealed at the end or start of a period."""
        return self._rotate_s * self._keep, self._rotate_s * (self._keep + 1)

    def seal(self, subject: str, viewer: str, now: float, purpose: str = "profile") -> str:
        """Return the token of `subject` for `viewer`: the same all through a period.

        `viewer` says who may use it (`account:4`, `session:...`); for people who are not signed in their session, or
        a coarse class such as `anonymous`, whose members can use each other's tokens. `purpose` keeps pages apart: a
        token for a profile opens no photo. Raises InputError for an empty viewer, an empty id, or one longer than 200
        bytes.
        """
        about = _about(_SEALED, purpose, _viewer(viewer), self._period(now))
        return _SEALED + _text(self._ciphers[0].encrypt(pack(subject), about))

    def open(self, token: str, viewer: str, now: float, purpose: str = "profile") -> str | None:
        """Return the person of a token, None unless it was sealed for this viewer and purpose and still holds.

        Anything may be given as token. Raises InputError for an empty viewer.
        """
        name = _viewer(viewer)
        data = _bytes(token, _SEALED)
        if data is None:
            return None
        tries = (_about(_SEALED, purpose, name, period) for period in self._periods(now))
        packed = self._opened(data, list(tries))
        return None if packed is None else unpack(packed)

    def share(
        self,
        subject: str,
        sharer: str,
        now: float,
        lasts_s: float = 7 * DAY_S,
        purpose: str = "profile",
    ) -> str:
        """Return a token that opens for everybody until it ends: what `sharer` sends to a friend on purpose.

        It ends with the hour in which `lasts_s` are over. The sharer is sealed inside, so that people collected through
        shared links lead to who shared them. A shared token gives away what `seal` keeps back, so make one when
        somebody asks for it and never in a listing, and count it against the sharer. Raises InputError as `seal`.
        """
        until = -(-int(now + lasts_s) // _GRAIN_S)
        who, name = pack(subject), _viewer(sharer).encode("utf-8", "surrogatepass")
        if not 0 < until < 1 << (8 * _ENDS_BYTES) or len(name) > MOST_BYTES:
            raise InputError(
                f"cannot share until {until * _GRAIN_S}, or a sharer of {len(name)} bytes"
            )
        packed = pad(until.to_bytes(_ENDS_BYTES, "big") + bytes([len(who)]) + who + name)
        return _SHARED + _text(self._ciphers[0].encrypt(packed, _about(_SHARED, purpose, "", 0)))

    def open_shared(self, token: str, now: float, purpose: str = "profile") -> Shared | None:
        """Return what a shared token stands for, None when it was not made here or has ended."""
        data = _bytes(token, _SHARED)
        packed = None if data is None else self._opened(data, [_about(_SHARED, purpose, "", 0)])
        if packed is None:
            return None
        found = _shared(packed)
        return found if now < found.until else None

    def _period(self, now: float) -> int:
        return int(now // self._rotate_s)

    def _periods(self, now: float) -> Iterator[int]:
        yield from range(self._period(now) - self._keep, self._period(now + _SKEW_S) + 1)

    def _opened(self, data: bytes, abouts: list[list[bytes]]) -> bytes | None:
        """Return what a seal holds. Every key meets every period, also after one fitted."""
        found = None
        for cipher in self._ciphers:
            for about in abouts:
                try:
                    found = cipher.decrypt(data, about)
                except InvalidTag:
                    continue
        return found


def _shared(packed: bytes) -> Shared:
    """Return what `share` packed; all of it was authenticated."""
    body = unpad(packed)
    until = int.from_bytes(body[:_ENDS_BYTES], "big") * _GRAIN_S
    start, length = _ENDS_BYTES + 1, body[_ENDS_BYTES]
    sharer = body[start + length :].decode("utf-8", "surrogatepass")
    return Shared(unpack(body[start : start + length]), sharer, float(until))


def _derived(key: bytes) -> bytes:
    """Return the 64 bytes of AES-256-SIV, so that the same secret may serve elsewhere without harm."""
    return hashlib.blake2b(_LABEL, key=hashlib.sha512(key).digest(), digest_size=64).digest()


def _about(kind: str, purpose: str, viewer: str, period: int) -> list[bytes]:
    """Return what a seal is bound to; AES-SIV keeps the parts apart, so no two lists can be mistaken for each other."""
    parts = (_LABEL, kind.encode(), purpose.encode(), viewer.encode("utf-8", "surrogatepass"))
    return [*parts, period.to_bytes(8, "big", signed=True)]


def _viewer(viewer: str) -> str:
    if not viewer:
        raise InputError(
            "a token needs a viewer: the account, the session, or a class such as anonymous"
        )
    return viewer


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode()


def _bytes(token: str, kind: str) -> bytes | None:
    if not token.startswith(kind) or not _SHAPE.fullmatch(token):
        return None
    return base64.urlsafe_b64decode(token[1:])
