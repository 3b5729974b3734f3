"""The questions of a ledger, each timed beside the baseline: distinct subjects of all rows of the same files."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
from tools.bench.ledger_rows import FIRST_DAY, World
from tools.bench.results import Row, figure

from himaya.analysis.attribution.measure import measure
from himaya.ledger import queries as q
from himaya.ledger.moment import Moment
from himaya.ledger.orders import Order
from himaya.ledger.reader import Reader
from himaya.ledger.schema import DAY_S

_DAY_US = DAY_S * 1_000_000
_LEAK = 1_000_000
_ORDERS: tuple[Order, Order] = ("actor", "subject")


@dataclass(frozen=True)
class Question:
    """What is asked, and how long it may take in times of the baseline: `reach` is the goal, `stretch` in brackets."""

    what: str
    ask: Callable[[], object]
    reach: float = 0.0
    stretch: float = 0.0


def measure_questions(world: World, directory: Path, runs: int) -> list[Row]:
    """Return the time of every question over that of the baseline, and the noise floor: the baseline over itself."""
    with Reader.open(directory) as reader:
        baseline = _baseline(reader)
        baseline()
        spent = [(_seconds(baseline), _seconds(baseline)) for _ in range(runs)]
        floor = [two / one for one, two in spent]
        rows = [
            Row(
                "baseline: count(distinct subject)", statistics.median(one for one, _ in spent), "s"
            ),
            Row(
                "noise floor: baseline over itself",
                statistics.median(floor),
                "x",
                detail=_range(floor),
            ),
        ]
        for question in _questions(world, reader):
            rows += _rows(question, baseline, runs)
    return rows


def _rows(question: Question, baseline: Callable[[], object], runs: int) -> list[Row]:
    first = _seconds(question.ask)
    pairs = [(_seconds(question.ask), _seconds(baseline)) for _ in range(runs)]
    ratios = [mine / theirs for mine, theirs in pairs]
    ratio = statistics.median(ratios)
    seconds = statistics.median(mine for mine, _ in pairs)
    said = (
        f"{_range(ratios)}; {figure(seconds * 1000)} ms, the first time {figure(first * 1000)} ms"
    )
    aim = f"<= {question.reach} x ({question.stretch})" if question.reach else ""
    return [Row(question.what, ratio, "x", aim, ratio <= question.reach if aim else None, said)]


def _questions(world: World, reader: Reader) -> list[Question]:
    random = np.random.default_rng(9)
    actors = random.choice(world.actor, min(1000, world.actors // 10), replace=False).tolist()
    leak = random.choice(world.subject, min(_LEAK, world.people // 2), replace=False).tolist()
    person, start = int(world.subject[min(1000, world.people // 2)]), FIRST_DAY * _DAY_US
    ever = (start, start + 40 * _DAY_US)
    week = (start + 7 * _DAY_US, start + 14 * _DAY_US)

    def exposed(window: tuple[int, int]) -> Callable[[], object]:
        return lambda: _ask(
            reader, "actor", window, lambda r: q.exposure(q.any_of(r, "actor", actors), "subject")
        )

    def seen() -> object:
        return _ask(
            reader, "subject", ever, lambda r: q.exposure(q.facet(r, "subject", person), "actor")
        )

    def leaked() -> object:
        return _ask(
            reader, "subject", ever, lambda r: q.people_per_actor(q.any_of(r, "subject", leak), ())
        )

    def compared() -> object:
        """Compare as `himaya attribute` does, for actors who may account for a fifth of the file."""

        def question(moment: Moment) -> object:
            rows, by_subject = (q.people(moment.rows(order), ()) for order in _ORDERS)
            file = pa.array(leak, pa.int64())
            return measure(reader, rows, file, len(leak) // 5, by_subject=by_subject)

        return reader.at_once(question)

    return [
        Question(f"exposed by {len(actors):,} actors", exposed(ever), 0.5, 0.1),
        Question(f"exposed by {len(actors):,} actors in one week", exposed(week)),
        Question("who saw one person", seen, 0.05, 0.01),
        Question(f"compare a file of {len(leak):,} people", compared, 5, 1),
        Question("the same people beside all rows: plain join", leaked),
        Question("what the ledger holds, from when to when", lambda: reader.status(0.0)),
        Question("people per surface and day", reader.people_per_surface_per_day),
    ]


def _ask(
    reader: Reader,
    order: Order,
    window: tuple[int, int],
    expression: Callable[[ir.Table], ir.Table],
) -> object:
    """Ask as the product does: the chain is read, files and copies are chosen, gaps and period go with the answer."""

    def question(moment: Moment) -> object:
        rows = q.within(moment.rows(order, *window), *window)
        found = reader.table(expression(rows))
        return found, reader.holes(moment, *window), reader.period_of(moment)

    return reader.at_once(question)


def _baseline(reader: Reader) -> Callable[[], object]:
    return lambda: reader.at_once(lambda moment: reader.table(_distinct(moment.rows())))


def _distinct(rows: ir.Table) -> ir.Table:
    return rows.aggregate(people=rows.subject.nunique())


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _range(ratios: list[float]) -> str:
    return f"{figure(min(ratios))} to {figure(max(ratios))}"
