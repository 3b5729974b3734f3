"""Entries that say where the head of the chain was deposited, outside this machine."""

from __future__ import annotations

from himaya.ledger.entries.base import Entry


class AnchorEntry(Entry, frozen=True):
    """Base of both; `place` is the name of a place in `[anchor]`."""

    place: str


class Anchored(AnchorEntry, frozen=True, tag_field="kind", tag="anchored"):
    """The head of the chain, line `seq` with `hash`, was deposited; `receipt` is the SHA-256 of what came back."""

    seq: int
    hash: str
    receipt: str


class Unanchored(AnchorEntry, frozen=True, tag_field="kind", tag="unanchored"):
    """The place could not take a deposit; written once, until it takes one again. `why` is sealed."""

    why: str
