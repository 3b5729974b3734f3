"""Versions: which values of a person's fields were shown, as short keyed hashes.

A surface that lists fields under `version` has the ledger keep, for each of them, 8 hex digits of an HMAC over the
field, the person and the value. Whoever finds an old value in a file can say to whom that version was shown, and to
whom another one. A value is compared in one form: NFC (Unicode TR 15), blanks as one space, without regard to case.
Hashes of one person alone can be compared, and only with the site's secret.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from unicodedata import normalize

from himaya.core.clearance import keyed

#: Bytes of a hash; 4 billion values, so that one in a person's few versions is hardly ever met by accident.
_BYTES = 4
#: Characters of a value that count.
_MOST = 2000


def normalised(value: str) -> str:
    """Return the one form in which values are compared.

    >>> normalised(" Senior  ENGINEER ")
    'senior engineer'
    """
    return " ".join(normalize("NFC", value[:_MOST]).casefold().split())


def hash_of(secret: bytes, subject: str, field: str, value: str) -> str:
    """Return 8 hex digits for a value of a person's field."""
    return keyed(secret, "version", field, subject, normalised(value))[:_BYTES].hex()


def version_of(secret: bytes, subject: str, values: Mapping[str, str]) -> str:
    """Return the version of what was shown of a person: `field=hash`, sorted, separated by commas; "" for nothing."""
    return _text({field: hash_of(secret, subject, field, value) for field, value in values.items()})


def parts(version: str) -> dict[str, str]:
    """Return the hash of each field of a version."""
    pairs = (part.partition("=") for part in version.split(",") if part)
    return {field: digest for field, _, digest in pairs}


def united(first: str, second: str) -> str:
    """Return the version of two mentions of one person; of a field told twice the second counts."""
    if not first or not second or first == second:
        return first or second
    return _text({**parts(first), **parts(second)})


def without(version: str, gone: Collection[str]) -> str:
    """Return a version without fields that were taken out."""
    if not version or not gone:
        return version
    return _text({field: digest for field, digest in parts(version).items() if field not in gone})


def _text(hashes: Mapping[str, str]) -> str:
    return ",".join(f"{field}={digest}" for field, digest in sorted(hashes.items()))
