"""The table of candidates: one per linking key and period, made when a second actor turns up, bounded."""

from __future__ import annotations

import msgspec

from himaya.analysis.groups.candidate import Candidate
from himaya.analysis.groups.keys import Key, Sighting
from himaya.analysis.groups.popularity import Id, Popularity
from himaya.analysis.groups.settings import Settings
from himaya.analysis.groups.sightings import FirstViews

#: A test that lost on honest years must not sleep through what comes then: it begins anew every month, and another
#: one every day. Each is a test of its own, and counts as one in the error rate.
_MONTH_S, _DAY_S = 30 * 86400.0, 86400.0

#: A key that fills an eighth of the memory is too wide to be one operation's: it is not looked at any further.
_WIDE = 8

_Slot = tuple[Key, float]


class Candidates:
    """Feeds first views to the candidates they concern."""

    def __init__(self, settings: Settings, seen: FirstViews, popularity: Popularity) -> None:
        """Start with none."""
        self._settings, self._seen, self._popularity = settings, seen, popularity
        self.table: dict[_Slot, Candidate] = {}
        self._alone: dict[_Slot, tuple[Id, float]] = {}
        self.touched: dict[_Slot, None] = {}
        self.entries = 0

    def see(self, key: Key, sighting: Sighting) -> None:
        """Take a first view for the candidates of a key."""
        month = sighting.at // _MONTH_S * _MONTH_S
        self._see((key, month), sighting)
        day = sighting.at // _DAY_S * _DAY_S
        known = self.table.get((key, month))
        if known is not None and known.first < day:
            self._see((key, day), sighting)

    def _see(self, slot: _Slot, sighting: Sighting) -> None:
        candidate = self.table.get(slot)
        if candidate is None:
            candidate = self._second(slot, sighting)
            if candidate is None:
                return
        elif 2 * len(self.table) > self._settings.candidates:
            self.table[slot] = self.table.pop(slot)  # the latest used leave last
        before = candidate.size
        if _WIDE * before > self._settings.entries:
            return
        if candidate.is_stale(self._popularity):
            candidate.refresh(self._popularity, self._seen.people)
        candidate.see(sighting, self._popularity)
        self.touched[slot] = None
        self.entries += candidate.size - before
        if self.entries > self._settings.entries:
            self._make_room(slot)

    def _second(self, slot: _Slot, sighting: Sighting) -> Candidate | None:
        """Return a new candidate when this is the key's second actor, with what the first one saw, else None."""
        first = self._alone.get(slot)
        if first is None:
            if len(self._alone) >= self._settings.candidates * 4:
                _drop_oldest(self._alone)
            self._alone[slot] = (sighting.actor, sighting.at)
            return None
        actor, at = first
        if actor == sighting.actor:
            return None
        del self._alone[slot]
        candidate = Candidate(slot[0], at, self._settings.kappa)
        for person in _ordered(self._seen.people.get(actor, set())):
            earlier = msgspec.structs.replace(sighting, at=at, actor=actor, person=person)
            candidate.see(earlier, self._popularity, counted=True)
        if len(self.table) >= self._settings.candidates:
            self._make_room(slot)
        self.table[slot] = candidate
        self.entries += candidate.size
        return candidate

    def _make_room(self, but: _Slot) -> None:
        """Drop an eighth of the candidates, those not seen for the longest time first."""
        for slot in list(self.table)[: max(1, len(self.table) // 8)]:
            if slot != but:
                self.entries -= self.table.pop(slot).size
                self.touched.pop(slot, None)

    def take_touched(self) -> list[tuple[_Slot, Candidate]]:
        """Return the candidates that saw something since the last call; they become the latest used."""
        found = []
        for slot in self.touched:
            candidate = self.table.pop(slot)
            self.table[slot] = candidate
            found.append((slot, candidate))
        self.touched = {}
        return found

    def actors_of(self, key: Key) -> list[Id]:
        """Return the actors of a key, each once."""
        found: dict[Id, None] = {}
        for (known, _), one in self.table.items():
            if known == key:
                found.update(dict.fromkeys(one.own))
        found.update(
            (actor, None) for (known, _), (actor, _) in self._alone.items() if known == key
        )
        return list(found)

    def of(self, key: Key) -> list[Candidate]:
        """Return the candidates of a key, one per period."""
        return [one for (known, _), one in self.table.items() if known == key]

    def forget(self, key: Key) -> None:
        """Forget the candidates of a key."""
        for slot in [slot for slot in self.table if slot[0] == key]:
            self.entries -= self.table.pop(slot).size
            self.touched.pop(slot, None)

    def drop_old(self, now: float) -> None:
        """Forget candidates whose period is over."""
        for slot in [s for s, c in self.table.items() if _is_over(s, c, now)]:
            self.entries -= self.table.pop(slot).size
            self.touched.pop(slot, None)


def _is_over(slot: _Slot, candidate: Candidate, now: float) -> bool:
    monthly = slot[1] % _MONTH_S == 0
    return now - slot[1] > 2 * _MONTH_S or (
        not monthly and now - slot[1] > 2 * _DAY_S and not candidate.changed
    )


def _ordered(people: set[Id]) -> list[Id]:
    """Return people in an order that does not depend on hashes."""
    return sorted(people, key=lambda one: (isinstance(one, str), one))


def _drop_oldest(table: dict[_Slot, tuple[Id, float]]) -> None:
    for slot in list(table)[: max(1, len(table) // 8)]:
        del table[slot]
