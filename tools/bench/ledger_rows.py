"""Made-up rows of a ledger, a day at a time, made with numpy: a million actors, listings in bursts, people by Zipf.

What costs bytes in a file is like on a site: surrogates are random 63-bit numbers, an actor has a few visits a day,
a visit has one session, address, fingerprint and age, and shows listings of up to 24 people and single profiles.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from himaya.ledger.schema import SCHEMA

_DAY_US = 86_400_000_000
#: 2025-06-01, in days since 1970.
FIRST_DAY = 20_240
_CLASSES, _LATE = 300, 1_000_000

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class World:
    """Who is there: `actors` who ask, `people` who are shown; all of it follows from the seed."""

    rows: int = 100_000_000
    actors: int = 1_000_000
    people: int = 5_000_000
    days: int = 31
    seed: int = 6

    def _random(self, *more: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, *more])

    @cached_property
    def actor(self) -> Numbers:
        """Surrogates of the actors, the busiest first."""
        return _surrogates(self._random(1), self.actors)

    @cached_property
    def account(self) -> Numbers:
        """Surrogates of their accounts."""
        return _surrogates(self._random(2), self.actors)

    @cached_property
    def subject(self) -> Numbers:
        """Surrogates of the people, the most shown first."""
        return _surrogates(self._random(3), self.people)

    def tables(self) -> Iterator[pa.Table]:
        """Yield the rows of one day after the other."""
        each, rest = divmod(self.rows, self.days)
        for day in range(self.days):
            yield self.day(day, each + (day < rest))

    def day(self, number: int, rows: int) -> pa.Table:
        """Return so many rows of the day with this number, from 0, in the order of time."""
        random = self._random(4, number)
        visits = _Visits(self, random, max(rows // 24, 1), number)
        return visits.table(rows)


class _Visits:
    """The visits of a day; `table` shows people in them."""

    def __init__(self, world: World, random: np.random.Generator, count: int, day: int) -> None:
        self._world, self._random, self._count = world, random, count
        self._who = _zipf(random, world.actors, count, 0.6)
        self._start = _start(random, count, day)
        places = _surrogates(random, world.actors // 8 + 1)
        self._place = (self._who * 7 + random.integers(0, 2, count)) % len(places)
        self._about = {
            "actor": world.actor[self._who],
            "account": world.account[self._who],
            "session": _surrogates(random, count),
            "key": np.zeros(count, np.int64),
            "address": places[self._place],
            "prefix": places[self._place // 4] ^ 1,
            "asn": (self._place % 400 + 3000).astype(np.int32),
            "account_age_s": self._who % 900 * 86_400 + self._start // 1_000_000 % 86_400,
        }

    def table(self, rows: int) -> pa.Table:
        """Return exactly so many rows, as exchanges one after the other."""
        random = self._random
        listing = random.random(rows) < 0.25
        sizes = np.where(listing, random.integers(2, 25, rows), 1)
        ends = np.cumsum(sizes)
        exchanges = int(np.searchsorted(ends, rows)) + 1
        sizes, listing = sizes[:exchanges], listing[:exchanges]
        sizes[-1] -= ends[exchanges - 1] - rows
        visit = random.integers(0, self._count, exchanges)
        time = self._start[visit] + random.integers(0, 900_000_000, exchanges)
        order = np.argsort(time)
        visit, time, listing, sizes = visit[order], time[order], listing[order], sizes[order]
        return self._rows(np.repeat(np.arange(exchanges), sizes), visit, time, listing)

    def _rows(
        self, of: Numbers, visit: Numbers, time: Numbers, listing: npt.NDArray[np.bool_]
    ) -> pa.Table:
        exchange, n = visit[of], len(of)
        about = {name: values[exchange] for name, values in self._about.items()}
        surface = np.where(listing, visit % 3, 3 + visit % 2)[of]
        shown = _zipf(self._random, self._world.people, n, 0.8)
        about |= {"time": time[of], "subject": self._world.subject[shown]}
        about |= {"status": np.full(n, 200, np.int16), "count": np.ones(n, np.int32)}
        words = {
            "kind": _words(["profile", "listing"], listing[of]),
            "surface": _words(["search", "friends", "nearby", "profile", "profile-api"], surface),
            "fields": _words(_FIELDS, surface + 5 * (shown % 7 == 0)),
            "scope": _words(["public", "members"], shown % 9 == 0),
            "fingerprint": _words(_CLASS_NAMES, self._place[exchange] % _CLASSES),
            "tier": _words(["", "gold"], self._who[exchange] % 20 == 0),
            "access": _words(["account", "paid"], self._who[exchange] % 20 == 0),
            "terms": _words(["2025-01", "2024-03"], self._who[exchange] % 3 == 0),
            "certainty": _words(["served", "partial"], shown % 50 == 0),
            "decision": _words(["allow", "throttle"], visit[of] % 200 == 0),
            "source": _words(["proxy"], np.zeros(n, np.int64)),
            "policy": _words(["0123456789abcdef"], np.zeros(n, np.int64)),
            "batch": _words(["", "batch-1"], self._who[exchange] % 1000 == 0),
        }
        return _table(words | {name: pa.array(values) for name, values in about.items()}, n)


_FIELDS = [
    "headline,name,photo",
    "name,photo",
    "city,name,photo",
    "birthday,city,email,employer,headline,name,photo,school",
    "city,employer,headline,name,phone,photo",
    "name",
    "name,photo,school",
    "city,name",
    "city,employer,name,photo",
    "employer,headline,name",
]
_CLASS_NAMES = [f"{number * 2654435761 % 2**64:016x}" for number in range(_CLASSES)]


def _surrogates(random: np.random.Generator, count: int) -> Numbers:
    return random.integers(1, 2**63, count, np.int64)


def _zipf(random: np.random.Generator, ranks: int, count: int, skew: float) -> Numbers:
    """Return ranks from 0, of which the one with number r is as likely as (r + 1) ** -skew, for skew below 1."""
    return (ranks * random.random(count) ** (1 / (1 - skew))).astype(np.int64)


def _start(random: np.random.Generator, count: int, day: int) -> Numbers:
    """Return when visits of a day begin, microseconds; most of them around the evening."""
    hour = np.clip(random.normal(0.7, 0.2, count), 0, 0.985)
    start = (FIRST_DAY + day) * _DAY_US + hour * (_DAY_US - _LATE)
    return start.astype(np.int64)


def _words(words: list[str], which: Numbers | npt.NDArray[np.bool_]) -> pa.Array:
    indices = pa.array(which.astype(np.int32))
    return pa.DictionaryArray.from_arrays(indices, pa.array(words)).cast(pa.string())


def _table(columns: dict[str, pa.Array], rows: int) -> pa.Table:
    """Return the columns in the order of the schema; those that are not there say nothing."""
    made = []
    for field in SCHEMA:
        nothing = pa.scalar("" if field.type == pa.string() else 0, field.type)
        array = columns[field.name] if field.name in columns else pa.repeat(nothing, rows)
        made.append(array.cast(field.type))
    return pa.table(made, schema=SCHEMA)
