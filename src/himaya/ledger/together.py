"""Rows that belong to one exchange, together again: for filling windows after a restart, and for forecasts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from himaya.core.disclosure import Certainty, Disclosures, Shown
from himaya.ledger.rows import Row
from himaya.ledger.schema import CLEARANCE, MISS, SHOWING, UNATTRIBUTED

_COUNTED = frozenset({*SHOWING, MISS, UNATTRIBUTED, CLEARANCE})


def together(rows: Iterable[Row]) -> Iterator[tuple[Disclosures, int]]:
    """Yield what each exchange disclosed, and how many rows that was, from rows in the order of time.

    Unobserved periods are left out. People who were erased count as people still.
    """
    counted = (row for row in rows if row.kind in _COUNTED)
    for _, exchange in groupby(counted, key=_exchange_of):
        same = list(exchange)
        yield _disclosures(same), len(same)


def _exchange_of(row: Row) -> tuple[object, ...]:
    """Return what the rows of one exchange share; a row that names nobody stays alone."""
    alone = None if row.subject_id else id(row)
    return (row.at, row.surface, row.kind, row.actor_id, row.actor, alone)


def _disclosures(rows: list[Row]) -> Disclosures:
    row = rows[0]
    return Disclosures(
        at=row.at,
        surface=row.surface,
        kind="lookup" if row.kind.startswith("lookup") else row.kind,
        actor=row.actor,
        access=row.access,
        status=row.status,
        shown=tuple(
            Shown(
                one.subject or f"erased {one.subject_id}",
                one.fields,
                Certainty(one.certainty),
                one.version,
            )
            for one in rows
            if one.subject_id
        ),
        miss=row.kind == MISS,
        unattributed=row.count if row.kind in {UNATTRIBUTED, CLEARANCE} else 0,
        scope=row.scope,
        decision=row.decision,
        source=row.source,
        policy=row.policy,
        batch=row.batch,
        group=row.group,
    )
