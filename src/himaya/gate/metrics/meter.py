"""The meter: counters for what nobody else counts. Made only where `[metrics] listen` is set.

It costs a request two readings of a clock, a bisection and a dictionary; the rest is counted when something is
refused, or in the thread that writes to the disk. Labels are taken from closed sets only, see `names`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Container
from time import perf_counter

from himaya.core.decision import Action, Admission, Decision
from himaya.core.disclosure import Disclosures
from himaya.core.engine import Engine
from himaya.core.exchange import Request
from himaya.core.finding import Finding
from himaya.core.window import UNIT
from himaya.gate.metrics import names

#: Upper bounds of the histogram of `decide`, in seconds; a decision takes microseconds.
BUCKETS = (5e-6, 1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 5e-3, 2.5e-2, 0.1, 1.0)


class Histogram:
    """Counts per bucket, the last for everything above; and their sum in seconds."""

    __slots__ = ("counts", "sum")

    def __init__(self) -> None:
        self.counts = [0] * (len(BUCKETS) + 1)
        self.sum = 0.0

    def see(self, seconds: float) -> None:
        """Count one duration."""
        self.counts[bisect_left(BUCKETS, seconds)] += 1
        self.sum += seconds


class Meter:
    """What happened since the start. Called from the thread of the engine, `wrote` from that of the ledger.

    `requests` by door, surface, action and whether it was enforced; `refusals` by stage and action; `reasons` by rule,
    kind of principal and window; `gaps` and `gap_s` by class of reasons; `people` and `weight` by surface.
    """

    def __init__(self, weigh: Callable[[tuple[str, ...]], int]) -> None:
        """Start with nothing; `weigh` returns the units of a set of fields."""
        self.weigh = weigh
        self.decide_s = Histogram()
        self.requests: defaultdict[tuple[str, str, Action, bool], int] = defaultdict(int)
        self.unseen: defaultdict[str, int] = defaultdict(int)
        self.refusals: defaultdict[tuple[str, str], int] = defaultdict(int)
        self.reasons: defaultdict[tuple[str, str, str], int] = defaultdict(int)
        self.challenges: defaultdict[str, int] = defaultdict(int)
        self.findings: defaultdict[str, int] = defaultdict(int)
        self.gaps: defaultdict[str, int] = defaultdict(int)
        self.gap_s: defaultdict[str, float] = defaultdict(float)
        self.people: defaultdict[str, int] = defaultdict(int)
        self.weight: defaultdict[str, float] = defaultdict(float)
        self.unattributed: defaultdict[str, int] = defaultdict(int)
        self.rows = 0
        # What an operator watches is there from the start, with 0: a rule cannot see a series begin.
        for outcome in ("issued", "solved", "used_up"):
            self.challenges[outcome] = 0
        for reason in names.GAP_REASONS:
            self.gaps[reason], self.gap_s[reason] = 0, 0.0

    def decide(self, engine: Engine, request: Request, now: float, door: str) -> Decision:
        """Ask the engine, and count its answer and how long it took."""
        begun = perf_counter()
        decision = engine.decide(request, now)
        self.decide_s.see(perf_counter() - begun)
        self.count(decision, door)
        return decision

    def count(self, decision: Decision, door: str) -> None:
        """Count a decision; one that a worker took by a lease is told later, without its time."""
        self.requests[door, decision.surface, decision.action, decision.enforced] += 1

    def passed_unseen(self, door: str) -> None:
        """Count a request that passes while the gate is switched off."""
        self.unseen[door] += 1

    def refused(self, decision: Decision | Admission) -> None:
        """Count a refusal and what it goes by; a challenge that is shown was issued."""
        stage = "request" if isinstance(decision, Decision) else "response"
        self.refusals[stage, decision.action] += 1
        if decision.action is Action.CHALLENGE:
            self.challenges["issued"] += 1
        for reason in decision.reasons:
            rule = names.of(reason.rule, names.RULES)
            principal = names.of(reason.principal, names.PRINCIPALS)
            self.reasons[rule, principal, names.of(reason.window, names.WINDOWS)] += 1

    def cleared(self, *, granted: bool) -> None:
        """Count a proof that was right; `granted` is False when it bought nothing any more today."""
        self.challenges["solved" if granted else "used_up"] += 1

    def found(self, finding: Finding) -> None:
        """Count a finding."""
        self.findings[names.of(finding.detector, names.DETECTORS)] += 1

    def gap(self, start: float, end: float, why: str, door: str = "") -> None:
        """Count an unobserved period (epoch seconds)."""
        reason = names.gap_reason(why, door)
        self.gaps[reason] += 1
        self.gap_s[reason] += max(0.0, end - start)

    def wrote(self, row: Disclosures, canaries: Container[str]) -> None:
        """Count the rows of one exchange that go to the ledger, its people, and what their fields weigh.

        Canaries are no people. The row of a purchase or of a look-up in vain shows nobody.
        """
        self.rows += len(row.shown) + row.miss + (row.unattributed > 0)
        people = [each for each in row.shown if each.subject not in canaries]
        if people:
            self.people[row.surface] += len(people)
            self.weight[row.surface] += sum(self.weigh(each.fields) for each in people) / UNIT
        if row.unattributed and row.kind != "clearance":
            self.unattributed[row.surface] += row.unattributed
