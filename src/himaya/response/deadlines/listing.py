"""The deadlines of a case: its clocks against the regimes of the countries whose people it concerns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from himaya.response.cases import Case, Entry
from himaya.response.deadlines.answers import answers_due
from himaya.response.deadlines.calendars import local_day
from himaya.response.deadlines.deadline import OPEN, Deadline, Standing, order
from himaya.response.deadlines.due import due_of, is_after
from himaya.response.regimes.marks import DEADLINE_GROUP, is_stale
from himaya.response.regimes.regime import PARTIES, Limit, Party, Regime
from himaya.response.regimes.table import Table

#: Acts that tell a party. A receipt says so as well: somebody may have filed by hand.
_TOLD = frozenset({"sent", "receipt"})


class Unruled(NamedTuple):
    """People of a country for which the table has no rule; "" are those of unknown residence."""

    country: str
    people: int

    @property
    def text(self) -> str:
        """Return the line that stands in every count."""
        where = self.country or "residence unknown"
        return f"{where}: no rule in our table, {self.people} people, ask counsel"


def unruled(case: Case, table: Table) -> list[Unruled]:
    """Return the countries of a case without a rule, in order."""
    counts = sorted((case.countries or {}).items())
    return [Unruled(code, people) for code, people in counts if not table.regimes_for(code)]


def deadlines_of(case: Case, table: Table, now: int) -> list[Deadline]:
    """Return the deadlines of a case at a time (microseconds), the most urgent first.

    Only countries of the last count are asked. What a person assessed as none is not needed. Raises InputError for a
    calendar that nobody knows.
    """
    found = [
        each
        for covered in _covered(case, table)
        for party in PARTIES
        for each in _Duty(case, covered, party, now).deadlines()
    ]
    return sorted(found, key=order)


def all_deadlines(cases: Iterable[Case], table: Table, now: int) -> list[Deadline]:
    """Return the deadlines of several cases, also of persons' requests, the most urgent first. Raises InputError."""
    found = [
        each
        for case in cases
        for each in (*deadlines_of(case, table, now), *answers_due(case, now))
    ]
    return sorted(found, key=order)


class _Covered(NamedTuple):
    """A regime and the countries of a case that it covers; in `first` are those that no nearer regime covers."""

    regime: Regime
    countries: tuple[str, ...]
    first: frozenset[str]


def _covered(case: Case, table: Table) -> Iterator[_Covered]:
    """Yield each regime of a case, in the order of their ids."""
    codes = sorted(case.countries or {})
    for regime in table.regimes:
        here = tuple(code for code in codes if regime in table.regimes_for(code))
        first = frozenset(code for code in here if table.regimes_for(code)[0] is regime)
        if here:
            yield _Covered(regime, here, first)


