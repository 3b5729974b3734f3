"""The entry that ties the register of cases to the chain: what was written there cannot be cut off unseen."""

from __future__ import annotations

from himaya.ledger.entries.base import Entry


class CaseEntry(Entry, frozen=True, tag_field="kind", tag="case_entry"):
    """The register of cases has an entry of this `number` and `link`; nothing of its content stands here."""

    number: int
    link: str
