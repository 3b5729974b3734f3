"""Entries of those who write the ledger."""

from __future__ import annotations

from himaya.ledger.entries.base import Entry


class Opened(Entry, frozen=True, tag_field="kind", tag="opened"):
    """A writer opened the ledger. `clean`: the one before it closed; `cut`: bytes of torn tails."""

    version: str = ""
    clean: bool = True
    cut: int = 0
    rows: int = 0


class Closed(Entry, frozen=True, tag_field="kind", tag="closed"):
    """The writer closed the ledger; everything it had was durable."""


class Repaired(Entry, frozen=True, tag_field="kind", tag="repaired"):
    """The last line of the chain was torn by a crash and was cut; it was never acknowledged."""

    cut: int


class Leases(Entry, frozen=True, tag_field="kind", tag="leases"):
    """From now on until the gate stops, up to `workers` have leases, each of up to `people` of any principal."""

    workers: int
    people: int
