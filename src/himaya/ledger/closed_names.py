"""Names in the map that are encrypted with the key of a period, and tables for them.

Around that lies the encryption that every row of the map has (`shredding`), so erasing somebody reaches a closed name
without the key of its period. The digest of the look-up lies between the two: no name is there to make it of.
"""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from himaya.core.errors import LedgerError

_NONCE = 12

#: Names that no open row has: look-up digest and name encrypted with the key of a period (`operators.periods`), both
#: under the secret of the number's place; `sealed` of their identity is empty until they come back.
#: `unwiped`: pages may hold what they were before.
#: `longer_name`: identities that are kept as if a row of a day used them, while their names are closed.
CLOSED_NAMES = """
CREATE TABLE IF NOT EXISTS closed_name (
    surrogate INTEGER PRIMARY KEY, period TEXT NOT NULL, sealed BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS unwiped (since INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS longer_name (surrogate INTEGER PRIMARY KEY, day INTEGER NOT NULL);
CREATE TRIGGER IF NOT EXISTS erased_is_closed AFTER DELETE ON identity
BEGIN DELETE FROM closed_name WHERE surrogate = OLD.surrogate; END;
CREATE TRIGGER IF NOT EXISTS erased_is_not_longer AFTER DELETE ON identity
BEGIN DELETE FROM longer_name WHERE surrogate = OLD.surrogate; END;
CREATE TRIGGER IF NOT EXISTS open_is_not_closed AFTER UPDATE OF sealed ON identity WHEN length(NEW.sealed) > 0
BEGIN DELETE FROM closed_name WHERE surrogate = NEW.surrogate; END;
"""


def close_name(key: bytes, surrogate: int, name: bytes) -> bytes:
    """Return a name encrypted with the key (32 bytes) of a period (AES-256-GCM)."""
    nonce = secrets.token_bytes(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, name, b"%d" % surrogate)


def open_name(key: bytes, surrogate: int, sealed: bytes) -> str:
    """Return the name of `close_name`. Raises LedgerError when it was changed."""
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], b"%d" % surrogate).decode()
    except (InvalidTag, ValueError) as problem:
        raise LedgerError(
            "a name does not open with the key of its period, or was changed"
        ) from problem
