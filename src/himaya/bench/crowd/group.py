"""A group of honest visitors: who they are and what a visit of theirs looks like."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

import msgspec

from himaya.bench.asks import Ask, Client
from himaya.bench.crowd.figures import HOUSEHOLDS
from himaya.bench.networks import home
from himaya.bench.world.site import World
from himaya.core.facts import AccountFact

#: An address and the number of its provider.
Place = tuple[str, int]


class Visit(msgspec.Struct, frozen=True):
    """One visit: who (as the front door sees them), and at which epoch second which ask."""

    client: Client
    asks: list[tuple[float, Ask]]


class Member:
    """One honest visitor of a group: a number within the group, chance of its own, a person of the site or nobody (-1).

    `place` is where they usually are, and signed up.
    """

    __slots__ = ("fact", "number", "person", "place", "rng")

    def __init__(
        self, number: int, person: int, rng: Random, fact: AccountFact | None, place: Place
    ) -> None:
        """Take who they are."""
        self.number, self.person, self.rng, self.fact = number, person, rng, fact
        self.place = place


class Setting(msgspec.Struct, frozen=True):
    """What a group draws its visits from: the world, when the run begins, how many days, and how busy people are."""

    world: World
    start: float
    days: float
    intensity: float


class Group:
    """One group. `natural` is its share of all visitors of a site; a rate over everybody is weighted by it.

    `weight` is how many members a run has of it, relative to the other groups. `script`: its browsers run JavaScript;
    `answers`: somebody or something is there to answer a challenge.
    `signed_in`: members have accounts, each of one person of the site; `age_days` (from, to) says since when,
    `tier` what the site sold them. `told_friends`: the site tells himaya before the run who their friends are.
    `source` names the figures the group rests on.
    """

    id = ""
    title = ""
    natural = 0.0
    weight = 1.0
    script = True
    answers = True
    signed_in = True
    age_days: tuple[float, float] = (30.0, 2000.0)
    tier = ""
    told_friends = True
    source = ""

    def signs_in(self, number: int) -> bool:
        """Tell whether a member has an account; a group of both kinds says so by number."""
        return self.signed_in

    def created(self, setting: Setting, rng: Random) -> float:
        """Return when a member's account was made, in epoch seconds; that may be during the run."""
        youngest, oldest = self.age_days
        return setting.start - 86400 * (youngest + (oldest - youngest) * rng.random())

    def place(self, number: int, rng: Random) -> Place:
        """Return where a member usually is, and signed up: at home, if the group does not say otherwise."""
        return home(rng.randrange(HOUSEHOLDS))

    def visits(self, member: Member, setting: Setting) -> Iterable[Visit]:
        """Return the visits of one member during the run, in any order."""
        raise TypeError(f"{type(self).__name__} has no visits(member, setting)")
