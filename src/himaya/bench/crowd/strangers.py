"""People without an account, or without signing in: from search engines, on a viral day, by Tor and relays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from random import Random

from himaya.bench import networks
from himaya.bench.asks import Client
from himaya.bench.crowd import dress, rhythm
from himaya.bench.crowd import figures as fig
from himaya.bench.crowd.browsing import Habits, Life, card
from himaya.bench.crowd.circle import cold
from himaya.bench.crowd.group import Group, Member, Place, Setting, Visit
from himaya.bench.crowd.sitting import Manner, Sitting
from himaya.bench.networks import browser

#: Strangers read one page and see its photo; there is nothing else for them to do.
READS = Manner(think_s=40.0, photo=0.6, again=0.03, tabs=0.02, acts=0.0)
#: After this share of a viral rush most have come.
_RUSH = 0.25
#: Those who come by Tor or a relay and have an account use it little.
_CAREFUL = Habits(profiles=6.0, comes=(0.2, 0.7), shares=0.0)


def passing(
    setting: Setting, client: Client, at: float, people: Iterable[int], rng: Random
) -> Visit:
    """Return a visit that begins on a profile, as whoever follows a link does."""
    sitting = Sitting(setting, client, at, rng, READS)
    sitting.look_all(dict.fromkeys(people))
    return sitting.visit()


def strolls(
    member: Member, setting: Setting, client: Client, share: float, *, work: bool = False
) -> Iterator[Visit]:
    """Return the visits of a stranger who comes on a `share` of the days and looks at one person or two."""
    rng, ahead = member.rng, rhythm.clock(member.rng)
    for day in rhythm.attends(rng, setting, share, work=work):
        count = max(1, rhythm.times(rng, setting.intensity))
        for at in rhythm.moments(rng, setting, day, ahead, count, work=work):
            people = [cold(setting.world, rng) for _ in range(1 + (rng.random() < 0.35))]
            yield passing(setting, client, at, people, rng)


class Visitor(Group):
    """Somebody who searched a name and clicked on the site's page of it."""

    id = "visitor"
    title = "Visitors from search engines"
    natural = 0.20
    signed_in = False
    source = (
        "small site: median 1, p99 19 pages a client-day (Elastic's example log); 30 % cold names, 20 % behind "
        "shared addresses (an assumed simulation); share assumed"
    )

    def place(self, number: int, rng: Random) -> Place:
        """Return an address: a fifth of them stand behind one that many share."""
        if rng.random() < fig.STRANGERS_SHARED:
            return (
                networks.office(rng.randrange(200))
                if rng.random() < 0.5
                else networks.carrier(rng.randrange(40))
            )
        return super().place(number, rng)

    def visits(self, member: Member, setting: Setting) -> Iterable[Visit]:
        """Return a visit every other day."""
        rng = member.rng
        client = dress.stranger(rng, member.place, browser(rng), cookie=rng.random() < 0.7)
        return strolls(member, setting, client, 0.5)


class Viral(Group):
    """One day of the run somebody popular is everywhere; many come to see that one page, and a few others."""

    id = "viral"
    title = "Visitors of a viral day"
    natural = 0.04
    signed_in = False
    source = (
        "an assumption: one day, one person, most within a few hours; "
        "no figures of a viral day of profiles are published"
    )

    def place(self, number: int, rng: Random) -> Place:
        """Return an address, a third of them a telephone's."""
        draw = rng.random()
        if draw < 0.2:
            return networks.carrier(rng.randrange(40))
        if draw < 0.35:
            return networks.mobile(rng.randrange(20_000))
        return super().place(number, rng)

    def visits(self, member: Member, setting: Setting) -> Iterable[Visit]:
        """Return the visits of that day, and the card a messenger fetches for one in five."""
        rng, world = member.rng, setting.world
        begun, lasts, star = craze(setting)
        client = dress.stranger(rng, member.place, browser(rng), cookie=rng.random() < 0.6)
        for _ in range(max(1, rhythm.times(rng, setting.intensity))):
            at = begun + lasts * min(1.0, rng.expovariate(1 / _RUSH))
            others = [
                world.people.popular(rng.random()) for _ in range(rng.choice((0, 0, 1, 1, 2, 3)))
            ]
            yield passing(setting, client, at, [star, *others], rng)
            if rng.random() < 0.2:
                yield card(setting, star, at + 60, rng)


def craze(setting: Setting) -> tuple[float, float, int]:
    """Return when a run's viral rush begins, how many seconds it lasts at most, and whom everybody wants to see."""
    rng = Random(f"viral:{setting.world.seed}")
    day = rng.randrange(len(rhythm.days_of(setting)))
    length = rhythm.part_of(setting, day) * rhythm.DAY_S
    begun = setting.start + day * rhythm.DAY_S + (0.3 + 0.2 * rng.random()) * length
    return begun, 0.45 * length, setting.world.people.popular(rng.random())


class Tor(Group):
    """People behind Tor exits and privacy relays; every fourth signs in."""

    id = "tor"
    title = "Tor and relay users"
    natural = 0.003
    source = (
        "an assumption: small, half by Tor, half by a relay, a quarter signed in; "
        "the exits are few and shared by all"
    )

    def signs_in(self, number: int) -> bool:
        """Every fourth does."""
        return number % 4 == 0

    def place(self, number: int, rng: Random) -> Place:
        """Return an exit."""
        return _exit(number, rng)

    def visits(self, member: Member, setting: Setting) -> Iterable[Visit]:
        """Return visits, each from another exit."""
        rng, number = member.rng, member.number
        # Tor Browser looks alike for everybody; relays come with one maker's browsers.
        fingerprint = "firefox-windows" if number % 2 else rng.choice(("safari-ios", "safari-mac"))
        if member.fact is not None:
            yield from Life(
                member,
                setting,
                _CAREFUL,
                lambda _: dress.member(member, fingerprint, _exit(number, rng)),
            ).visits()
            return
        ahead = rhythm.clock(rng)
        for day in rhythm.attends(rng, setting, 0.5):
            count = max(1, rhythm.times(rng, setting.intensity))
            for at in rhythm.moments(rng, setting, day, ahead, count):
                people = [cold(setting.world, rng) for _ in range(rng.choice((1, 1, 2, 3)))]
                passed = dress.stranger(rng, _exit(number, rng), fingerprint)
                yield passing(setting, passed, at, people, rng)


def _exit(number: int, rng: Random) -> Place:
    return networks.tor(rng.randrange(200)) if number % 2 else networks.relay(rng.randrange(60))
