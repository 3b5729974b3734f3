"""Entries about copies of the ledger: made, and taken back into use."""

from __future__ import annotations

from himaya.ledger.entries.base import Entry


class Backup(Entry, frozen=True, tag_field="kind", tag="backup"):
    """A copy was made, its last entry being this one. Until a time (microseconds) it may still know who was erased.

    `by` is sealed.
    """

    id: str
    until: int
    by: str


class Rekeyed(Entry, frozen=True, tag_field="kind", tag="rekeyed"):
    """The ledger has a new key: public keys (hex) before and now, and the signature of each over both and `at`.

    `by` is sealed.
    """

    old: str
    new: str
    old_signature: str
    new_signature: str
    by: str


class Restored(Entry, frozen=True, tag_field="kind", tag="restored"):
    """The copy of this id is the ledger from now on; `erased` identities that went since were erased again.

    `by` is sealed.
    """

    backup: str
    erased: int
    by: str
