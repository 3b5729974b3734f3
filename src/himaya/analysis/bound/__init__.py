"""Did anybody obtain more than the covering budgets plus what challenges bought? Recomputed from the ledger alone.

    versions  the configurations kept in the chain, read back as policies
    purses    what solved challenges bought, and until when it can have been spent
    windows   the sliding windows of every principal, those of the engine
    grouped   who was ever in which group
    recent    what may have been in force when a row's request was decided
    outside   what no budget speaks for, and why
    missing   what retention, sealing and erasures took from what the engine knew
    judge     one row after the other: counted, judged, broken or outside
    peaks     how near each kind of principal came to its limit
    cover     the inequality over the whole period
    audit     all of it over a period of a ledger

What the ledger cannot know is supposed to be as the engine may have had it, so a row that is called broken is one.
"""

from __future__ import annotations

from himaya.analysis.bound.audit import audit_bound
from himaya.analysis.bound.result import Audit

__all__ = ["Audit", "audit_bound"]
