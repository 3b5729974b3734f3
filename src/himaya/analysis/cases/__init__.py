"""Cases: what is open about a group, who decided what and why. `case` holds the words, `store` keeps them."""

from __future__ import annotations

from himaya.analysis.cases.case import Case, Entry, State
from himaya.analysis.cases.matters import matters_of
from himaya.analysis.cases.store import CaseStore, cases_path

__all__ = ["Case", "CaseStore", "Entry", "State", "cases_path", "matters_of"]
