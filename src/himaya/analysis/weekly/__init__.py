"""What was disclosed week by week: to which cohort, to which groups, and how often look-ups found nobody.

result   the answer, as values
groups   the groups that were shown most people
weekly   the question to the ledger
"""

from __future__ import annotations

from himaya.analysis.weekly.result import Weekly
from himaya.analysis.weekly.weekly import weekly

__all__ = ["Weekly", "weekly"]
