"""What the ledger says of the actors of a case, for an annex: counts, times, addresses of theirs; nobody who was taken.

All counts are of one moment and equal what `himaya who` answers for the same actors and period. Canaries are in none.
"""

from __future__ import annotations

import hashlib
from typing import Any

import ibis
import ibis.expr.types as ir
import msgspec

from himaya.ledger import entries as e
from himaya.ledger import queries as q
from himaya.ledger.moment import Moment
from himaya.ledger.names import FOREVER
from himaya.ledger.reader import Reader
from himaya.ledger.schema import CLEARANCE, iso
from himaya.response.letters.circumvention import Circumvention, circumvention

#: Addresses and networks that an annex lists; their number is always complete.
MOST_PLACES = 1000
#: What the digest is made of, in this order.
_DIGESTED = (
    *("time", "kind", "surface", "actor", "access", "subject", "fields", "scope", "status"),
    *("certainty", "terms", "decision", "policy"),
)


class Part(msgspec.Struct, frozen=True):
    """One line of a count: rows, and the different people and actors in them."""

    name: str
    rows: int
    people: int
    actors: int = 0


class Place(msgspec.Struct, frozen=True):
    """An address or network that actors came from. Times are ISO 8601 UTC."""

    name: str
    rows: int
    first: str
    last: str


class Evidence(msgspec.Struct, frozen=True):
    """What was observed of the actors. Times are ISO 8601 UTC; `first` and `last` are rows.

    `rows` name a person each, `answers` are responses (rows of one time, actor and surface). `access` is one of
    anonymous (nobody signed in), account, paid, key. `terms` has one line per accepted version, "" where none is on
    record. `digest` is the SHA-256 of the rows, so that a later export of them can be compared.
    """

    case: str
    practice: bool
    actors: int
    rows: int
    people: int
    answers: int
    first: str
    last: str
    access: list[Part]
    fields: list[Part]
    surfaces: list[Part]
    days: list[Part]
    terms: list[Part]
    circumvention: Circumvention
    networks: list[Place]
    networks_in_all: int
    addresses: list[Place]
    addresses_in_all: int
    unattributed: int
    misses: int
    unobserved: list[tuple[str, str]]
    digest: str

    @property
    def signed_out(self) -> Part:
        """Return what was shown without anybody signed in."""
        return next(
            (one for one in self.access if one.name == "anonymous"), Part("anonymous", 0, 0)
        )


class About(msgspec.Struct, frozen=True):
    """Whose evidence is asked for: the case, its actors (surrogates), and the period, microseconds."""

    case: str
    actors: tuple[int, ...]
    start: int = 0
    end: int = FOREVER
    practice: bool = False


def gather(reader: Reader, about: About) -> Evidence:
    """Return the evidence about actors; whoever asks records the use. Raises LedgerError."""
    known, blocks = reader.canaries(), _blocks(reader, about.end)

    def question(moment: Moment) -> Evidence:
        rows = moment.rows("actor", about.start, about.end)
        mine = q.any_of(q.within(rows, about.start, about.end), "actor", about.actors)
        shown = q.people(mine, known)
        read = _Read(reader, shown)
        tally = _fetch(reader, q.tallies(mine))[0]
        bought = mine.filter(mine.kind == CLEARANCE)
        networks, addresses = read.places("prefix"), read.places("address")
        gaps = reader.holes(moment, about.start, about.end)
        return Evidence(
            case=about.case,
            practice=about.practice,
            actors=len(about.actors),
            **read.whole(),
            access=read.parts("access"),
            fields=read.fields(),
            surfaces=read.parts("surface"),
            days=read.days(),
            terms=read.parts("terms"),
            circumvention=circumvention(reader, shown, bought, blocks),
            networks=networks[:MOST_PLACES],
            networks_in_all=len(networks),
            addresses=addresses[:MOST_PLACES],
            addresses_in_all=len(addresses),
            unattributed=int(tally["unattributed"]),
            misses=int(tally["misses"]),
            unobserved=[(gap.start, gap.end) for gap in gaps],
            digest=read.digest(),
        )

    return reader.at_once(question)


class _Read:
    """Counts over the rows of the actors that name a person."""

    def __init__(self, reader: Reader, shown: ir.Table) -> None:
        self._reader, self._shown = reader, shown

    def whole(self) -> dict[str, Any]:
        """Return the figures of all rows together."""
        shown = self._shown
        told = _fetch(
            self._reader,
            shown.aggregate(
                rows=shown.count(),
                people=shown.subject.nunique(),
                first=shown.time.min(),
                last=shown.time.max(),
            ),
        )[0]
        answers = shown.select("time", "actor", "surface").distinct()
        times = {name: iso(told[name]) if told[name] else "" for name in ("first", "last")}
        counted = _fetch(self._reader, answers.aggregate(answers=answers.count()))[0]
        return {"rows": told["rows"], "people": told["people"], **counted, **times}

    def parts(self, column: str, rows: ir.Table | None = None) -> list[Part]:
        """Return a line per value of a column, in order."""
        shown = self._shown if rows is None else rows
        counted = shown.group_by(column).aggregate(
            rows=shown.count(), people=shown.subject.nunique(), actors=shown.actor.nunique()
        )
        found = _fetch(self._reader, counted.order_by(column))
        return [Part(str(row.pop(column)), **row) for row in found]

    def fields(self) -> list[Part]:
        """Return a line per field that was shown."""
        shown = self._shown
        each = shown.select("subject", "actor", field=shown.fields.split(",").unnest())
        named = self.parts("field", each.filter(each.field != ""))
        return [msgspec.structs.replace(one, name=one.name.replace("%2C", ",")) for one in named]

    def days(self) -> list[Part]:
        """Return a line per UTC day."""
        day = self._shown.time // (86_400 * 1_000_000)
        found = self.parts("day", self._shown.mutate(day=day))
        return [
            msgspec.structs.replace(one, name=iso(int(one.name) * 86_400_000_000)[:10])
            for one in found
        ]

    def places(self, column: str) -> list[Place]:
        """Return the addresses or networks that the actors came from, those of most rows first."""
        known = self._shown.filter(self._shown[column] != 0)
        counted = known.group_by(column).aggregate(
            rows=known.count(), first=known.time.min(), last=known.time.max()
        )
        found = _fetch(self._reader, counted.order_by([ibis.desc("rows"), column]))
        names = self._reader.named(row[column] for row in found)
        return [
            Place(
                names.get(row[column], "erased"), row["rows"], iso(row["first"]), iso(row["last"])
            )
            for row in found
        ]

    def digest(self) -> str:
        """Return the SHA-256 (hex) of the rows in order, one JSON list a line."""
        digest = hashlib.sha256()
        ordered = self._shown.select(*_DIGESTED).order_by(list(_DIGESTED))
        for batch in self._reader.table(ordered).to_batches(max_chunksize=20_000):
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                digest.update(msgspec.json.encode(row) + b"\n")
        return digest.hexdigest()


def _blocks(reader: Reader, end: int) -> dict[tuple[str, int], int]:
    """Return when each place (column, surrogate) was first blocked or challenged before `end`, from the chain.

    Times are microseconds.
    """
    found: dict[tuple[str, int], int] = {}
    for _, entry in reader.chain.lines():
        if isinstance(entry, e.Blocked) and entry.start < end:
            for place in entry.places:
                found.setdefault((place.column, place.surrogate), entry.start)
    return found


def _fetch(reader: Reader, expression: ir.Table) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = reader.table(expression).to_pylist()
    return found
