"""Whether people of a case stand in a file that was found later: more of them than chance puts there.

Model: a file that has nothing to do with a case has its people from all whom the ledger saw shown to anybody, each as
likely as any other, so how many of them are the case's is hypergeometric. A lead, never a verdict.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import exp, log

import ibis
import ibis.expr.types as ir
import msgspec
import pyarrow as pa

from himaya.analysis.attribution.chance import Stratum, expected, holm, log_p
from himaya.ledger import queries as q
from himaya.ledger.reader import Reader
from himaya.response.cases import Case

#: Fewer people of a case than this in a file say nothing.
LEAST = 20
#: Share of the file's people that a case has to explain beyond chance, and the greatest corrected p-value.
SHARE, LEVEL = 0.2, 0.01


class Match(msgspec.Struct, frozen=True):
    """How a file fits a case: `overlap` of the case's `people` are in it, `chance` would be without a link.

    `p` is corrected for the number of cases compared. `matches`: it is more than chance, and no small part.
    """

    case: str
    people: int
    overlap: int
    chance: float
    p: float
    matches: bool


class Theirs(msgspec.Struct, frozen=True):
    """The actors of a case (surrogates), and its period, microseconds, 0: open."""

    case: str
    actors: tuple[int, ...]
    start: int
    end: int


def compare(reader: Reader, people: pa.Array, cases: Iterable[Theirs]) -> list[Match]:
    """Return how the people (surrogates) of a file fit each case, in order. Raises LedgerError."""
    wanted, known = list(cases), reader.canaries()

    def question(rows: ir.Table, _: object) -> list[tuple[int, int, Stratum]]:
        shown = q.people(rows, known)
        file = ibis.memtable(pa.table({"subject": people}))
        everybody, in_file = _both(reader, shown, file)
        found = []
        for one in wanted:
            mine = q.any_of(shown.filter(shown.time >= one.start), "actor", one.actors)
            mine = mine.filter(mine.time < one.end) if one.end else mine
            theirs, overlap = _both(reader, mine, file)
            found.append((theirs, overlap, Stratum(everybody, in_file, theirs)))
        return found

    measured = reader.ask(question)
    corrected = holm([log_p([one[2]], one[1]) for one in measured], len(measured))
    return [
        _match(one.case, *figures, logarithm)
        for one, figures, logarithm in zip(wanted, measured, corrected, strict=True)
    ]


def _both(reader: Reader, rows: ir.Table, file: ir.Table) -> tuple[int, int]:
    """Return how many people rows show, and how many of them are in the file."""
    each = rows.select("subject").distinct()
    counts = [
        reader.table(found.aggregate(n=found.count())).column("n")[0].as_py()
        for found in (each, each.semi_join(file, "subject"))
    ]
    return int(counts[0]), int(counts[1])


def _match(case: str, people: int, overlap: int, stratum: Stratum, logarithm: float) -> Match:
    chance = expected([stratum])
    enough = overlap >= LEAST and overlap - chance >= SHARE * stratum.in_file
    return Match(
        case, people, overlap, round(chance, 3), exp(logarithm), enough and logarithm <= log(LEVEL)
    )


def contradicted(case: Case, seen: int) -> list[str]:
    """Return the letters of a case whose deletion was confirmed before `seen` (microseconds)."""
    return [
        str(act.data["id"])
        for act in case.acts("reply")
        if act.data.get("answer") == "confirmed" and act.moment < seen
    ]
