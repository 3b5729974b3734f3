"""The traffic that the engine is timed with: a social site's requests, drawn from a seed.

Two in five actors look at people (profiles, listings of ten, look-ups); the others read pages that show nobody.
Seven in ten are logged in, so a request charges two to four principals: account, session, address and
network, and anonymous ones only the last two. Actors come in visits of a dozen requests, some twenty seconds apart.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from himaya.core.actor import Actor
from himaya.core.exchange import Exchange, Person, Request
from himaya.core.policy import Policy
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


class Traffic:
    """An endless stream of steps, about fourteen a second on its own clock, the same for a seed."""

    def __init__(self, actors: int = 10_000, seed: int = 1, kind: str = "") -> None:
        """Draw `actors` actors; `kind` limits the traffic to one kind of request."""
        self._random = random.Random(seed)
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
        if draw.random() < 0.7:
            return Actor(address=address, account=f"u{number}", session=f"s{number:08x}"), looks
        return Actor(address=address), looks

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
