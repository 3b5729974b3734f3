"""Sealed periods: rows encrypted to a public key, so that the machine that wrote them cannot read them.

The private half of the sealing key is kept elsewhere and brought in when an open matter needs the period.
Each file has its own key: an ephemeral X25519 key (RFC 7748) agrees with the sealing key, HKDF-SHA256 (RFC 5869)
derives the key, AES-256-GCM encrypts. Layout: magic, ephemeral public key (32 bytes), nonce (12), ciphertext.
"""

from __future__ import annotations

import base64
import binascii
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from himaya.core.errors import LedgerError
from himaya.ledger.files import create_secret
from himaya.ledger.schema import SCHEMA, completed

_MAGIC = b"himaya-sealed-1\n"
_PREFIX = b"himaya-sealing-key-1:"
_POINT, _NONCE = 32, 12


def create_sealing_key(path: Path) -> bytes:
    """Write a new private sealing key for its owner alone; return the public half. Raises LedgerError."""
    private = X25519PrivateKey.generate()
    try:
        create_secret(path, _PREFIX + base64.b64encode(private.private_bytes_raw()) + b"\n")
    except OSError as problem:
        raise LedgerError(f"{path}: cannot write the sealing key: {problem.strerror}") from problem
    return private.public_key().public_bytes_raw()


def read_sealing_key(path: Path) -> bytes:
    """Return a private sealing key. Raises LedgerError when the file is none."""
    try:
        data = path.read_bytes().strip()
        private = base64.b64decode(data.removeprefix(_PREFIX), validate=True)
    except OSError as problem:
        raise LedgerError(f"{path}: cannot read the sealing key: {problem.strerror}") from problem
    except binascii.Error:
        private = b""
    if not data.startswith(_PREFIX) or len(private) != _POINT:
        raise LedgerError(f"{path}: this is not a sealing key of himaya")
    return private


def encrypt(data: bytes, public: bytes, about: bytes = b"") -> bytes:
    """Return `data` encrypted to a public key (X25519); it opens only with the same `about`."""
    ephemeral = X25519PrivateKey.generate()
    point = ephemeral.public_key().public_bytes_raw()
    key = _derive(ephemeral.exchange(X25519PublicKey.from_public_bytes(public)), point, public)
    nonce = os.urandom(_NONCE)
    return _MAGIC + point + nonce + AESGCM(key).encrypt(nonce, data, _MAGIC + about)


def decrypt(sealed: bytes, private: bytes, about: bytes = b"") -> bytes:
    """Return the data of `encrypt`. Raises ValueError when key or `about` is another, or the data changed."""
    start = len(_MAGIC)
    point, nonce = sealed[start : start + _POINT], sealed[start + _POINT : start + _POINT + _NONCE]
    own = X25519PrivateKey.from_private_bytes(private)
    public = own.public_key().public_bytes_raw()
    key = _derive(own.exchange(X25519PublicKey.from_public_bytes(point)), point, public)
    try:
        return AESGCM(key).decrypt(nonce, sealed[start + _POINT + _NONCE :], _MAGIC + about)
    except InvalidTag as problem:
        raise ValueError("does not open with this sealing key, or was changed") from problem


def _derive(shared: bytes, point: bytes, public: bytes) -> bytes:
    kdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=_MAGIC + point + public)
    return kdf.derive(shared)


def open_archive(path: Path, private: bytes) -> pa.Table:
    """Return the rows of a sealed period. Raises FileNotFoundError and LedgerError."""
    try:
        data = decrypt(path.read_bytes(), private)
        return completed(pq.read_table(pa.BufferReader(data), schema=SCHEMA))
    except FileNotFoundError:
        raise
    except (OSError, ValueError, pa.ArrowException) as problem:
        raise LedgerError(f"{path}: {problem}") from problem
