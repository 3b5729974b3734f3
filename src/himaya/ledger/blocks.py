"""Blocks that people decided, in the chain: what was kept out, why, at whose cost, and how it ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from himaya.ledger import entries as e
from himaya.ledger.identities import Wanted
from himaya.ledger.reader import Reader
from himaya.ledger.schema import FACETS, MAX_NAME, bounded, day_of, iso, micros

#: Places in one entry; a decision about more is several entries.
_MOST = 1000


class Blocking(msgspec.Struct, frozen=True, kw_only=True):
    """A decision about some places. Times are epoch seconds; `case` is "" for an operator's own."""

    places: tuple[e.Place, ...]
    why: str
    by: str
    start: float
    until: float
    case: str = ""


def surrogates_of(
    reader: Reader, places: Mapping[tuple[str, str], float]
) -> dict[tuple[str, str], int]:
    """Return the surrogate of each place (column address or prefix, and name), made when there is none.

    The values of `places` are until when (epoch seconds) each is kept at least. Raises LedgerError.
    """
    wanted: Wanted = {}
    for (column, name), until in places.items():
        kind, text = FACETS[column], bounded(name, MAX_NAME)
        wanted.setdefault(kind, {})[text] = day_of(micros(until))
    reader.identities.resolve(wanted)
    return {
        (column, name): reader.identities.cache(FACETS[column])[bounded(name, MAX_NAME)][0]
        for column, name in places
    }


def record(reader: Reader, told: Blocking) -> None:
    """Append to the chain that places are blocked from now on. Raises LedgerError; then nothing may be."""
    seal = reader.keys.seal_text
    for at in range(0, len(told.places), _MOST):
        reader.chain.append(
            e.Blocked(
                at=iso(micros(told.start)),
                places=told.places[at : at + _MOST],
                why=seal(told.why),
                by=seal(told.by),
                start=micros(told.start),
                until=micros(told.until),
                case=told.case,
            )
        )


def record_lifted(reader: Reader, blocks: Iterable[str], *, why: str, by: str, now: float) -> None:
    """Append to the chain that blocks ended before their time. Raises LedgerError."""
    seal = reader.keys.seal_text
    named = list(blocks)
    for at in range(0, len(named), _MOST):
        ids = tuple(named[at : at + _MOST])
        reader.chain.append(e.Lifted(at=iso(micros(now)), ids=ids, why=seal(why), by=seal(by)))
