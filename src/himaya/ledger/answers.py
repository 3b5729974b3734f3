"""What `who` answers: people and fields, what the ledger cannot speak for, and how long it keeps rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from himaya.ledger.schema import CERTAINTIES, iso, split_fields
from himaya.ledger.state import State

_STRENGTH = {name: rank for rank, name in enumerate(CERTAINTIES)}


class Period(msgspec.Struct, frozen=True, rename={"start": "from", "end": "to"}):
    """From and to, ISO 8601 UTC; "" where the ledger holds nothing yet."""

    start: str
    end: str


class Unobserved(msgspec.Struct, frozen=True, rename={"start": "from", "end": "to"}):
    """A period in which disclosures may have gone unseen, and why."""

    start: str
    end: str
    why: str


class Exposed(msgspec.Struct, frozen=True):
    """What one person was shown of: `times` views between `first` and `last`, by the surest of them."""

    subject: str
    fields: list[str]
    first: str
    last: str
    times: int
    certainty: str


class Recipient(msgspec.Struct, frozen=True):
    """Who was shown a person, the same way round."""

    actor: str
    fields: list[str]
    first: str
    last: str
    times: int
    certainty: str


class WhoActor(msgspec.Struct, frozen=True):
    """Whose data an actor was shown. `people` = named subjects + `erased` ones.

    `canaries` are subjects who do not exist; they are in no other figure.
    `unattributed`: people in responses that could not be read. `misses`: look-ups that found nobody.
    """

    actor: str
    people: int
    subjects: list[Exposed]
    unobserved: list[Unobserved]
    unattributed: int
    misses: int
    erased: int
    period: Period
    retention: str
    note: str
    canaries: list[Exposed] = []


class WhoSubject(msgspec.Struct, frozen=True):
    """To whom a person's data was shown. `count` = named actors + `erased` ones. `canary`: nobody real is meant."""

    subject: str
    count: int
    actors: list[Recipient]
    unobserved: list[Unobserved]
    erased: int
    period: Period
    retention: str
    note: str
    canary: bool = False


class ExposedBy(msgspec.Struct, frozen=True):
    """Whose data a set of actors was shown, of whom the ledger knows `actors`.

    `people` = named subjects + `erased` ones.
    """

    actors: int
    people: int
    subjects: list[Exposed]
    erased: int
    unobserved: list[Unobserved]
    period: Period
    retention: str


class SeenBy(msgspec.Struct, frozen=True):
    """To whom the data of a set of people was shown, of whom the ledger knows `subjects`.

    `count` = named actors + `erased` ones.
    """

    subjects: int
    count: int
    actors: list[Recipient]
    erased: int
    unobserved: list[Unobserved]
    period: Period
    retention: str


class Shown(msgspec.Struct, frozen=True):
    """How many distinct `people` a surface showed on a UTC day, and in how many `rows`."""

    day: str
    surface: str
    people: int
    rows: int


class Place(msgspec.Struct, frozen=True):
    """A network that an actor came from: `times` rows of the ledger between `first` and `last`."""

    network: str
    first: str
    last: str
    times: int


class Neighbour(msgspec.Struct, frozen=True):
    """Another actor that came from some of these networks, and which."""

    actor: str
    networks: list[str]
    first: str
    last: str
    times: int


class WhoBeside(msgspec.Struct, frozen=True):
    """Which networks an actor came from, and who else did. `count` = named others + `erased` ones."""

    actor: str
    networks: list[Place]
    count: int
    others: list[Neighbour]
    unobserved: list[Unobserved]
    erased: int
    period: Period
    retention: str
    note: str


class Summary(msgspec.Struct):
    """Rows of one subject or actor, added up."""

    fields: set[str]
    first: int
    last: int
    times: int
    certainty: str

    def add(self, row: Mapping[str, Any]) -> None:
        """Add one grouped row of `queries.exposure`."""
        self.fields.update(split_fields(row["fields"]))
        self.first, self.last = min(self.first, row["first"]), max(self.last, row["last"])
        self.times += row["times"]
        if _STRENGTH.get(row["certainty"], -1) > _STRENGTH.get(self.certainty, -1):
            self.certainty = row["certainty"]

    def words(self) -> dict[str, Any]:
        """Return the summary as the answer writes it."""
        return {
            "fields": sorted(self.fields),
            "first": iso(self.first),
            "last": iso(self.last),
            "times": self.times,
            "certainty": self.certainty,
        }


def summarise(rows: Iterable[Mapping[str, Any]], by: str) -> dict[int, Summary]:
    """Return one summary per surrogate in column `by`."""
    found: dict[int, Summary] = {}
    for row in rows:
        if row[by] not in found:
            found[row[by]] = Summary(set(), row["first"], row["last"], 0, "")
        found[row[by]].add(row)
    return found


def erased_words(count: int, one: str = "person", many: str = "people") -> str:
    """Return how counts speak of those who were erased, everywhere.

    >>> erased_words(2)
    '2 erased people, cannot be named'
    """
    return f"{count} erased {one if count == 1 else many}, cannot be named"


def period(span: Mapping[str, Any]) -> Period:
    """Return a row of `queries.span` as a period."""
    if span["first"] is None:
        return Period("", "")
    return Period(iso(span["first"]), iso(max(span["last"], span["first"])))


def note(found: int, about: str, period: Period, gaps: int, state: State) -> str:
    """Return the sentence that goes with every answer: what it covers, and what it cannot speak for."""
    kept = state.retention
    if not period.start:
        return f"The ledger holds no rows now, so it says nothing about {about}; {kept}."
    covered = f"what it observed from {period.start} to {period.end}"
    start = f"This is {covered}" if found else f"The ledger knows nothing of {about} in {covered}"
    holes = {0: "no unobserved period is recorded in it", 1: "1 unobserved period is listed"}
    rest = holes.get(gaps, f"{gaps} unobserved periods are listed")
    gone = "; names that were erased are not found" if state.erased else ""
    return f"{start}; {rest}; {kept}{gone}. It cannot speak for anything outside."
