"""One row of the ledger after the other: counted in the windows of its principals, and judged by their limits."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from himaya.analysis.bound.cover import Charge, Cover
from himaya.analysis.bound.grouped import Grouped
from himaya.analysis.bound.lapses import Lapses
from himaya.analysis.bound.missing import Missing
from himaya.analysis.bound.outside import EDGE, Gaps, Tally
from himaya.analysis.bound.peaks import Peaks, name_of
from himaya.analysis.bound.purses import Purses
from himaya.analysis.bound.recent import FLIGHT_S, Recent, Rules
from himaya.analysis.bound.result import NAMED, Broken
from himaya.analysis.bound.versions import Version, Versions, names_person
from himaya.analysis.bound.windows import NAMES, Counted, Windows, is_limited, since_of
from himaya.core.budget import NO_LIMIT, Principal
from himaya.core.rows import UNSETTLED
from himaya.core.window import BUCKET_S, UNIT, UNLIMITED, Triple
from himaya.ledger.rows import Row
from himaya.ledger.schema import DAY_S, UNATTRIBUTED, iso, micros


class _Excess(msgspec.Struct, frozen=True):
    """A window of a principal above what it might obtain: its value, its limit, what was bought; in units."""

    principal: Principal
    window: str
    value: int
    limit: int
    bought: int

    @property
    def over(self) -> int:
        """Return the units that are too many."""
        return self.value - self.limit - self.bought


class Judge:
    """Takes the rows of a ledger, earliest first; before `start` (epoch seconds) they are counted, not judged."""

    def __init__(
        self,
        versions: Versions,
        gaps: Gaps,
        erased: frozenset[str],
        start: float,
        grouped: Grouped | None = None,
        canaries: frozenset[int] = frozenset(),
    ) -> None:
        """Take what was allowed, when nobody was asked, and the numbers of people who were erased or are canaries.

        What somebody bought may have been spent in every group that `grouped` says it was in.
        """
        self.lapses, self.missing = Lapses(), Missing()
        self._grouped = grouped or Grouped()
        self._versions = versions
        self._gaps = gaps
        self._erased = erased
        self._start = start
        self._windows = Windows()
        self._recent = Recent(versions)
        self._day = 0
        self.purses = Purses()
        self.tally = Tally(canaries)
        self.cover = Cover(canaries)
        self._canaries = canaries
        self.canaries: set[int] = set()
        self.peaks = Peaks()
        self.rows = self.judged = self.broken = 0
        self.named: list[Broken] = []

    # -- purchases -----------------------------------------------------------------------------

    def buy(self, row: Row) -> None:
        """Take the row of a solved challenge; those of one moment must come before its people."""
        version = self._versions.of(row.policy)
        if version is None:
            return
        rules = self._recent.rules(row, version)
        sold = self.purses.buy(row, [rule.version.policy.challenge for rule in rules])
        bucket = int(row.at // BUCKET_S)
        for principal in self._buyers(row, rules[0]):
            self._fund(self._windows.of(principal, bucket), row)
        if row.count > sold and row.at >= self._start:
            units = row.count * UNIT, sold * UNIT, 0
            buyer = rules[0].principals(row)[0]
            self._break(row, "clearance", [_Excess(buyer, "bought", *units)])

    def _buyers(self, row: Row, rule: Rules) -> list[Principal]:
        """Return the principals for which a purchase may pay.

        Its row does not say whether the account was new, nor which group the actor is in: any it was ever in.
        """
        both = [msgspec.structs.replace(rule, new=new) for new in (False, True)]
        rows = [
            row,
            *(msgspec.structs.replace(row, group=g) for g in self._grouped.of(row.actor_id)),
        ]
        return [principal for one in rows for each in both for principal in each.principals(one)]

    def _fund(self, counted: Counted, row: Row) -> None:
        """Note that the purses of a row's actor may pay for people of a principal."""
        counted.purses.update(dict.fromkeys(self.purses.bindings(row.actor)))

    # -- people --------------------------------------------------------------------------------

    def take(self, row: Row) -> None:
        """Take a row that says that somebody was shown, or told of."""
        self._tidy(row.at)
        within = row.at >= self._start
        self.rows += within
        if within and row.subject_id in self._canaries:
            self.canaries.add(row.subject_id)
        version = self._versions.of(row.policy)
        gap = self._gaps.reason(row)
        if version is None:
            if within:
                self.tally.add("unknown policy", row)
            return
        rules = self._recent.rules(row, version)
        units = self._units(row, version)
        charges = self._count(row, rules[0], units) if units else []
        if within:
            self._sort(row, rules, charges, self._unjudged(row, rules, units, gap))

    def _tidy(self, at: float) -> None:
        """Once a day of rows, forget windows that hold nothing."""
        day = int(at // DAY_S)
        if day != self._day:
            self._day = day
            self._windows.tidy(int(at // BUCKET_S))

    def _units(self, row: Row, version: Version) -> int:
        """Return what a row weighs at the least; 0 where it may be a repetition that cost nothing."""
        if row.subject_id:
            return self._versions.weigh(row.fields)
        surface = version.surfaces.get(row.surface)
        if surface is None or (surface.kind == "lookup" and names_person(surface)):
            return 0
        weight = self._versions.weigh(surface.fields)
        return weight * row.count if row.kind == UNATTRIBUTED else weight

    def _count(self, row: Row, rule: Rules, units: int) -> list[Charge]:
        """Count a row in every window of its actor; return those with a limit, and what they grew by."""
        bucket, charges = int(row.at // BUCKET_S), []
        subject = str(row.subject_id) if row.subject_id else ""
        for principal in rule.principals(row):
            counted = self._windows.of(principal, bucket)
            self._fund(counted, row)
            grown = counted.count(subject, units, row.at)
            if row.source == UNSETTLED:
                counted.unsettled += units
            elif row.source == EDGE:
                counted.note_passed(units, row.at)
            if is_limited(principal[2]):
                counted.limits[principal[2]] = row.at
                charges.append(Charge(principal, grown))
        return charges

    # -- judging -------------------------------------------------------------------------------

    def _unjudged(self, row: Row, rules: list[Rules], units: int, gap: str) -> str:
        """Return why no budget speaks for a row; "" when one does."""
        if not all(rule.version.enforced for rule in rules):
            return "shadow"
        if gap:
            return gap
        if not units:
            return "look-up by path"
        surface = rules[0].version.surfaces.get(row.surface)
        redact = {*surface.redact} if surface is not None else set[str]()
        return "redacted" if row.decision == "redact" and not redact & {*row.fields} else ""

    def _sort(self, row: Row, rules: list[Rules], charges: list[Charge], why: str) -> None:
        """Put a row where it belongs: outside, judged, or broken."""
        if not why and not charges:
            why = "no budget"
        excess = [] if why else list(self._excess(row, rules, charges))
        if excess and self._all_excused(row, excess):
            why = "counted twice"
        elif excess and self._all_passed(row, excess):
            why = "beyond a pass"
        elif excess and self._only_gone(self._erased, rules[0], row, excess):
            why = "erased"
        elif excess:
            why = self._is_missing(rules[0], row, excess)
        if why:
            self.tally.add(why, row)
            return
        self.judged += 1
        self.tally.add_less_sure(row)
        if row.actor.account and row.actor.account_created is None and rules[0].version.asks_age:
            self.tally.add("age unknown", row)
        if self._lacks_group(row, rules):
            self.tally.add("no group", row)
        self.cover.add(row.at, row.subject_id, row.count, charges)
        if excess:
            self._break(row, row.kind, excess)

    def _lacks_group(self, row: Row, rules: list[Rules]) -> bool:
        """Tell whether a case has the actor for a member, and the row was charged to no group."""
        told = row.group or not all(rule.holds_groups for rule in rules)
        return not told and self._grouped.is_proven(row.actor_id, row.at)

    def _excess(self, row: Row, rules: list[Rules], charges: list[Charge]) -> Iterator[_Excess]:
        """Yield the windows that grew by a row beyond limit and purchases, under every rule that may have held."""
        others = [dict(_limits(rule, row)) for rule in rules[1:]]
        for charge in charges:
            counted = self._windows.of(charge.principal, int(row.at // BUCKET_S))
            own = [other.get(charge.principal[1], NO_LIMIT) for other in others]
            held = [*own, *counted.lately(row.at - FLIGHT_S)]
            for number, grown in enumerate(charge.grown):
                limit = max(limits[number] for limits in held)
                if grown and limit < UNLIMITED:
                    yield from self._measured(row, charge.principal, number, limit)

    def _measured(
        self, row: Row, principal: Principal, number: int, limit: int
    ) -> Iterator[_Excess]:
        """Measure one window of a principal; yield it when it holds too much."""
        bucket = int(row.at // BUCKET_S)
        counted = self._windows.of(principal, bucket)
        since = since_of(number, bucket)
        value = counted.held(number, since)
        bought = self.purses.worth(counted.purses, since) if counted.purses else 0
        self.peaks.see(row.at, principal, NAMES[number], value, limit, bought)
        if value > limit + bought + self.lapses.units(since, row.at):
            yield _Excess(principal, NAMES[number], value, limit, bought)

    def _all_excused(self, row: Row, excess: list[_Excess]) -> bool:
        """Tell whether all that is too much can have been charged twice: at its deadline, and when it was told."""
        over = _most_over(excess)
        windows = self._windows_of(row, over)
        if any(windows[principal].unsettled < units for principal, units in over.items()):
            return False
        return all(windows[principal].excuse(units, row.at) for principal, units in over.items())

    def _all_passed(self, row: Row, excess: list[_Excess]) -> bool:
        """Tell whether all that is too much was let through by nginx without asking, a short while ago."""
        over = _most_over(excess)
        windows = self._windows_of(row, over)
        if any(not windows[principal].passed for principal in over):
            return False
        return all(windows[p].excuse_passed(units, row.at) for p, units in over.items())

    def _windows_of(self, row: Row, over: dict[Principal, int]) -> dict[Principal, Counted]:
        bucket = int(row.at // BUCKET_S)
        return {principal: self._windows.of(principal, bucket) for principal in over}

    def _is_missing(self, rule: Rules, row: Row, excess: list[_Excess]) -> str:
        """Return why what is too much may be so only because rows are missing, "" where it is not."""
        gone = self._erased | self.missing.subjects
        if self.missing.is_split(row) or self._only_gone(gone, rule, row, excess):
            return "renumbered"
        return "bought before" if self.missing.paid(row, rule.principals(row), excess) else ""

    def _only_gone(
        self, numbers: frozenset[str], rule: Rules, row: Row, excess: list[_Excess]
    ) -> bool:
        """Tell whether people of these numbers make up for all that is too much."""
        if not numbers:
            return False
        bucket = int(row.at // BUCKET_S)
        gone = {
            name_of(principal): self._windows.of(principal, bucket).weight_of(numbers)
            for principal in rule.principals(row)
        }
        return all(e.over <= gone.get(name_of(e.principal), 0) for e in excess)

    def _break(self, row: Row, kind: str, excess: list[_Excess]) -> None:
        self.broken += 1
        for each in excess:
            if len(self.named) < NAMED:
                self.named.append(_broken(row, kind, each))


def _most_over(excess: list[_Excess]) -> dict[Principal, int]:
    """Return by how much each principal is over in the window where it is most."""
    over: dict[Principal, int] = {}
    for each in excess:
        over[each.principal] = max(each.over, over.get(each.principal, 0))
    return over


def _limits(rule: Rules, row: Row) -> Iterator[tuple[str, Triple]]:
    return ((key, limits) for _, key, limits in rule.principals(row))


def _broken(row: Row, kind: str, excess: _Excess) -> Broken:
    return Broken(
        at=iso(micros(row.at)),
        surface=row.surface,
        actor=row.actor.name,
        kind=kind,
        principal=name_of(excess.principal),
        window=excess.window,
        value=excess.value / UNIT,
        limit=excess.limit / UNIT,
        bought=excess.bought / UNIT,
        source=row.source,
    )
