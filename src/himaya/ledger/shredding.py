"""How rows of the map are encrypted: with the ledger's key and a secret of their place; both are needed.

A look-up row stands under `place tag | keyed digest of the look-up` and holds the number and the look-up, encrypted. A
name is encrypted with the secret of its number's place. Nothing in the two rows of one person is the same, and neither
says which place it is of: the tag is drawn from the secret, too.
"""

from __future__ import annotations

import hashlib
import os
import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from himaya.core.errors import LedgerError
from himaya.ledger.keys import Keys
from himaya.ledger.slots import PLACES, Slots

#: Bytes of the digest by which the key finds an identity (`Keys.digest`).
DIGEST = 16

_NONCE = 12
_TAG = 8
_FOUND = struct.Struct(f"<q{DIGEST}s")
_NUMBERS = 1 << 63  # numbers are below


class Shred:
    """What one secret opens."""

    __slots__ = ("_aead", "_find", "tag")

    def __init__(self, secret: bytes) -> None:
        """Derive from the 32 bytes of a place: its tag, its digest key, its cipher."""
        derived = hashlib.blake2b(key=secret, person=b"himaya-places").digest()
        self._find, self._aead = derived[:32], AESGCM(derived[32:])
        #: What the look-up rows of the place begin with.
        self.tag = hashlib.blake2b(key=secret, person=b"himaya-tag", digest_size=_TAG).digest()

    def row(self, digest: bytes) -> bytes:
        """Return where the look-up row of a digest stands."""
        found = hashlib.blake2b(digest, key=self._find, digest_size=DIGEST).digest()
        return self.tag + found

    def seal(self, data: bytes, about: bytes) -> bytes:
        """Return `data` encrypted; it opens only with the same secret and the same `about`."""
        nonce = os.urandom(_NONCE)
        return nonce + self._aead.encrypt(nonce, data, about)

    def open(self, sealed: bytes, about: bytes) -> bytes:
        """Return the data of `seal`. Raises LedgerError when it was changed or the secret is another."""
        try:
            return self._aead.decrypt(sealed[:_NONCE], sealed[_NONCE:], about)
        except (InvalidTag, ValueError) as problem:
            raise LedgerError(
                "a row of the map does not open with this key, or was changed"
            ) from problem

    def point(self, digest: bytes, number: int) -> tuple[bytes, bytes]:
        """Return the look-up row of an identity: where it stands, and its number, sealed."""
        row = self.row(digest)
        return row, self.seal(_FOUND.pack(number, digest), row)

    def pointed(self, row: bytes, sealed: bytes) -> tuple[int, bytes]:
        """Return the number and the digest that a look-up row holds. Raises LedgerError."""
        number, digest = _FOUND.unpack(self.open(sealed, row))
        return number, digest

    def seal_name(self, number: int, name: bytes) -> bytes:
        """Return the name of a number, sealed."""
        return self.seal(name, b"%d" % number)

    def open_name(self, number: int, sealed: bytes) -> bytes:
        """Return the name of `seal_name`. Raises LedgerError."""
        return self.open(sealed, b"%d" % number)

    def after(self) -> bytes:
        """Return the end of the range of look-up rows of this place; `tag` is its begin."""
        return self.tag + b"\xff" * (DIGEST + 1)


class Places:
    """The secrets of a map as of one generation; each is read when it is first used."""

    def __init__(self, keys: Keys, slots: Slots, second: set[int]) -> None:
        """`second`: slots whose second half counts."""
        self._keys, self._slots, self.second = keys, slots, second
        self._known: dict[int, Shred] = {}

    def look_up(self, digest: bytes) -> Shred:
        """Return what opens the look-up row of a digest."""
        return self.at(look_up_slot(digest))

    def number(self, number: int) -> Shred:
        """Return what opens the name of a number."""
        return self.at(number_slot(number))

    def at(self, slot: int) -> Shred:
        """Return what opens the rows of a slot. Raises LedgerError."""
        found = self._known.get(slot)
        if found is None:
            found = self._known[slot] = self.read(slot, second=slot in self.second)
        return found

    def read(self, slot: int, *, second: bool) -> Shred:
        """Return what a half of a slot opens."""
        return Shred(self._keys.mixed(self._slots.secret(slot, second=second)))


def look_up_slot(digest: bytes) -> int:
    """Return the slot of a look-up."""
    return int.from_bytes(digest[:8], "big") % PLACES


def number_slot(number: int) -> int:
    """Return the slot of a number: numbers of one place are neighbours."""
    return PLACES + number // (_NUMBERS // PLACES)


def numbers_of(slot: int) -> tuple[int, int]:
    """Return the first number of a slot, and the last."""
    width = _NUMBERS // PLACES
    first = (slot - PLACES) * width
    return first, first + width - 1
