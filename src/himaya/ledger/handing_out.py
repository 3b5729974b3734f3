"""Files that name people for somebody outside: Parquet, or hashes for matching without identities.

Each is written whole or not at all, for its owner alone (0600).
"""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
import os
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from himaya.core.errors import InputError, ServiceError
from himaya.ledger.answers import Exposed
from himaya.ledger.files import create_secret, sync_directory, write_all

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL
_SALT = 32  # bytes: as long as the hash is (RFC 2104, section 3)

_WHEN = pa.timestamp("us", tz="UTC")
#: The columns of a Parquet file of people.
SCHEMA = pa.schema(
    [
        pa.field("subject", pa.string(), nullable=False),
        pa.field("fields", pa.list_(pa.string()), nullable=False),
        pa.field("restricted", pa.list_(pa.string()), nullable=False),
        pa.field("first", _WHEN, nullable=False),
        pa.field("last", _WHEN, nullable=False),
        pa.field("times", pa.int64(), nullable=False),
        pa.field("certainty", pa.string(), nullable=False),
    ]
)


def write_private(path: Path, data: bytes) -> None:
    """Write a file in one step, readable by its owner alone, in the place of an older one.

    Raises InputError where something that is no file stands in its place, ServiceError when the disk refuses.
    """
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise InputError("is no plain file; name a new one", file=str(path))
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        _write(fresh, data)
        fresh.replace(path)
    except OSError as problem:
        fresh.unlink(missing_ok=True)
        raise ServiceError(f"{path}: cannot be written: {problem.strerror}") from problem
    sync_directory(path.parent)


def _write(path: Path, data: bytes) -> None:
    path.unlink(missing_ok=True)  # what a killed run of the same number left
    handle = os.open(path, _NEW, 0o600)
    try:
        write_all(handle, data)
        os.fsync(handle)
    finally:
        os.close(handle)


def parquet(people: Sequence[Exposed], restricted: Sequence[Exposed]) -> bytes:
    """Return people as a Parquet file: times are timestamps in UTC, fields are lists."""
    kept = {one.subject: one.fields for one in restricted}
    columns = {
        "subject": [one.subject for one in people],
        "fields": [one.fields for one in people],
        "restricted": [kept.get(one.subject, []) for one in people],
        "first": [datetime.fromisoformat(one.first) for one in people],
        "last": [datetime.fromisoformat(one.last) for one in people],
        "times": [one.times for one in people],
        "certainty": [one.certainty for one in people],
    }
    out = pa.BufferOutputStream()
    pq.write_table(pa.table(columns, schema=SCHEMA), out, compression="zstd")
    return bytes(out.getvalue())


# -- matching without identities -------------------------------------------------------------


def salted(people: Iterable[Exposed], salt: bytes) -> bytes:
    """Return people as CSV under their hashes, in the order of these, which says nothing."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("hash", "fields", "first", "last", "times", "certainty"))
    writer.writerows(sorted(_hashed(one, salt) for one in people))
    return out.getvalue().encode()


def _hashed(one: Exposed, salt: bytes) -> tuple[str, str, str, str, int, str]:
    fields = " ".join(one.fields)
    return hash_of(one.subject, salt), fields, one.first, one.last, one.times, one.certainty


def hash_of(name: str, salt: bytes) -> str:
    """Return the hash of a person's name (id) as the site writes it: HMAC-SHA256 (RFC 2104), in hex."""
    return hmac.new(salt, name.encode(), hashlib.sha256).hexdigest()


def salt_of(path: Path) -> bytes:
    """Return the salt of a file, or a new one that is written there (0600), 32 bytes in hex.

    Raises InputError for a file that holds none or that others may read, ServiceError when it cannot be written.
    """
    if path.exists():
        return _read_salt(path)
    salt = secrets.token_bytes(_SALT)
    try:
        create_secret(path, salt.hex().encode() + b"\n")
    except OSError as problem:
        raise ServiceError(f"{path}: cannot write the salt: {problem.strerror}") from problem
    return salt


def _read_salt(path: Path) -> bytes:
    try:
        if path.stat().st_mode & 0o077:
            raise InputError(f"others may read the salt; run: chmod 600 {path}", file=str(path))
        salt = bytes.fromhex(path.read_text("ascii").strip())
    except (OSError, ValueError) as problem:
        raise InputError("holds no salt: 64 hex digits", file=str(path)) from problem
    if len(salt) != _SALT:
        raise InputError("holds no salt: 64 hex digits", file=str(path))
    return salt
