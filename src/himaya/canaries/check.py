"""Who was shown canaries: where accounts with an ordinary history were, the placing leaks.

An ordinary history: an account that was shown people on several days, and on no day many. A collector may look so for a
while, so one such account says little; several say that people come by on a way of the site.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from himaya.core.disclosure import Disclosures
from himaya.ledger.schema import DAY_S

#: Accounts whose days are counted, and actors noted as shown a canary; answers to further ones are counted alone.
MAX_ACTORS = 1_000_000
_ACCOUNTS = frozenset({"account", "paid"})


class Ordinary(msgspec.Struct, frozen=True):
    """What an ordinary history is: at least `days` with people, at most `people` on any. `accounts` such leak."""

    days: int = 3
    people: int = 50
    accounts: int = 2


class Leak(msgspec.Struct, frozen=True):
    """One place on one surface: how many of its canaries were shown there, and to how many accounts and others."""

    place: str
    surface: str
    canaries: int
    ordinary: int
    others: int
    leaks: bool


class Checked(msgspec.Struct, frozen=True):
    """The outcome. `placed` canaries are known, `shown` of them to anybody. `beyond` answers were not looked at."""

    placed: int
    shown: int
    places: tuple[Leak, ...]
    leaks: bool
    beyond: int


class _Days:
    """The days of one account on which it was shown people, up to one with more than `most` of them."""

    __slots__ = ("count", "day", "many", "most", "people")

    def __init__(self, most: int) -> None:
        self.day, self.most = -1, most
        self.count = 0
        self.many = False
        self.people: set[str] = set()

    def add(self, day: int, people: Iterable[str]) -> None:
        """Take in people of a day; days come in order."""
        if self.many:
            return
        if day != self.day:
            self.day, self.people = day, set()
            self.count += 1
        self.people.update(people)
        if len(self.people) > self.most:
            # Nothing makes it ordinary again, so nobody need be kept: a collector's day may hold the whole site.
            self.many, self.people = True, set()


class Check:
    """Give it what exchanges disclosed, in the order of time; then ask for the outcome."""

    def __init__(
        self, placed: Mapping[str, str], ordinary: Ordinary, exempt: Iterable[str] = ()
    ) -> None:
        """Take canaries and their places, and whose views do not count."""
        self._placed, self._ordinary = placed, ordinary
        self._exempt = frozenset(exempt)
        self._days: dict[str, _Days] = {}
        self._shown: dict[tuple[str, str], dict[str, set[str]]] = {}
        self._actors = self._beyond = 0

    def take(self, told: Disclosures) -> None:
        """Take in what one exchange disclosed."""
        name = told.actor.name
        if name in self._exempt:
            return
        people = [each.subject for each in told.shown]
        canaries = [each for each in people if each in self._placed]
        kept = [self._note(name, each, told.surface) for each in canaries]
        if told.access in _ACCOUNTS and len(canaries) < len(people):
            others = [each for each in people if each not in self._placed]
            kept.append(self._count(name, told.at, others))
        self._beyond += not all(kept)

    def _note(self, name: str, canary: str, surface: str) -> bool:
        """Note who was shown a canary; False when there is no room."""
        actors = self._shown.setdefault((self._placed[canary], surface), {})
        if name not in actors:
            if self._actors >= MAX_ACTORS:
                return False
            self._actors += 1
        actors.setdefault(name, set()).add(canary)
        return True

    def _count(self, name: str, at: float, people: list[str]) -> bool:
        """Count a day of an account; False when there is no room."""
        days = self._days.get(name)
        if days is None:
            if len(self._days) >= MAX_ACTORS:
                return False
            days = self._days[name] = _Days(self._ordinary.people)
        days.add(int(at // DAY_S), people)
        return True

    def outcome(self) -> Checked:
        """Return what was found, places in alphabetical order."""
        places = tuple(self._leak(*key) for key in sorted(self._shown))
        every = set[str]().union(*(c for actors in self._shown.values() for c in actors.values()))
        return Checked(
            placed=len(self._placed),
            shown=len(every),
            places=places,
            leaks=any(each.leaks for each in places),
            beyond=self._beyond,
        )

    def _leak(self, place: str, surface: str) -> Leak:
        actors = self._shown[place, surface]
        ordinary = sum(self._is_ordinary(name) for name in actors)
        return Leak(
            place=place,
            surface=surface,
            canaries=len(set().union(*actors.values())),
            ordinary=ordinary,
            others=len(actors) - ordinary,
            leaks=ordinary >= self._ordinary.accounts,
        )

    def _is_ordinary(self, name: str) -> bool:
        days = self._days.get(name)
        return days is not None and not days.many and days.count >= self._ordinary.days