class _Duty:
    """What one party of one regime is told in one case."""

    def __init__(self, case: Case, covered: _Covered, party: Party, now: int) -> None:
        self.case, self.party, self.now = case, party, now
        self.regime, self.countries, self.first = covered
        self.notice = self.regime.notice(party)
        self.people = sum((case.countries or {}).get(code, 0) for code in self.countries)
        asked = self._decided_as("", "notify")
        self.needed = asked or self._decided_as("voluntary")
        self.is_voluntary = not asked
        self.told = self._told()

    def _decided(self, country: str) -> str:
        """Return what a person decided for a country and this party: notify, voluntary, none, or "" not yet."""
        found = self.case.assessments.get(country)
        return str(getattr(found, self.party)) if found else ""

    def _decided_as(self, *decisions: str) -> tuple[str, ...]:
        return tuple(code for code in self.countries if self._decided(code) in decisions)

    def _told(self) -> dict[str, Entry]:
        """Return the first entry for each country that says that the party was told."""
        found: dict[str, Entry] = {}
        for entry in self.case.entries:
            if entry.act.kind in _TOLD and entry.act.data.get("party") == self.party:
                found = {**dict.fromkeys(self._meant(entry), entry), **found}
        return found

    def _meant(self, entry: Entry) -> tuple[str, ...]:
        """Return the countries that an entry speaks for.

        A notice for the regime's own id (EU: the lead authority) is one for all its countries. Where two regimes cover
        a country, a notice that names no regime is one to the nearer authority.
        """
        data = entry.act.data
        code, named = str(data.get("country", "")).upper(), data.get("regime", "")
        if named and named != self.regime.id:
            return ()
        if code == self.regime.id.upper():
            return self.countries
        return (code,) if code in (self.countries if named else self.first) else ()

    def deadlines(self) -> Iterator[Deadline]:
        """Yield the deadlines, or the one line that says why there is none."""
        base = self._base()
        if not self.needed:
            note = f"decided by {self._deciders()}"
            yield msgspec.structs.replace(base, standing=Standing.NOT_NEEDED, note=note)
        elif self.is_voluntary:
            yield self._ended(base, f"voluntary, decided by {self._deciders()}")
        elif self.people < self.notice.least_people:
            yield msgspec.structs.replace(base, standing=Standing.NOT_NEEDED, note=self._few())
        else:
            limits = list(self._limits())
            yield from (self._bound(self._of(base, limit)) for limit in limits)
            if not limits:
                yield self._without_limit(base)

    def _few(self) -> str:
        """Return why few people reach no limit, and who might still be among them."""
        unknown = (self.case.countries or {}).get("", 0)
        may_be = f"; {unknown} of unknown residence may be among them" if unknown else ""
        return f"only from {self.notice.least_people} people on{may_be}"

    def _bound(self, deadline: Deadline) -> Deadline:
        """Return a deadline as voluntary where no law asks for the notice and nobody decided to give one."""
        is_free = self.notice.duty == "voluntary" and not self._decided_as("notify")
        if is_free and deadline.standing in OPEN:
            return msgspec.structs.replace(deadline, standing=Standing.VOLUNTARY)
        return deadline

    def _base(self) -> Deadline:
        return Deadline(
            case=self.case.id,
            regime=self.regime.id,
            version=self.regime.version,
            name=self.regime.name,
            authority=self.regime.authority.name,
            party=self.party,
            standing=Standing.VOLUNTARY,
            text=self.notice.text,
            countries=self.countries,
            open=tuple(code for code in self.needed if code not in self.told),
            people=self.people,
            phased=self.notice.phased,
            marks=self._marks(),
        )

    def _deciders(self) -> str:
        return ", ".join(sorted({self.case.assessments[code].by for code in self.countries}))

    def _marks(self, at: int = 0) -> tuple[str, ...]:
        """Return the marks of a date that rests on the law in force at a time, 0: now."""
        day = local_day(at or self.now, self.regime.time_zone)
        sure = self.regime.mark(DEADLINE_GROUP[self.party], day).is_sure
        old = is_stale(self.regime, self.now)
        found = (
            ("practice", self.case.practice),
            ("unverified", old),
            ("unconfirmed", old or not sure),
        )
        return tuple(word for word, holds in found if holds)

    def _limits(self) -> Iterator[Limit]:
        """Yield the limits that count: of the law in force when their clock started, else of today's."""
        days = {local_day(self._started(limit.clock), self.regime.time_zone): None
                for limit in self._every()}  # fmt: skip
        for day in sorted(days):
            for limit in self.regime.limits(self.party, day):
                if local_day(self._started(limit.clock), self.regime.time_zone) == day:
                    yield limit

    def _every(self) -> Iterator[Limit]:
        """Yield the limits of every version."""
        yield from self.notice.limits
        for version in self.regime.versions:
            yield from getattr(version, self.party) or ()

    def _started(self, clock: str) -> int:
        """Return when a clock started (microseconds); now, where it did not."""
        found = self.case.clocks.get(clock)
        return found.when if found else self.now

    def _of(self, base: Deadline, limit: Limit) -> Deadline:
        deadline = msgspec.structs.replace(
            base, kind=limit.kind, clock=limit.clock, text=limit.text, standing=Standing.WAITING
        )
        clock = self.case.clocks.get(limit.clock)
        if clock is None:
            return self._ended(deadline, f"set {limit.clock}")
        due = due_of(limit, clock.when, self.regime)
        marks = self._marks(clock.when) + (("estimated",) if due.estimated else ())
        deadline = msgspec.structs.replace(
            deadline, started=clock.when, due=due.at, marks=marks, entry=clock.entry
        )
        return self._ended(deadline, "")

    def _without_limit(self, base: Deadline) -> Deadline:
        """Return the line of a notice that has no limit."""
        if self.notice.duty == "mandatory":
            note = "a duty without a time"
            base = msgspec.structs.replace(base, standing=Standing.PROMPTLY, note=note)
        elif self.notice.duty == "on_order":
            base = msgspec.structs.replace(base, standing=Standing.NOT_NEEDED)
        elif any(self._decided(code) == "notify" for code in self.needed):
            base = msgspec.structs.replace(base, note="to be told by decision, without a limit")
        return self._ended(base, base.note)

    def _ended(self, deadline: Deadline, note: str) -> Deadline:
        """Return a deadline with how it stands: done in time or late, overdue, or still to be done."""
        done = self._done(deadline.kind)
        if done is not None:
            late = bool(deadline.due) and is_after(done.act.moment, deadline.due)
            return msgspec.structs.replace(
                deadline,
                standing=Standing.LATE if late else Standing.MET,
                done=done.act.moment,
                entry=max(deadline.entry, done.number),
                note=self._rest(),
            )
        standing = deadline.standing
        if deadline.started:
            standing = _running(deadline.due, self.now)
        part = ", ".join(code for code in self.told if code not in deadline.open)
        told = f"told for {part}" if part else ""
        return msgspec.structs.replace(
            deadline, standing=standing, note="; ".join(one for one in (note, told) if one)
        )

    def _done(self, kind: str) -> Entry | None:
        """Return the entry by which everything was done that a kind of limit asks for."""
        if kind == "assessment":
            found = {
                entry.act.data["country"]: entry
                for entry in self.case.entries
                if entry.act.kind == "assessment"
            }
        else:
            found = self.told
        if any(code not in found for code in self.needed):
            return None
        return max((found[code] for code in self.needed), key=lambda entry: entry.number)

    def _rest(self) -> str:
        """Return what is left after a first part, as long as no whole notice followed."""
        told = [
            entry
            for entry in self.case.entries
            if entry.act.kind == "sent"
            and entry.act.data.get("party") == self.party
            and self._meant(entry)
        ]
        is_part = bool(told) and bool(told[-1].act.data.get("partial")) and self.notice.phased
        return "a first part; the rest follows as soon as it is known" if is_part else ""


def _running(due: int, now: int) -> Standing:
    if not due:
        return Standing.PROMPTLY
    return Standing.OVERDUE if is_after(now, due) else Standing.RUNNING
