"""A candidate: actors with one linking key, whom they saw, and what the tests say so far. All of it is streamed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import fsum

from himaya.analysis.groups import coverage
from himaya.analysis.groups.birthday import AntiBirthday
from himaya.analysis.groups.keys import Key, Sighting
from himaya.analysis.groups.popularity import Id, Popularity
from himaya.analysis.groups.synchrony import Rhythm

#: Popularity moves slowly: what a candidate adds up is counted anew once the site saw half as much again.
_GROWN = 1.5
#: Log odds from which on coverage does not speak against a collector; where popularity says nothing it is 0.
_COVERS = -1.0
#: From so many first views on it is told whether a member is a reader: one who meets the others.
_TELLING = 5
#: The bet of a single member: it has few views, so it bets high.
_BET = 0.9


class Member:
    """What one member saw: its share of attention, first views, and how many of those another member had seen.

    `odds` are the anti-birthday test of this member alone against the others, on one bet: an e-value, so a reader
    reaches 1/a with probability at most a.
    """

    __slots__ = ("mass", "met", "odds", "views")

    def __init__(self) -> None:
        """Start with nobody seen."""
        self.mass = 0.0
        self.views = 0
        self.met = 0
        self.odds = 1.0

    @property
    def is_reader(self) -> bool:
        """Tell whether the member meets the others as readers do: its own odds speak against an operation."""
        return self.views >= _TELLING and self.odds < 1.0

    @property
    def complements(self) -> bool:
        """Tell whether at least half of what the member saw is nobody else's."""
        return self.views > 0 and 2 * self.met <= self.views


class Candidate:
    """One linking key since its first sighting. `own` are the members, `seen` counts viewers per person."""

    __slots__ = (
        "_refresh_at",
        "admitted",
        "changed",
        "coverage",
        "first",
        "key",
        "mass",
        "own",
        "rhythm",
        "seen",
        "test",
        "views",
    )

    def __init__(self, key: Key, first: float, kappa: float) -> None:
        """Start with no member; `first` is when the key was first seen."""
        self.key, self.first = key, first
        self.seen: dict[Id, int] = {}
        self.own: dict[Id, Member] = {}
        self.changed: dict[Id, None] = {}
        #: Whether all members were asked once whether they belong to the group that has this key.
        self.admitted = False
        self.mass = 0.0
        self.views = 0
        self.coverage = 0.0
        self.test = AntiBirthday(kappa)
        self.rhythm = Rhythm()
        self._refresh_at = 100.0

    @property
    def size(self) -> int:
        """Return how many entries the candidate holds."""
        return len(self.seen) + len(self.own)

    def see(self, sighting: Sighting, popularity: Popularity, *, counted: bool = False) -> None:
        """Take a member's first view of a person; `counted` says that the popularity contains it already."""
        actor, person = sighting.actor, sighting.person
        member = self.own.get(actor)
        if member is None:
            member = self.own[actor] = Member()
        inside = self.seen.get(person, 0)
        share = popularity.of(person, inside + counted, self.views + counted)
        met = inside > 0
        expected = self.test.expected(self.mass, member.mass)
        self.test.bet(expected, met=met)
        member.odds *= 1.0 + _BET * (expected - met)
        self.coverage += coverage.step(share, popularity.population)
        member.mass += share
        member.views += 1
        member.met += met
        if not met:
            self.mass += share
        self.seen[person] = inside + 1
        self.views += 1
        self.changed[actor] = None
        self.rhythm.active(actor, sighting.at)

    def is_stale(self, popularity: Popularity) -> bool:
        """Tell whether the site saw so much more that popularity should be added up anew."""
        return popularity.total >= self._refresh_at

    def refresh(self, popularity: Popularity, people: Mapping[Id, set[Id]]) -> None:
        """Add the popularity of what was seen up anew; `people` are everybody whom an actor saw."""
        self._refresh_at = max(100.0, popularity.total * _GROWN)
        seen, views = self.seen, self.views
        shares = {person: popularity.of(person, count, views) for person, count in seen.items()}
        self.mass = sum(shares.values())
        for actor, member in self.own.items():
            known = people.get(actor)
            if known is not None:
                # Exact, so that it does not depend on the order of a set.
                member.mass = fsum([shares[person] for person in known if person in shares])

    def deflate(self) -> None:
        """Let go of what the test won: members of another group won it."""
        if self.test.value > 1.0:
            self.test = AntiBirthday(self.test.kappa)

    def certified(self, alpha: float, members: int) -> bool:
        """Tell whether this is an operation: enough members, who avoid each other's people and cover all alike.

        A coverage ratio that does not speak against it is asked for beside the certificate: people of distant circles
        may hardly meet, but they look at people whom others look at.
        """
        if not self.test.certifies(alpha) or self.coverage < _COVERS:
            return False
        return sum(member.complements for member in self.own.values()) >= members

    def readers(self) -> float:
        """Return which share of the members that can be told are readers."""
        told = [member for member in self.own.values() if member.views >= _TELLING]
        return sum(member.is_reader for member in told) / max(1, len(told))

    def told(self) -> float:
        """Return which share of the members saw enough to tell what they are."""
        return sum(member.views >= _TELLING for member in self.own.values()) / max(1, len(self.own))

    def joining(self, among: Iterable[Id]) -> list[Id]:
        """Return which of these members seem to belong to the operation: those who complement the others."""
        found = ((actor, self.own[actor]) for actor in among)
        return [actor for actor, one in found if one.complements and not one.is_reader]

    def reaching(self, needed: float, among: Iterable[Id]) -> list[Id]:
        """Return which of these members are proven by what they did themselves: their own odds reach `needed`."""
        found = ((actor, self.own.get(actor)) for actor in among)
        return [actor for actor, one in found if one is not None and one.odds >= needed]

    def insiders(self, group: Mapping[Id, object]) -> float:
        """Return which share of the members is among these."""
        return sum(actor in group for actor in self.own) / max(1, len(self.own))
