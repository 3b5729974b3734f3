"""Canary: somebody is shown people who do not exist, to whom no link of the site leads.

A canary stands where only a collector comes: in a gap between ids, on a page of the sitemap, on a page of an API. One
may be an accident: a mistyped number, a shared link. So one is reported, and only two *independent* ones lead to
the action. Independent are canaries of different places; all that one list shows counts as one place, also when
somebody opens it from there.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

from himaya.core.crawlers import Crawlers
from himaya.core.detectors import Observation
from himaya.core.disclosure import Disclosures
from himaya.core.finding import Finding
from himaya.core.policy import Canary

#: Independent canaries before anything follows.
NEEDED = 2
#: Members of the site to whom a list showed a canary before the list is taken for one that people see.
_MEMBERS = 3
_MEMBER = frozenset({"established", "paid"})


class _Sights:
    """What one actor was shown, and when: canaries of a place by themselves, and in lists, per surface."""

    __slots__ = ("alone", "listed")

    def __init__(self) -> None:
        self.alone: dict[str, float] = {}
        self.listed: dict[str, dict[str, float]] = {}

    def add(self, places: list[str], surface: str, now: float) -> None:
        """Take in an answer; `surface` names the list that showed it, "" where one person was shown alone."""
        held = self.listed.setdefault(surface, {}) if surface else self.alone
        held.update(dict.fromkeys(places, now))

    def drop_before(self, since: float) -> None:
        """Forget what was shown before a time."""
        self.alone = {place: at for place, at in self.alone.items() if at >= since}
        kept = {
            surface: {place: at for place, at in places.items() if at >= since}
            for surface, places in self.listed.items()
        }
        self.listed = {surface: places for surface, places in kept.items() if places}

    def independent(self) -> list[str]:
        """Return a place of each source, in alphabetical order.

        What one list shows is one source, also where it is opened alone: somebody may have followed the list.
        """
        sources: list[set[str]] = []
        for places in (*({place} for place in self.alone), *map(set, self.listed.values())):
            touching = [each for each in sources if not places.isdisjoint(each)]
            sources = [each for each in sources if each not in touching]
            sources.append(places.union(*touching))
        return sorted(min(each) for each in sources)


class CanaryDetector:
    """Keeps of which places each actor was shown canaries. `places` maps canaries to their place; none: it is quiet."""

    name = "canary"

    def __init__(
        self,
        settings: Canary,
        places: Mapping[str, str],
        crawlers: Crawlers,
        max_actors: int = 100_000,
    ) -> None:
        """Take the window and who is exempt; past `max_actors` the actor unseen for longest is forgotten."""
        self.places = places
        self.exempted = 0
        self._window_s = settings.window_s
        self._exempt = frozenset(settings.exempt)
        self._crawlers = crawlers
        self._max = max_actors
        self._actors: OrderedDict[str, _Sights] = OrderedDict()

    def observe(self, seen: Observation) -> Finding | None:
        """Find an actor that was shown a canary; below two independent ones nothing follows from the finding."""
        shown = [self.places[each] for each in seen.subjects if each in self.places]
        if not shown:
            return None
        if self.is_exempt(seen):
            self.exempted += 1
            return None
        surface = seen.surface if is_list(seen) else ""
        places = self._take(seen.name, shown, surface, seen.now)
        return Finding(
            detector=self.name,
            actor=seen.name,
            at=seen.now,
            value=len(places),
            threshold=NEEDED,
            why=_why(places),
            report_only=len(places) < NEEDED,
        )

    def is_exempt(self, seen: Observation) -> bool:
        """Tell whether an actor may be shown canaries: a verified crawler, or one the site named."""
        return seen.name in self._exempt or bool(
            self._crawlers.verified(seen.agent, seen.actor.address)
        )

    def recall(self, row: Disclosures) -> None:
        """Take in a row of the ledger after a restart. Rows have no agent string, so a crawler's address is enough."""
        shown = [self.places[each.subject] for each in row.shown if each.subject in self.places]
        name, address = row.actor.name, row.actor.address
        if not shown or name in self._exempt or self._crawlers.may_be_verified(address):
            return
        listed = row.kind == "listing" or len(row.shown) > 1
        self._take(name, shown, row.surface if listed else "", row.at)

    def inherit(self, before: CanaryDetector) -> None:
        """Take over what a detector with other settings knew of actors."""
        self._actors, self.exempted = before._actors, before.exempted
        while len(self._actors) > self._max:
            self._actors.popitem(last=False)

    def _take(self, name: str, shown: list[str], surface: str, now: float) -> list[str]:
        """Take in an answer and return the independent places of the window."""
        sights = self._actors.get(name)
        if sights is None:
            sights = self._actors[name] = _Sights()
            if len(self._actors) > self._max:
                self._actors.popitem(last=False)
        self._actors.move_to_end(name)
        sights.drop_before(now - self._window_s)
        sights.add(shown, surface, now)
        return sights.independent()

    def tracked(self) -> int:
        """Return how many actors are held."""
        return len(self._actors)


class ListedCanaryDetector:
    """Finds a list that shows canaries to members: there they are not hidden, and say nothing of whoever sees them."""

    name = "canary"

    def __init__(self, canary: CanaryDetector) -> None:
        """Take what knows the canaries and who is exempt; at most three members are held per surface."""
        self._canary = canary
        self._members: dict[str, set[str]] = {}

    def observe(self, seen: Observation) -> Finding | None:
        """Find a list that showed a canary to a third member with a history."""
        places, cohort = self._canary.places, seen.cohort
        if cohort not in _MEMBER or not is_list(seen) or places.keys().isdisjoint(seen.subjects):
            return None
        members = self._members.setdefault(seen.surface, set())
        if self._canary.is_exempt(seen):
            return None
        if len(members) < _MEMBERS:
            members.add(seen.name)
        if len(members) < _MEMBERS:
            return None
        return Finding(
            detector=self.name,
            actor=f"surface:{seen.surface}",
            at=seen.now,
            value=len(members),
            threshold=_MEMBERS,
            why=f"the list {seen.surface} shows canaries to members of the site: they are not hidden there",
            report_only=True,
        )

    def tracked(self) -> int:
        """Return how many surfaces are held."""
        return len(self._members)


def is_list(seen: Observation) -> bool:
    """Tell whether an answer showed its people as a list does."""
    return seen.kind == "listing" or len(seen.subjects) > 1


def _why(places: list[str]) -> str:
    if len(places) < NEEDED:
        return (
            f"was shown a canary of the place {places[0]}, to which no link leads;"
            f" nothing follows before {NEEDED} independent ones"
        )
    return f"was shown canaries of {len(places)} independent places ({', '.join(places)}), to which no link leads"
