"""The question to the ledger: weeks, cohorts, look-ups and groups of one period, of one moment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import ibis
import ibis.expr.types as ir
import msgspec

from himaya.analysis.bound.versions import Versions, read_versions
from himaya.analysis.weekly.groups import largest, read_cases
from himaya.analysis.weekly.result import ALL, COHORTS, Looked, Reached, Week, Weekly, share
from himaya.core.policy import Policy
from himaya.ledger import queries as q
from himaya.ledger.answers import Period, Unobserved
from himaya.ledger.names import FOREVER
from himaya.ledger.reader import Reader
from himaya.ledger.schema import DAY_S, iso, micros, week_name
from himaya.ledger.state import State

_WEEK = 7 * DAY_S * 1_000_000
#: Week 0 began on Monday, 29 December 1969.
_FIRST = -3 * DAY_S * 1_000_000

NOTE = (
    "These are distinct people, not weighted; somebody who was erased and shown again counts twice. New is who is in no"
    " earlier row that is kept. Caches, undeclared routes and unobserved periods are in no figure."
)

#: Figures per week and cohort.
_Found = dict[tuple[int, str], dict[str, Any]]


class _Answers(msgspec.Struct):
    """What the ledger answered: unions, newly shown people and look-ups by week and cohort; unobserved periods."""

    unobserved: list[Unobserved]
    union: _Found = {}
    newly: _Found = {}
    looked: list[dict[str, Any]] = []


def weekly(reader: Reader, start: int = 0, end: int = FOREVER, *, population: int = 0) -> Weekly:
    """Return the report of the weeks between `start` and `end` (microseconds; `end` is not in it).

    `population` is how many people the site shows, 0 to take what the newest configuration of the period says.
    Raises LedgerError, and ServiceError when the cases beside the ledger cannot be read.
    """
    versions, cases = read_versions(reader, start, end), read_cases(reader)
    canaries = reader.canaries()
    people = population or max((v.config.site.population for v in versions.used), default=0)

    def question(rows: ir.Table, state: State) -> Weekly:
        span = reader.table(q.extent(q.within(rows, start, end))).to_pylist()[0]
        if span["first"] is None:
            return Weekly(Period("", ""), people, (), (), state.retention, NOTE)
        first, last = span["first"], min(span["last"], end - 1)
        rows = q.without(rows, canaries)
        found = _ask(reader, q.within(rows, 0, end), versions, start)
        numbers = range(_number(first), _number(last) + 1)
        weeks = tuple(_week(n, found, people, (max(first, start), last)) for n in numbers)
        groups = largest(reader, q.within(rows, start, end), cases, people)
        return Weekly(Period(iso(first), iso(last)), people, weeks, groups, state.retention, NOTE)

    return reader.ask(question)


def _number(time: int) -> int:
    return (time - _FIRST) // _WEEK


def _ask(reader: Reader, rows: ir.Table, versions: Versions, start: int) -> _Answers:
    """Ask for every cohort and for all together; who is new depends on what was before `start`, too."""
    known = q.cohorts(rows, versions.new_ages(), Policy().new_account_s)
    surfaces = (s for version in versions.used for s in version.surfaces.values())
    lookups = {surface.id for surface in surfaces if surface.kind == "lookup"}
    answers = _Answers(reader.unobserved(start))
    for table in (known, known.mutate(cohort=ibis.literal(ALL))):
        inside = q.within(table, start, FOREVER)
        answers.union |= _by_week(reader, q.union_by_week(inside))
        answers.newly |= _by_week(reader, q.newly_by_week(table, start))
        answers.looked += reader.table(q.lookups_by_week(inside, lookups)).to_pylist()
    return answers


def _by_week(reader: Reader, expression: ir.Table) -> _Found:
    rows = reader.table(expression).to_pylist()
    return {(row["week"], row["cohort"]): row for row in rows}


def _week(number: int, found: _Answers, population: int, covered: tuple[int, int]) -> Week:
    """Return one week; `covered` are the first and the last moment that the rows speak of."""
    begin, end = _FIRST + number * _WEEK, _FIRST + (number + 1) * _WEEK
    return Week(
        week=week_name(begin // (DAY_S * 1_000_000)),
        period=Period(iso(begin), iso(end)),
        partial=begin < covered[0] or covered[1] < end - 1_000_000,
        reached=tuple(_reached(number, found, population)),
        looked=tuple(_looked(number, found)),
        unobserved=tuple(gap for gap in found.unobserved if _touches(gap, begin, end)),
    )


def _touches(gap: Unobserved, begin: int, end: int) -> bool:
    first, last = (micros(datetime.fromisoformat(at).timestamp()) for at in (gap.start, gap.end))
    return first < end and last > begin


def _reached(number: int, found: _Answers, population: int) -> Iterator[Reached]:
    for cohort in COHORTS:
        row = found.union.get((number, cohort))
        if row is None or not (row["people"] or row["unattributed"]):
            continue
        newly = found.newly.get((number, cohort), {"people": 0})["people"]
        people = row["people"]
        yield Reached(cohort, people, newly, share(people, population), row["unattributed"])


def _looked(number: int, found: _Answers) -> Iterator[Looked]:
    rows = [row for row in found.looked if row["week"] == number]
    for row in sorted(rows, key=lambda row: (COHORTS.index(row["cohort"]), row["surface"])):
        hits, missed = row["found"], row["missed"]
        rate = share(missed, hits + missed)
        yield Looked(row["cohort"], row["surface"], hits, missed, rate, row["unread"])
