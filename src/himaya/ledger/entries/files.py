"""Entries that change which files count, and how long rows are kept.

Those by which files go say on what `ground` and carry a `signature` of the ledger over all the rest of the entry
(`ledger/manifest.py`); entries of earlier releases have neither.
"""

from __future__ import annotations

from himaya.ledger.entries.base import CompactFile, Entry, Files
from himaya.ledger.entries.operators import PeriodSealed


class Sealed(Files, frozen=True, tag_field="kind", tag="sealed"):
    """Write-ahead segments became files."""


class Merged(Files, frozen=True, tag_field="kind", tag="merged"):
    """Several files of one day became one, with the same rows."""

    ground: str = ""
    signature: str = ""


class Removed(Files, frozen=True, tag_field="kind", tag="removed"):
    """Retention removed rows; `add` holds what a hold or an unobserved period keeps."""

    rows: int = 0
    before: int = 0
    ground: str = ""
    signature: str = ""


class Compacted(Removed, frozen=True, tag_field="kind", tag="compacted"):
    """Retention removed rows, and keeps in `compact` how often each person was shown to whom of which kind."""

    compact: tuple[CompactFile, ...] = ()


class CompactEnded(Entry, frozen=True, tag_field="kind", tag="compact_ended"):
    """Compact rows of days before this UTC day ended: these files of them went."""

    gone: tuple[str, ...]
    before: int
    ground: str = ""
    signature: str = ""


class Blanked(Files, frozen=True, tag_field="kind", tag="blanked"):
    """Something of `rows` rows was blanked; they are the same otherwise.

    With `before`, the fingerprint class in days before this UTC day; else the version in rows about erased people.
    """

    rows: int = 0
    before: int = 0
    ground: str = ""
    signature: str = ""


class Renumbered(Files, frozen=True, tag_field="kind", tag="renumbered"):
    """Of an erasure that had to keep a name, `rows` that nothing needs got numbers that never had one."""

    erasure: str = ""
    rows: int = 0
    ground: str = ""
    signature: str = ""


class Archived(Files, frozen=True, tag_field="kind", tag="archived"):
    """Retention encrypted rows to the sealing key."""

    rows: int = 0
    before: int = 0
    ground: str = ""
    signature: str = ""


class Retention(Entry, frozen=True, tag_field="kind", tag="retention"):
    """How long identified rows are kept from now on, and what happens then; how long a fingerprint class is."""

    days: int
    then: str
    class_days: int = 31


class SealingKey(Entry, frozen=True, tag_field="kind", tag="sealing_key"):
    """The public key (hex) to which retention encrypts from now on."""

    public: str


#: Entries by which retention and the sealing of periods change which files count.
AnyFiles = Removed | Blanked | Archived | Renumbered | PeriodSealed
#: Entries that are signed.
AnySigned = Merged | Removed | Blanked | Archived | CompactEnded | Renumbered | PeriodSealed
