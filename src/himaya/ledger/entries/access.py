"""Entries about answers to people: individuals named by decision, statements that were signed."""

from __future__ import annotations

from himaya.ledger.entries.base import Entry


class Naming(Entry, frozen=True, tag_field="kind", tag="naming"):
    """Somebody decided that a person (`surrogate`) is told which individuals they were shown to.

    `why` is the decision and `by` who took it; both are sealed.
    """

    surrogate: int
    why: str
    by: str


class Stated(Entry, frozen=True, tag_field="kind", tag="stated"):
    """A statement about a person was signed. `digest` is the SHA-256 of the file, `by` (sealed) who had it made."""

    surrogate: int
    digest: str
    by: str
