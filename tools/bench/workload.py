"""The traffic that the engine is timed with: a social site's requests, drawn from a seed.

Two in five actors look at people (profiles, listings of ten, look-ups); the others read pages that show nobody.
Seven in ten are logged in, so a request charges two to four principals: account, session, address and
network, and anonymous ones only the last two. Actors come in visits of a dozen requests, some twenty seconds apart.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from himaya.core.actor import Actor
from himaya.core.detectors.traits import TRAITS, VERSION
from himaya.core.exchange import Exchange, Person, Request
from himaya.core.facts import Facts
from himaya.core.learned import FORMAT, Judged, Learned, Side, Weight
from himaya.core.policy import (
    AssetPolicy,
    Budget,
    Budgets,
    Detectors,
    Distance,
    Impostor,
    Model,
    Policy,
    Reserve,
    Surge,
)
from himaya.core.surface import Surface

#: Share of actors who look at people, as in the memory measurement.
DISCLOSING = 0.4
SUBJECTS = 200_000
START = 1_760_000_000.0
#: What one request of an actor who looks at people asks for: (kind, share).
MIX = (("profile", 0.55), ("listing", 0.10), ("lookup", 0.05), ("page", 0.30))
#: Visits going on at a time, and requests of one visit on average.
VISITS, LENGTH = 300, 12
PAGES = ("/", "/about", "/jobs/{}", "/static/app.{}.css", "/news/{}", "/settings", "/help/{}")


@dataclass(frozen=True, slots=True)
class Step:
    """One request, its end, and when."""

    request: Request
    exchange: Exchange
    now: float


def policy() -> Policy:
    """Return an enforcing policy with the default budgets and detectors over four surfaces."""
    return Policy(
        mode="enforce",
        surfaces=(
            Surface(id="profile", route="/u/{subject}", fields=("name", "employer", "photo")),
            Surface(id="api", route="/api/people/{subject}", fields=("name", "email")),
            Surface(
                id="search", route="/search", kind="listing", people=("header",), max_people=10
            ),
            Surface(id="lookup", route="/lookup", kind="lookup", people=("header",), query="q"),
        ),
    )


def everything() -> Policy:
    """Return the same with every signal and a budget for every kind of principal; nobody reaches what is added."""
    each, common = Budget(hour=400, day=1200, month=9000), Budget(hour=90_000, day=900_000)
    budgets = Budgets(
        anonymous=common,
        new_account=common,
        group=each,
        asn=common,
        fingerprint=common,
        batch=common,
        visitor=each,
        visitor_prefix=common,
        assetless=common,
    )
    detectors = Detectors(
        impostor=Impostor(crawlers={"crawler": ("192.0.2.0/24",)}),
        surge=Surge(price=3.0),
        model=Model(file="model.json", learned=_model()),
    )
    return msgspec.structs.replace(
        policy(),
        budgets=budgets,
        surface_budgets={"search": common},
        detectors=detectors,
        distance=Distance(near=0.5, organisation=True),
        reserve=Reserve(share=0.2),
        assets=AssetPolicy(share=0.0),
    )


def _model() -> Learned:
    """Return a model in which every trait weighs a little and nobody is found."""
    side = Side("2026-01-01", "2026-01-10", 100, 100, 1000)
    weights = tuple(
        Weight(trait.name, 0.5, 0.25, 0.1, edges=(0.25,), shares=(0.5, 0.4), unknown=0.1)
        for trait in TRAITS
    )
    return Learned(
        format=FORMAT,
        traits=VERSION,
        made="2026-01-31",
        policy="",
        intercept=0.0,
        weights=weights,
        threshold=1e6,
        rate=0.01,
        cohorts={"new": 100, "established": 100, "paid": 100},
        trained=side,
        held_out=side,
        judged=Judged(0.9, 1, 0.0, 0.1, 100, 0.5, 0.9),
        known={"appeal": 200},
        everybody=1000,
        flagged=0,
    ).sealed()


def canaries() -> Facts:
    """Return facts with a few people who do not exist, whom nobody in the traffic is shown."""
    facts = Facts()
    facts.canaries = {f"canary{number}": "gap" for number in range(100)}
    return facts


class Traffic:
    """An endless stream of steps, about fourteen a second on its own clock, the same for a seed."""

    def __init__(
        self, actors: int = 10_000, seed: int = 1, kind: str = "", *, told: bool = False
    ) -> None:
        """Draw `actors` actors; `kind` limits the traffic to one kind of request.

        `told`: the front door tells the class of browser and the provider, too.
        """
        self._random = random.Random(seed)
        self._told = told
        self._actors = [self._actor(number) for number in range(actors)]
        self._visiting = [self._random.choice(self._actors) for _ in range(VISITS)]
        self._kind = kind
        self._now = START
        self._number = 0

    def steps(self, count: int) -> Iterator[Step]:
        """Yield the next `count` steps."""
        for _ in range(count):
            yield self._step()

    def _actor(self, number: int) -> tuple[Actor, bool]:
        draw = self._random
        address = f"10.{draw.randrange(64)}.{draw.randrange(256)}.{draw.randrange(1, 255)}"
        looks = draw.random() < DISCLOSING
        named = draw.random() < 0.7
        actor = Actor(
            address=address,
            account=f"u{number}" if named else "",
            session=f"s{number:08x}" if named else "",
        )
        if self._told:
            mixed = zlib.crc32(address.encode())
            actor = msgspec.structs.replace(
                actor, fingerprint=f"class{mixed % 40}", asn=1 + mixed % 300
            )
        return actor, looks

    def _step(self) -> Step:
        self._number += 1
        self._now += self._random.expovariate(14)
        actor, looks = self._visitor()
        kind = self._kind or (self._draw_kind() if looks else "page")
        target, people = self._target(kind)
        request = Request(f"r{self._number}", actor, target)
        exchange = Exchange(request, 200, people=people, sent=2048, source="authority")
        return Step(request, exchange, self._now)

    def _visitor(self) -> tuple[Actor, bool]:
        """Return whose request is next; now and then a visit ends and another actor's begins."""
        place = self._random.randrange(VISITS)
        if self._random.random() < 1 / LENGTH:
            self._visiting[place] = self._random.choice(self._actors)
        return self._visiting[place]

    def _draw_kind(self) -> str:
        kinds, shares = [kind for kind, _ in MIX], [share for _, share in MIX]
        return self._random.choices(kinds, shares)[0]

    def _target(self, kind: str) -> tuple[str, tuple[Person, ...] | None]:
        if kind == "profile":
            return f"/u/p{self._subject()}?tab=about", None
        if kind == "listing":
            found = tuple(Person(f"p{self._subject()}") for _ in range(10))
            return "/search?q=anna&page=2", found
        if kind == "lookup":
            return "/lookup?q=%2B4912345", (Person(f"p{self._subject()}"),)
        page = self._random.choice(PAGES)
        return page.format(self._random.randrange(2000)), None

    def _subject(self) -> int:
        """Draw a person; a few are looked at by many, most by few."""
        return int(SUBJECTS * self._random.random() ** 2.5)
