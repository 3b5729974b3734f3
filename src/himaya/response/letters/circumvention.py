"""How actors went around what should have held them: challenges, blocks, changing addresses. Measured, not judged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis.expr.types as ir
import msgspec

from himaya.ledger.reader import Reader
from himaya.ledger.schema import iso


class Circumvention(msgspec.Struct, frozen=True):
    """What was measured. `challenges_solved` bought `people_bought`.

    `blocked` of their addresses and networks were blocked or challenged; from the first of these times on
    (`blocked_at`, ISO 8601, "" for none) they were shown `people_after` people in `rows_after` rows. An actor came
    from at most `most_addresses` addresses in `most_networks` networks; `rotating` actors from more than ten addresses.
    """

    challenges_solved: int = 0
    people_bought: int = 0
    blocked: int = 0
    blocked_at: str = ""
    rows_after: int = 0
    people_after: int = 0
    most_addresses: int = 0
    most_networks: int = 0
    rotating: int = 0

    @property
    def is_any(self) -> bool:
        """Tell whether anything was measured."""
        return bool(self.challenges_solved or self.blocked or self.rotating)


#: From more addresses than this an actor counts as rotating.
ROTATING = 10


def circumvention(
    reader: Reader, shown: ir.Table, bought: ir.Table, blocks: Mapping[tuple[str, int], int]
) -> Circumvention:
    """Return what was measured in rows of the actors; `bought` are their clearances, `blocks` places by first time."""
    told = reader.table(
        bought.aggregate(solved=bought.count(), people=bought["count"].sum().fill_null(0))
    ).to_pylist()[0]
    each = shown.group_by("actor").aggregate(
        addresses=shown.address.nunique(where=shown.address != 0),
        networks=shown.prefix.nunique(where=shown.prefix != 0),
    )
    spread = reader.table(each).to_pylist()
    return Circumvention(
        challenges_solved=int(told["solved"]),
        people_bought=int(told["people"]),
        most_addresses=max((row["addresses"] for row in spread), default=0),
        most_networks=max((row["networks"] for row in spread), default=0),
        rotating=sum(row["addresses"] > ROTATING for row in spread),
        **_after(reader, shown, blocks),
    )


def _after(
    reader: Reader, shown: ir.Table, blocks: Mapping[tuple[str, int], int]
) -> dict[str, Any]:
    """Return what was shown once the first of the actors' own places was blocked."""
    used = {
        (column, number)
        for column in ("address", "prefix")
        for number in reader.table(shown.select(column).distinct()).column(column).to_pylist()
    }
    times = [at for place, at in blocks.items() if place in used]
    if not times:
        return {}
    later = shown.filter(shown.time >= min(times))
    counted = later.aggregate(rows_after=later.count(), people_after=later.subject.nunique())
    (found,) = reader.table(counted).to_pylist()
    return {"blocked": len(times), "blocked_at": iso(min(times)), **found}
