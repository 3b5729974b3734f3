"""Newcomers: an account minutes or hours old, a day of importing, looking up, following and searching colleagues."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import exp, log
from random import Random

from himaya.bench.asks import Client
from himaya.bench.crowd import dress, rhythm
from himaya.bench.crowd import figures as fig
from himaya.bench.crowd.browsing import Life
from himaya.bench.crowd.circle import Circle
from himaya.bench.crowd.group import Group, Member, Setting, Visit
from himaya.bench.crowd.members import USUAL
from himaya.bench.crowd.sitting import Manner, Sitting
from himaya.bench.networks import browser
from himaya.bench.world import links
from himaya.bench.world.site import World

_DAY_S = 86400.0
#: Following fifty people goes quicker than reading their pages.
_BUSY = Manner(think_s=25.0, photo=0.3, again=0.05)


class Newcomer(Group):
    """People on their first day. The site does not tell himaya of their friends: they are only making them."""

    id = "newcomer"
    title = "Newcomers on their first day"
    natural = fig.PILOT_NEW
    told_friends = False
    source = (
        "share: pilot crowd, 2 %; import, look-ups and follow-fifty are a first day as networks lead through it, "
        "its sizes are assumptions"
    )

    def created(self, setting: Setting, rng: Random) -> float:
        """Sign up during the run or in the half day before it, early enough to be seen."""
        span = setting.days * _DAY_S
        return setting.start - _DAY_S / 2 + rng.random() * (_DAY_S / 2 + 0.7 * span)

    def visits(self, member: Member, setting: Setting) -> Iterable[Visit]:
        """Return the first day, then ordinary ones."""
        if member.fact is None or member.fact.created is None:
            return
        rng, created = member.rng, member.fact.created
        client = dress.member(member, browser(rng))
        day = _First(member, setting, client)
        yield from day.visits(_first(rng, setting, created))
        life = Life(member, setting, USUAL, lambda _: client)
        for number in rhythm.days_of(setting):
            later = setting.start + number * _DAY_S > created + _DAY_S
            if later and rng.random() < fig.RETURNS:
                yield from life.day(number)


def _first(rng: Random, setting: Setting, created: float) -> float:
    """Return when a newcomer comes first: minutes to a day after signing up, within the run and with time left."""
    low, high = fig.FIRST_VISIT_S
    end = setting.start + setting.days * _DAY_S
    least = max(low, setting.start - created)
    most = max(least + 1.0, min(high, end - created - 0.1 * setting.days * _DAY_S))
    return created + exp(log(least) + (log(most) - log(least)) * rng.random())


class _First:
    """The first day of one newcomer."""

    def __init__(self, member: Member, setting: Setting, client: Client) -> None:
        """Take who it is."""
        self._rng, self._person = member.rng, member.person
        self._setting, self._world, self._client = setting, setting.world, client
        self._circle = Circle(setting.world, member.person, member.rng)

    def visits(self, at: float) -> Iterator[Visit]:
        """Return two or three sittings from `at` on."""
        rng = self._rng
        sitting = self._sit(at)
        sitting.ask(links.SETTINGS)
        sitting.ask(links.profile(sitting.link(self._person)))
        if rng.random() < fig.IMPORTS:
            self._import(sitting)
        if rng.random() < fig.LOOKS_UP:
            self._look_up(sitting)
        yield sitting.visit()
        if rng.random() < fig.FOLLOWS:
            sitting = self._sit(sitting.at + 120 + 3600 * rng.random())
            sitting.listing(links.HOME)
            sitting.look_all(self._followed())
            yield sitting.visit()
        if rng.random() < fig.COLLEAGUES:
            sitting = self._sit(sitting.at + 600 + 3 * 3600 * rng.random())
            self._colleagues(sitting)
            yield sitting.visit()

    def _sit(self, at: float) -> Sitting:
        return Sitting(self._setting, self._client, at, self._rng, _BUSY)

    def _import(self, sitting: Sitting) -> None:
        """Import the address book, fifty numbers at a time."""
        size = max(
            5, round(fig.BOOK * self._setting.intensity * exp(0.6 * self._rng.gauss(0.0, 1.0)))
        )
        known = self._circle.choose(round(size * fig.BOOK_KNOWN))
        book = address_book(self._world, known, size, self._rng)
        for first in range(0, len(book), links.PER_IMPORT):
            sitting.ask(
                links.contacts(book[first : first + links.PER_IMPORT]), 2 + 4 * self._rng.random()
            )

    def _look_up(self, sitting: Sitting) -> None:
        """Look single people up by number or mail address: most are known, some are no longer right."""
        rng, people = self._rng, self._world.people
        for person in self._circle.choose(rhythm.times(rng, 3.5 * self._setting.intensity)):
            if rng.random() < 0.7:
                sitting.ask(links.by_phone(people.phones.of(person)))
            else:
                sitting.ask(links.by_email(people.emails.of(person)))
        for _ in range(rhythm.times(rng, 1.5 * self._setting.intensity)):
            sitting.ask(links.by_phone(rng.randrange(people.phones.size)))

    def _followed(self) -> list[int]:
        mean, spread = fig.FOLLOWED
        drawn = min(mean + 3 * spread, max(mean - 3 * spread, self._rng.gauss(mean, spread)))
        return self._circle.choose(round(drawn * self._setting.intensity))

    def _colleagues(self, sitting: Sitting) -> None:
        """Search the new employer's people, a page or three, and open some."""
        rng, people = self._rng, self._world.people
        employer = int(people.employer[self._person])
        for page in range(rng.choice((1, 2, 2, 3))):
            sitting.search(f"org:{employer}", page)
        staff = people.at_employer.of(employer).tolist()
        count = min(len(staff), rhythm.times(rng, 7 * self._setting.intensity))
        sitting.look_all(n for n in rng.sample(staff, count) if n != self._person)


def address_book(world: World, known: list[int], size: int, rng: Random) -> tuple[int, ...]:
    """Return the telephone numbers of an address book: those of known people, the rest of anybody."""
    phones = world.people.phones
    book = [phones.of(person) for person in known]
    book += [rng.randrange(phones.size) for _ in range(size - len(book))]
    rng.shuffle(book)
    return tuple(book)
