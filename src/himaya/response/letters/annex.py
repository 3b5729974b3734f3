"""The evidence annex: one JSON file, signed by the ledger's key; anybody can check it without a ledger.

The file has `annex`, `public` (Ed25519 public key, hex) and `signature` (hex) over the words in `_ABOUT` and the
canonical JSON of `annex`: keys sorted, nothing between them, one newline at the end of the file.
"""

from __future__ import annotations

import msgspec

from himaya.core.errors import InputError
from himaya.ledger.keys import Keys, is_signed
from himaya.response.letters.evidence import Evidence

#: Signed before the annex, so that no other signature of the same key is one of an annex.
_ABOUT = b"himaya-annex-1\n"
_encoder = msgspec.json.Encoder(order="sorted")


class Annex(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is signed: of which letter, made when (ISO 8601 UTC), and the evidence."""

    letter: str
    made: str
    site: str
    evidence: Evidence


class Signed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file."""

    annex: Annex
    public: str
    signature: str


def signed(annex: Annex, keys: Keys) -> bytes:
    """Return the file of an annex."""
    signature = keys.sign(_ABOUT + _encoder.encode(annex))
    return _encoder.encode(Signed(annex, keys.public, signature)) + b"\n"


def checked(data: bytes, public: str = "") -> Annex:
    """Return the annex of a file that is as it was signed, by the holder of `public` where one is given.

    Raises InputError saying what is wrong with it.
    """
    found = read(data)
    if public and found.public != public.lower():
        raise InputError(f"is signed with another key: {found.public}")
    return found.annex


def read(data: bytes) -> Signed:
    """Return a file that is as it was signed, by whomever. Raises InputError saying what is wrong with it."""
    try:
        found = msgspec.json.decode(data, type=Signed)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise InputError(f"is no annex: {problem}") from problem
    if _encoder.encode(found) + b"\n" != data:
        raise InputError("was changed: it is not written as it was signed")
    if not is_signed(found.public, found.signature, _ABOUT + _encoder.encode(found.annex)):
        raise InputError("was changed: the signature does not fit")
    return found
