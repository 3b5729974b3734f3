"""Which people of a file are ours: every row is counted, and only surrogates stay in memory."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterable, Mapping

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from himaya.analysis.attribution.reading import Chunk, FileRows
from himaya.ledger.identities import Identities
from himaya.ledger.schema import Kind

#: Makes a hash of the value of a person's field.
Hashed = Callable[[str, str], str]
_Rows = Iterable[tuple[int, str, str]]
#: Surrogates that are kept before repeated ones are dropped.
_MOST = 2_000_000


class Counted(msgspec.Struct, frozen=True):
    """The rows of a file: `rows` = `matched` + `unmatched` + `unusable`.

    Matched: the ledger knows a person of this id. Unmatched: it does not, or not any more. Unusable: no id could be
    read. `people` are the distinct people of the matched rows, `canaries` those among them who do not exist and are
    in no other figure of people.
    """

    rows: int
    matched: int
    unmatched: int
    unusable: int
    people: int
    canaries: int


class Gathering:
    """Adds up a file: counts, and the surrogates of its people. No row that is not ours stays.

    With `hashed`, per field a function of person and value, hashes of the values of our people stay, too, in
    `values`.
    """

    def __init__(self, identities: Identities, hashed: Mapping[str, Hashed] | None = None) -> None:
        """Ask this map; the further columns of each chunk are the fields of `hashed`, in order."""
        self._identities = identities
        self._hashed = dict(hashed or {})
        self._values: dict[str, tuple[array[int], list[str]]] = {
            field: (array("q"), []) for field in self._hashed
        }
        self._matched = self._unmatched = self._unusable = 0
        self._fresh = array("q")
        self._known = pa.array([], pa.int64())

    def take(self, chunk: Chunk) -> list[int]:
        """Add some rows; return the surrogate of each usable one, 0 where nobody is known."""
        columns = [self._identities.numbers(Kind.SUBJECT, keys) for keys in chunk.keys]
        places = [
            next((at for at, number in enumerate(row) if number), 0)
            for row in zip(*columns, strict=True)
        ]
        found = [columns[place][at] for at, place in enumerate(places)]
        ours = array("q", [number for number in found if number])
        self._matched += len(ours)
        self._unmatched += len(found) - len(ours)
        self._unusable += chunk.unusable
        self._fresh.extend(ours)
        for (field, of), cells in zip(self._hashed.items(), chunk.columns, strict=False):
            subjects = (chunk.keys[place][at] for at, place in enumerate(places))
            self._remember(self._values[field], of, zip(found, subjects, cells, strict=True))
        if len(self._fresh) > _MOST:
            self._settle()
        return found

    def _remember(self, kept: tuple[array[int], list[str]], of: Hashed, rows: _Rows) -> None:
        numbers, hashes = kept
        for number, subject, cell in rows:
            if number and cell.strip():
                numbers.append(number)
                hashes.append(of(subject, cell))

    def values(self, field: str) -> pa.Table:
        """Return, per person of ours with a value in this column: `person` and `hash`, each pair once."""
        numbers, hashes = self._values[field]
        table = pa.table(
            {"person": pa.array(numbers, pa.int64()), "hash": pa.array(hashes, pa.string())}
        )
        return table.group_by(["person", "hash"]).aggregate([])

    @property
    def fields(self) -> list[str]:
        """Return the fields of which hashes were kept."""
        return list(self._hashed)

    @property
    def number(self) -> int:
        """Return how many distinct people of ours there are, canaries among them."""
        self._settle()
        return len(self._known)

    def _settle(self) -> None:
        fresh = pa.array(self._fresh, pa.int64())
        self._known = pc.unique(pa.concat_arrays([self._known, fresh]))
        self._fresh = array("q")

    def people(self, canaries: Collection[int]) -> tuple[pa.Array, pa.Array]:
        """Return the distinct people, and apart from them the canaries."""
        self._settle()
        unreal = pc.is_in(self._known, pa.array(sorted(canaries), pa.int64()))
        return self._known.filter(pc.invert(unreal)), self._known.filter(unreal)

    def counted(self, people: int, canaries: int) -> Counted:
        """Return the counts of rows, with these numbers of people and canaries."""
        rows = self._matched + self._unmatched + self._unusable
        return Counted(rows, self._matched, self._unmatched, self._unusable, people, canaries)


def gather(
    rows: FileRows, identities: Identities, hashed: Mapping[str, Hashed] | None = None
) -> Gathering:
    """Read a whole file; the further columns it takes are the fields of `hashed`. Raises InputError and LedgerError."""
    found = Gathering(identities, hashed)
    for chunk in rows.chunks():
        found.take(chunk)
    return found
