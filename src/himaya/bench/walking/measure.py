"""One route: what its ids are made of, how often guesses find somebody, and a verdict in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec

from himaya.bench.walking.clocks import clock_of
from himaya.bench.walking.guesses import bits_of, guesses_of, order_of, people_of
from himaya.bench.walking.outcome import OPEN, Clock, Guess, Reuse, RouteIds, Shape, Verdict
from himaya.bench.walking.shape import numbers_in, shape_of

#: Fewer ids say nothing about a route.
FEWEST = 30
#: Who finds somebody with every hundredth try walks; who needs up to a thousand million tries, guesses.
WALKS, GUESSES = 0.01, 1e-9

#: Entropies and guessers look at so many ids; runs of numbers look at all.
_LOOKED_AT = 100_000


class Seen(msgspec.Struct, kw_only=True):
    """The ids of one route with how often each worked, and what else is known of the route."""

    surface: str
    route: str
    uses: dict[str, int]
    population: float | None = None
    reuse: Reuse | None = None
    requests: int = 0
    missed: int = 0
    refused: int = 0
    left_out: int = 0


def measure(seen: Seen, until: float) -> RouteIds:
    """Return what the ids of a route give away; there is at least one. `until` is the latest time an id can be of."""
    ids = list(seen.uses)
    some = ids[:: -(-len(ids) // _LOOKED_AT)]
    numbers = numbers_in(ids)
    shape = shape_of(some, numbers)
    people = people_of(Counter(seen.uses.values()), seen.population)
    clock = clock_of(
        some, numbers.values if numbers is not None and not numbers.hidden else (), until
    )
    guesses = guesses_of(some, numbers, people)
    verdict, why = _verdict(len(ids), shape, clock, guesses)
    return RouteIds(
        surface=seen.surface,
        route=seen.route,
        ids=len(ids),
        people=people,
        requests=seen.requests,
        missed=seen.missed,
        refused=seen.refused,
        left_out=seen.left_out,
        shape=shape,
        order=order_of(numbers.values) if numbers is not None else None,
        clock=clock,
        bits=bits_of(some, shape.usual),
        guesses=guesses,
        reuse=seen.reuse,
        verdict=verdict,
        why=why,
        advice=list(_advice(verdict, seen.reuse)),
    )


def _verdict(
    count: int, shape: Shape, clock: Clock | None, guesses: Sequence[Guess]
) -> tuple[Verdict, str]:
    if count < FEWEST:
        return "few", f"{count} ids were seen, and {FEWEST} are needed to tell"
    best = max(guesses, key=lambda guess: guess.chance)
    if best.chance >= WALKS:
        return "walkable", f"one try in {1 / best.chance:,.0f} finds somebody ({best.how})"
    if shape.kind == "name":
        return "named", "the ids are words or names, and lists of names are easy to come by"
    if best.chance >= GUESSES:
        return "guessable", f"{_found(best.chance)} ({best.how})"
    rest = "no guess found anybody"
    if best.bits:
        rest = f"a guess finds somebody with a chance of 1 in 2^{best.bits:.0f}"
    if clock is not None:
        return "dated", f"each id tells when it was made ({clock.format}); {rest}"
    return "opaque", rest


def _found(chance: float) -> str:
    many, word = (1e6, "a million") if chance >= 1e-6 else (1e9, "a thousand million")
    return f"{word} tries find about {chance * many:,.0f} people"


def _advice(verdict: Verdict, reuse: Reuse | None) -> Iterator[str]:
    if verdict in OPEN:
        yield "Give each viewer ids of their own: himaya.ids, in Django {% himaya_link %} (docs/ids.md)."
        yield "Until then a budget for each account and address bounds what a walk obtains."
    if verdict == "named":
        yield "Where people want to be found by name, keep the name for those who chose so."
    if verdict == "dated":
        yield "Random ids (UUID, version 4) or himaya.ids keep the age of an account to the site."
    if verdict == "few":
        yield "Give it more of the log."
    if reuse is not None and reuse.by_several:
        yield (
            "Ids that work for every viewer can be collected by one account and used by another;"
            " ids of himaya.ids work for one viewer, and only for a while."
        )
