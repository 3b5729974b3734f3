#!/usr/bin/env python3
"""Measure how often `himaya attribute` names somebody for a file that came from elsewhere, and write it down.

    tools/false_attribution.py --files 510

Made-up sites with an honest crowd (people differ in popularity and keep to communities) and a few collectors; files
that were put together outside of the site, without any of its actors. Whoever is named is named wrongly. Beside it:
how often a collector is first for a file made of what it took. The result goes into the package and is printed with
every comparison.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

import msgspec

from himaya.analysis.attribution import Terms, compare
from himaya.analysis.attribution.people import Gathering
from himaya.analysis.attribution.rates import DATA, Kind, Rates
from himaya.analysis.attribution.reading import Chunk
from himaya.core.actor import Actor
from himaya.core.disclosure import Certainty, Disclosures, Shown
from himaya.ledger import Ledger
from himaya.ledger.reader import Reader

KINDS = ("popular", "uniform", "community")
FILES_PER_SITE = 15
COMMUNITIES = 20
START = 1_750_000_000.0


class Site:
    """People with a popularity and a community, and who was shown whom."""

    def __init__(self, seed: random.Random) -> None:
        self.seed = seed
        self.people = seed.choice((2000, 5000, 10_000))
        order = list(range(self.people))
        seed.shuffle(order)
        steep = seed.uniform(0.4, 1.0)
        self.weights = [1 / (1 + rank) ** steep for rank in order]
        self.members = [
            [p for p in range(self.people) if p % COMMUNITIES == c] for c in range(COMMUNITIES)
        ]
        self._all = list(accumulate(self.weights))
        self._of = [list(accumulate(self.weights[p] for p in some)) for some in self.members]

    def popular(self, count: int) -> set[int]:
        """Return people drawn by popularity."""
        return set(self.seed.choices(range(self.people), cum_weights=self._all, k=count))

    def local(self, community: int, count: int) -> set[int]:
        """Return people of one community, drawn by popularity."""
        return set(
            self.seed.choices(self.members[community], cum_weights=self._of[community], k=count)
        )

    def visitors(self, count: int) -> Iterator[tuple[str, set[int]]]:
        """Yield the honest crowd: most see dozens of people, a few hundreds; seven in ten of their community."""
        for number in range(count):
            size = min(600, int(self.seed.lognormvariate(3.3, 0.9)) + 1)
            home = self.seed.randrange(COMMUNITIES)
            yield f"u{number}", self.local(home, size * 7 // 10) | self.popular(size * 3 // 10 + 1)

    def takers(self) -> dict[str, set[int]]:
        """Return the collectors: each took between a tenth and a half of all people."""
        return {
            f"taker{n}": {*self.seed.sample(range(self.people), int(self.people * self.seed.uniform(0.1, 0.5)))}
            for n in range(3)
        }  # fmt: skip

    def outside(self, kind: str) -> set[int]:
        """Return a file that was put together elsewhere."""
        size = self.seed.randrange(100, self.people // 3)
        if kind == "popular":
            return self.popular(size)
        if kind == "community":
            return self.local(self.seed.randrange(COMMUNITIES), size) | self.popular(size // 10)
        return {*self.seed.sample(range(self.people), size)}


def shown(account: str, people: set[int], at: float) -> Disclosures:
    """Return one page with all of these people."""
    seen = tuple(Shown(f"p{one}", ("name",), Certainty.SERVED) for one in sorted(people))
    actor = Actor(account=account, address="192.0.2.1")
    where = {"surface": "u", "kind": "listing", "access": "account"}
    return Disclosures(at=at, actor=actor, status=200, shown=seen, **where)


def compared(reader: Reader, people: set[int]) -> list[str]:
    """Return who is named for a file, the first first."""
    found = Gathering(reader.identities)
    found.take(Chunk([[f"p{one}" for one in sorted(people)]], []))
    return [one.name for one in compare(reader, found, Terms()).candidates]


def play(seed: random.Random, directory: Path, rates: dict[str, list[int]]) -> None:
    """Play one site: files from elsewhere, and one of each collector."""
    site = Site(seed)
    takers = site.takers()
    with Ledger.open(directory) as ledger:
        for at, (account, people) in enumerate([*site.visitors(400), *takers.items()]):
            ledger.append(shown(account, people, START + at))
    with Reader.open(directory) as reader:
        for number in range(FILES_PER_SITE):
            kind = KINDS[number % len(KINDS)]
            rates[kind][0] += 1
            rates[kind][1] += bool(compared(reader, site.outside(kind)))
        for name, people in takers.items():
            part = {*seed.sample(sorted(people), len(people) * seed.randrange(20, 101) // 100)}
            rates["taken"][0] += 1
            rates["taken"][1] += compared(reader, part)[:1] == [f"account:{name}"]


def main() -> None:
    """Play sites until so many files were compared, and write the result."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--files", type=int, default=510)
    arguments.add_argument("--seed", type=int, default=1)
    chosen = arguments.parse_args()
    rates: dict[str, list[int]] = {kind: [0, 0] for kind in (*KINDS, "taken")}
    for number in range(-(-chosen.files // FILES_PER_SITE)):
        with tempfile.TemporaryDirectory() as directory:
            seed = random.Random(chosen.seed * 1000 + number)
            play(seed, Path(directory) / "ledger", rates)
        print(rates, flush=True)
    made = Rates(
        seed=chosen.seed,
        elsewhere=tuple(Kind(kind, *rates[kind]) for kind in KINDS),
        taken=Kind("taken", *rates["taken"]),
    )
    DATA.write_bytes(msgspec.json.format(msgspec.json.encode(made), indent=2) + b"\n")


if __name__ == "__main__":
    main()
