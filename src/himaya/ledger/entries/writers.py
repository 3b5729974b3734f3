"""Entries of those who write the ledger."""

from __future__ import annotations

from himaya.ledger.entries.base import Entry


class Format(Entry, frozen=True, tag_field="kind", tag="format"):
    """From here on the ledger has this version of the format; `before` it had that one, 0 where it is new."""

    version: int
    before: int = 0


class Opened(Entry, frozen=True, tag_field="kind", tag="opened"):
    """A writer took a slot. `clean`: the one before it there closed; `cut`: bytes of torn tails."""

    version: str = ""
    clean: bool = True
    cut: int = 0
    rows: int = 0
    slot: int = 0


class Closed(Entry, frozen=True, tag_field="kind", tag="closed"):
    """The writer left its slot; everything it had was durable."""

    slot: int = 0


class Abandoned(Entry, frozen=True, tag_field="kind", tag="abandoned"):
    """The writer of a slot was found to have ended without closing; its unobserved period is in the rows.

    `cut`: bytes of torn tails.
    """

    slot: int = 0
    cut: int = 0


class Repaired(Entry, frozen=True, tag_field="kind", tag="repaired"):
    """The last line of the chain was torn by a crash and was cut; it was never acknowledged."""

    cut: int


class Leases(Entry, frozen=True, tag_field="kind", tag="leases"):
    """From now on until the gate stops, up to `workers` have leases, each of up to `people` of any principal."""

    workers: int
    people: int
    slot: int = 0
