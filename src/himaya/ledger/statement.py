"""A statement about one person, signed by the ledger: canonical JSON that anybody can check without a ledger.

The file is one JSON object with three keys: `statement`, `public` (Ed25519 public key, hex) and `signature` (hex) over
the words in `_ABOUT` followed by the canonical JSON of `statement`. Canonical: keys sorted, nothing between them,
UTF-8, one newline at the end; so that any changed byte of the file is noticed.
"""

from __future__ import annotations

import hashlib

import msgspec

from himaya.core.errors import InputError
from himaya.ledger import entries as e
from himaya.ledger.access import SubjectAccess
from himaya.ledger.keys import Keys, is_signed
from himaya.ledger.reader import Reader
from himaya.ledger.schema import iso, micros

#: Signed before the statement, so that no other signature of the same key is one of a statement.
_ABOUT = b"himaya-statement-1\n"

#: A statement is no longer, in bytes.
MOST = 64 * 2**20


class Statement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is stated: by the people of which site, when (ISO 8601 UTC), and the answer itself."""

    site: str
    issued: str
    answer: SubjectAccess


class Signed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file: a statement, the key that checks it, the signature."""

    statement: Statement
    public: str
    signature: str


_encoder = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder(Signed)


def signed(statement: Statement, keys: Keys) -> bytes:
    """Return the file of a statement. Raises InputError when it is longer than can be checked."""
    signature = keys.sign(_ABOUT + _encoder.encode(statement))
    data = _encoder.encode(Signed(statement, keys.public, signature)) + b"\n"
    if len(data) > MOST:
        raise InputError(
            f"the statement is longer than {MOST // 2**20} MiB; ask for a shorter period"
        )
    return data


def checked(data: bytes, public: str = "") -> Statement:
    """Return the statement of a file that is as it was signed, by the holder of `public` where one is given.

    Raises InputError saying what is wrong with it.
    """
    if len(data) > MOST:
        raise InputError(f"is no statement: longer than {MOST // 2**20} MiB")
    try:
        found = _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise InputError(f"is no statement: {problem}") from problem
    if _encoder.encode(found) + b"\n" != data:
        raise InputError("was changed: it is not written as it was signed")
    if not is_signed(found.public, found.signature, _ABOUT + _encoder.encode(found.statement)):
        raise InputError("was changed: the signature does not fit")
    if public and found.public != public.lower():
        raise InputError(f"is signed with another key: {found.public}")
    return found.statement


def record(reader: Reader, data: bytes, subject: int, *, by: str, at: float) -> None:
    """Append to the chain that a statement is signed. `at`: epoch seconds. Raises LedgerError."""
    digest = hashlib.sha256(data).hexdigest()
    entry = e.Stated(
        at=iso(micros(at)), surrogate=subject, digest=digest, by=reader.keys.seal_text(by)
    )
    reader.chain.append(entry)


def record_naming(reader: Reader, subject: int, *, why: str, by: str, at: float) -> None:
    """Append to the chain that individuals are named to a person. `at`: epoch seconds. Raises LedgerError."""
    seal = reader.keys.seal_text
    reader.chain.append(e.Naming(at=iso(micros(at)), surrogate=subject, why=seal(why), by=seal(by)))
