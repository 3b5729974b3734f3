"""From when to when a ledger speaks: lines before and after it are not compared."""

from __future__ import annotations

from typing import Any

import ibis.expr.types as ir

from himaya.ledger import queries as q
from himaya.ledger.lock import GATE_SLOT, heartbeat, holders
from himaya.ledger.names import parse_time
from himaya.ledger.reader import Reader
from himaya.ledger.schema import DAY_S
from himaya.ledger.state import State


def observed(reader: Reader) -> tuple[float, float]:
    """Return the first and last moment (epoch seconds) that a ledger can speak for. Raises LedgerError.

    It begins with the first start of its writer, or with its first row where old logs were read into it, but never in
    days whose rows retention took. It ends with the writer's last sign of life; of old logs, with the last row.
    """

    def question(rows: ir.Table, state: State) -> tuple[dict[str, Any], State]:
        return _span(reader, rows), state

    span, state = reader.ask(question)
    began = parse_time(state.began) / 1e6 if state.began else 0.0
    first = span["first"] / 1e6 if span["first"] is not None else began
    last = span["last"] / 1e6 if span["last"] is not None else began
    floor = float(max(state.removed, state.archived) * DAY_S)
    end = last if last < began else max(last, _last_sign(reader, state))
    return max(min(began, first), floor), end


def _span(reader: Reader, rows: ir.Table) -> dict[str, Any]:
    found: dict[str, Any] = reader.table(q.span(rows)).to_pylist()[0]
    return found


def _last_sign(reader: Reader, state: State) -> float:
    """Return when the gate was last up to date; without one, the slowest of those who have the ledger open.

    When nobody has, the last closing or sign of life counts.
    """
    beats = {one.slot: one.beat for one in holders(reader.layout) if one.beat}
    if beats:
        return beats.get(GATE_SLOT, min(beats.values()))
    closed = parse_time(state.closed) / 1e6 if state.closed else 0.0
    left = (heartbeat(reader.layout, slot) or 0.0 for slot in state.writers)
    return max(closed, *left, 0.0)
