"""Entries of files that somebody found, kept encrypted beside the ledger for a while."""

from __future__ import annotations

from himaya.ledger.entries.base import Entry


class Attached(Entry, frozen=True, tag_field="kind", tag="attached"):
    """A found file is kept until `until` (microseconds).

    `sha256` and `bytes` are of the encrypted file. `case` is the case it belongs to, "" for none. `why` and `by` are
    sealed.
    """

    id: str
    sha256: str
    bytes: int
    until: int
    why: str
    by: str
    case: str = ""


class Detached(Entry, frozen=True, tag_field="kind", tag="detached"):
    """These found files were removed, their time being over."""

    ids: tuple[str, ...]
