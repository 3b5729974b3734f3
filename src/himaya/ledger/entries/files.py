"""Entries that change which files count, and how long rows are kept."""

from __future__ import annotations

from himaya.ledger.entries.base import Entry, Files
from himaya.ledger.entries.operators import PeriodSealed


class Sealed(Files, frozen=True, tag_field="kind", tag="sealed"):
    """Write-ahead segments became files."""


class Merged(Files, frozen=True, tag_field="kind", tag="merged"):
    """Several files of one day became one, with the same rows."""


class Removed(Files, frozen=True, tag_field="kind", tag="removed"):
    """Retention removed rows; `add` holds what a hold or an unobserved period keeps."""

    rows: int = 0
    before: int = 0


class Blanked(Files, frozen=True, tag_field="kind", tag="blanked"):
    """The fingerprint class of `rows` rows of days before this UTC day was blanked; they are the same otherwise."""

    rows: int = 0
    before: int = 0


class Archived(Files, frozen=True, tag_field="kind", tag="archived"):
    """Retention encrypted rows to the sealing key."""

    rows: int = 0
    before: int = 0


class Retention(Entry, frozen=True, tag_field="kind", tag="retention"):
    """How long identified rows are kept from now on, and what happens then; how long a fingerprint class is."""

    days: int
    then: str
    class_days: int = 31


class SealingKey(Entry, frozen=True, tag_field="kind", tag="sealing_key"):
    """The public key (hex) to which retention encrypts from now on."""

    public: str


#: Entries by which retention and the sealing of periods change which files count.
AnyFiles = Removed | Blanked | Archived | PeriodSealed
