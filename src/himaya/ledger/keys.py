"""The key file, and what is done with it: keyed look-ups, sealed texts, signatures.

The file stands beside the ledger, never inside it, so that a copy of the data alone names nobody. Three keys
are derived from it: one finds an identity (keyed BLAKE2b, RFC 7693), one seals it (AES-256-GCM), one signs what
leaves the house (Ed25519, RFC 8032).

The file is a ring: the current key, and below it earlier ones, the oldest last. The current one seals, signs and
encrypts the map; earlier ones open texts that were sealed before. Digests are the oldest one's, so that what was found
by one is found for ever; nothing is encrypted with them.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from himaya.core.errors import LedgerError
from himaya.ledger.files import create_secret, replace_file, sync_directory

_PREFIX = b"himaya-ledger-key-1:"
_NONCE = 12


class Keys:
    """What can be done with the key of one ledger; holds no path and writes nothing."""

    def __init__(self, master: bytes, *earlier: bytes) -> None:
        """Derive the keys from 32 secret bytes each, the current ones first."""
        self._masters = (master, *earlier)
        #: The key before this one, with those before it.
        self.earlier = Keys(*earlier) if earlier else None
        self._lookup = hashlib.blake2b(key=master, person=b"himaya-lookup", digest_size=32).digest()
        seal = hashlib.blake2b(key=master, person=b"himaya-seal", digest_size=32).digest()
        self._aead = AESGCM(seal)
        self._mix = hashlib.blake2b(key=master, person=b"himaya-mix", digest_size=32).digest()
        sign = hashlib.blake2b(key=master, person=b"himaya-sign", digest_size=32).digest()
        self._signing = Ed25519PrivateKey.from_private_bytes(sign)
        oldest = self.earlier.check if self.earlier else b""
        self.check: bytes = self.mac(b"himaya ledger key check" + oldest)

    def digest(self, data: bytes) -> bytes:
        """Return the 16-byte keyed digest of `data`, the same with every later key."""
        return self.earlier.digest(data) if self.earlier else self.mac(data)

    def mac(self, data: bytes) -> bytes:
        """Return the 16-byte digest of `data` that only the current key gives."""
        return hashlib.blake2b(data, key=self._lookup, digest_size=16).digest()

    def seal(self, data: bytes, about: bytes = b"") -> bytes:
        """Return `data` encrypted; it opens only with the same key and the same `about`."""
        nonce = os.urandom(_NONCE)
        return nonce + self._aead.encrypt(nonce, data, about)

    def open(self, sealed: bytes, about: bytes = b"") -> bytes:
        """Return the data of `seal`. Raises LedgerError when it was changed or the key is another."""
        try:
            return self._aead.decrypt(sealed[:_NONCE], sealed[_NONCE:], about)
        except (InvalidTag, ValueError) as problem:
            if self.earlier is not None:
                return self.earlier.open(sealed, about)
            raise LedgerError(
                "a sealed text does not open with this key, or was changed"
            ) from problem

    def mixed(self, secret: bytes) -> bytes:
        """Return 32 bytes that nobody has without this key and the secret, both."""
        return hashlib.blake2b(secret, key=self._mix, digest_size=32).digest()

    def ring(self) -> Iterator[Keys]:
        """Yield this key and earlier ones, each with those before it."""
        found: Keys | None = self
        while found is not None:
            yield found
            found = found.earlier

    def fitting(self, check: bytes) -> Keys | None:
        """Return the key of the ring that something goes by, by its `check`; None when it is of another key.

        It is not the current one while a change of key has not reached it yet.
        """
        return next((keys for keys in self.ring() if keys.check == check), None)

    def next(self) -> Keys:
        """Return a ring with a new key before these."""
        return Keys(os.urandom(32), *self._masters)

    def written(self) -> bytes:
        """Return the content of the key file."""
        return b"".join(_PREFIX + base64.b64encode(one) + b"\n" for one in self._masters)

    @property
    def public(self) -> str:
        """Return the public key that checks what this ledger signed: 32 bytes, in hex."""
        return self._signing.public_key().public_bytes_raw().hex()

    def sign(self, data: bytes) -> str:
        """Return the signature of `data`: 64 bytes, in hex. It says which ledger, not which person."""
        return self._signing.sign(data).hex()

    def seal_text(self, text: str) -> str:
        """Return a text sealed for a JSON entry of the chain."""
        return base64.b64encode(self.seal(text.encode("utf-8", "backslashreplace"))).decode()

    def open_text(self, sealed: str) -> str:
        """Return the text of `seal_text`. Raises LedgerError when it does not open."""
        try:
            data = base64.b64decode(sealed, validate=True)
        except ValueError:
            data = b""  # no nonce, no tag: it does not open
        return self.open(data).decode()


def is_signed(public: str, signature: str, data: bytes) -> bool:
    """Tell whether the holder of a public key (hex) signed `data`; False, too, for what is no key or signature."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
        key.verify(bytes.fromhex(signature), data)
    except (InvalidSignature, ValueError):
        return False
    return True


def default_key_file(directory: Path) -> Path:
    """Return where the key of a ledger stands when nothing else is said: beside it."""
    return directory.with_name(directory.name + ".key")


def create_key_file(path: Path) -> Keys:
    """Write a new key, readable by its owner alone, and return it. Raises LedgerError."""
    master = os.urandom(32)
    try:
        create_secret(path, Keys(master).written())
    except OSError as problem:
        raise LedgerError(f"{path}: cannot write the key file: {problem.strerror}") from problem
    return Keys(master)


def read_key_file(path: Path) -> Keys:
    """Return the key of a file. Raises LedgerError when it is missing, open to others or no key."""
    try:
        if path.stat().st_mode & 0o077:
            raise LedgerError(f"{path}: others may read the key file; run: chmod 600 {path}")
        lines = path.read_bytes().split()
    except FileNotFoundError as problem:
        raise LedgerError(
            f"{path}: the key file is missing; without it no name in the ledger can be read."
            " Restore it from your backup or name it with --key-file"
        ) from problem
    except OSError as problem:
        raise LedgerError(f"{path}: cannot read the key file: {problem.strerror}") from problem
    return Keys(*(_decode(path, line) for line in lines or [b""]))


def replace_key_file(path: Path, keys: Keys) -> None:
    """Write a ring over an earlier one; after a crash the one or the other is there. Raises LedgerError."""
    try:
        replace_file(path, keys.written())
        sync_directory(path.parent)
    except OSError as problem:
        raise LedgerError(f"{path}: cannot write the key file: {problem.strerror}") from problem


def _decode(path: Path, data: bytes) -> bytes:
    """Return the 32 secret bytes of a line of a key file."""
    try:
        master = base64.b64decode(data.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        master = b""
    if not data.startswith(_PREFIX) or len(master) != 32:
        raise LedgerError(f"{path}: this is not a key file of a himaya ledger")
    return master
