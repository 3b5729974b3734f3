"""What an import found: names of actors and networks, with the time they were seen; and its bounds."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from himaya.config.bounded import read_bounded
from himaya.core.errors import InputError
from himaya.ledger.names import parse_actor
from himaya.ledger.reader import Reader
from himaya.ledger.schema import FACETS, Kind

#: Bytes of a file, and names in it: what is larger is imported in parts.
MOST_BYTES, MOST_NAMES = 64 << 20, 100_000


class Found(msgspec.Struct):
    """Names as `himaya who` takes them (`address:...`, `prefix:...`, `account:...`), in order, each once.

    `start` and `end` are the first and last time that was told, microseconds, 0 for none. `about` says in words what
    was found; `entries` are the lines or alerts it was found in, `unusable` those that name nobody.
    """

    names: dict[str, None] = {}
    start: int = 0
    end: int = 0
    about: list[str] = []
    entries: int = 0
    unusable: int = 0

    def add(self, facet: str, value: str) -> None:
        """Take one name. Raises InputError: it is none, or there are too many."""
        column, name = parse_actor(f"{facet}:{value}")
        self.names[f"{column}:{name}"] = None
        if len(self.names) > MOST_NAMES:
            raise InputError(f"more than {MOST_NAMES:,} indicators; import the file in parts")

    def seen(self, *times: int) -> None:
        """Widen the period to these times."""
        told = [time for time in times if time]
        if told:
            self.start = min([*told, *([self.start] if self.start else [])])
            self.end = max([*told, self.end])


class Known(msgspec.Struct, frozen=True):
    """What of it this ledger knows: actors and further facets (surrogates), and how many names it does not know."""

    actors: list[int]
    facets: list[int]
    unknown: int


def known(reader: Reader, found: Found) -> Known:
    """Return what the ledger knows of these names; an address is an actor where nobody was signed in."""
    actors = reader.identities.find_all(Kind.ACTOR, found.names)
    facets: dict[int, str] = {}
    for column, kind in FACETS.items():
        texts = [one.partition(":")[2] for one in found.names if one.startswith(f"{column}:")]
        if texts:
            facets.update(
                {
                    n: f"{column}:{text}"
                    for n, text in reader.identities.find_all(kind, texts).items()
                }
            )
    named = {*actors.values(), *facets.values()}
    return Known(sorted(actors), sorted(facets), len(found.names) - len(named))


def read(path: Path) -> bytes:
    """Return the bytes of a file to import. Raises InputError."""
    return read_bounded(path, MOST_BYTES, hint="import it in parts")


def fresh_id(now: int) -> str:
    """Return the id of a new case; `now` is microseconds."""
    return f"c-{datetime.fromtimestamp(now / 1e6, UTC):%Y%m%d}-{secrets.token_hex(3)}"
