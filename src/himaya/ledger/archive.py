"""Sealed periods: rows encrypted so that the machine that wrote them cannot read them.

Where operators hold halves of keys (`operators.periods`), the rows of a day are encrypted with a key of their own
(AES-256-GCM), which is kept nowhere whole. Layout: magic, id of the period (16 bytes), nonce (12), ciphertext.

Else rows are encrypted to a sealing key, whose private half is kept elsewhere and brought in when an open matter needs
the period. Each file has its own key: an ephemeral X25519 key (RFC 7748) agrees with the sealing key, HKDF-SHA256 (RFC
5869) derives the key, AES-256-GCM encrypts. Layout: magic, ephemeral public key (32 bytes), nonce (12), ciphertext.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from himaya.core.errors import LedgerError
from himaya.ledger import entries as e
from himaya.ledger.files import Layout, create_secret
from himaya.ledger.schema import SCHEMA, completed

_MAGIC = b"himaya-sealed-1\n"
_PREFIX = b"himaya-sealing-key-1:"
_PERIOD = b"himaya-period-1\n"
_POINT, _NONCE, _ID = 32, 12, 16


@dataclass(slots=True, frozen=True)
class PeriodKeys:
    """Keys of periods that two operators opened, by the periods' ids, and the time asked for (microseconds)."""

    rows: dict[str, bytes] = field(default_factory=dict)
    names: dict[str, bytes] = field(default_factory=dict)
    start: int = 0
    end: int = 0


#: What opens archives: the private sealing key, or keys of periods.
Opener = bytes | PeriodKeys


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


def encrypt_period(data: bytes, key: bytes, period: str) -> bytes:
    """Return rows encrypted with the key (32 bytes) of a period, whose id (32 hex digits) stands before them."""
    head, nonce = _PERIOD + bytes.fromhex(period), os.urandom(_NONCE)
    return head + nonce + AESGCM(key).encrypt(nonce, data, head)


def open_archives(layout: Layout, files: Iterable[e.File], opener: Opener | None) -> list[pa.Table]:
    """Return the rows of the archives that this opens, and none of the others.

    Raises FileNotFoundError, and LedgerError for a file that it should open and does not.
    """
    if opener is None:
        return []
    tables = (_open(layout.sealed / file.name, opener) for file in files)
    return [table for table in tables if table is not None]


def _open(path: Path, opener: Opener) -> pa.Table | None:
    try:
        sealed = path.read_bytes()
        data = _opened(sealed, opener)
        if data is None:
            return None
        table = completed(pq.read_table(pa.BufferReader(data), schema=SCHEMA))
    except FileNotFoundError:
        raise
    except (OSError, ValueError, pa.ArrowException) as problem:
        raise LedgerError(f"{path}: {problem}") from problem
    return _within(table, opener) if isinstance(opener, PeriodKeys) else table


def _opened(sealed: bytes, opener: Opener) -> bytes | None:
    """Return what an archive holds, None when it is closed to this. Raises ValueError when it was changed."""
    if not sealed.startswith(_PERIOD):
        return decrypt(sealed, opener) if isinstance(opener, bytes) else None
    head = sealed[: len(_PERIOD) + _ID]
    key = None if isinstance(opener, bytes) else opener.rows.get(head[len(_PERIOD) :].hex())
    if key is None:
        return None
    nonce, rest = sealed[len(head) : len(head) + _NONCE], sealed[len(head) + _NONCE :]
    try:
        return AESGCM(key).decrypt(nonce, rest, head)
    except InvalidTag as problem:
        raise ValueError("does not open with the key of its period, or was changed") from problem


def _within(table: pa.Table, keys: PeriodKeys) -> pa.Table:
    """Return the rows of the time that was asked for: a period is a whole day."""
    time = table.column("time")
    return table.filter(pc.and_(pc.greater_equal(time, keys.start), pc.less(time, keys.end)))
