"""The matcher of `himaya reconcile`, against one that tries everything."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from himaya.watch.reconcile.asked import Line
from himaya.watch.reconcile.days import Days
from himaya.watch.reconcile.match import assign
from himaya.watch.reconcile.passes import match_exactly
from himaya.watch.reconcile.units import Unit

DAY = 86_400.0
_spans = st.tuples(st.integers(0, 30), st.integers(0, 8)).map(
    lambda s: (float(s[0]), float(sum(s)))
)


def _most(points, spans):
    """Return how many pairs there can be: augmenting paths, the textbook way."""
    owner: dict[int, int] = {}

    def find(point: int, seen: set[int]) -> bool:
        for index, (low, high) in enumerate(spans):
            if low <= points[point] <= high and index not in seen:
                seen.add(index)
                if index not in owner or find(owner[index], seen):
                    owner[index] = point
                    return True
        return False

    return sum(find(point, set()) for point in range(len(points)))


@given(
    st.lists(st.integers(0, 40).map(float), max_size=9).map(sorted), st.lists(_spans, max_size=9)
)
def test_as_many_pairs_as_there_can_be(points, spans):
    """Every pair fits in time, no span is taken twice, and no other choice makes more pairs."""
    taken = assign(points, spans)
    pairs = [(point, index) for point, index in zip(points, taken, strict=True) if index >= 0]
    assert len({index for _, index in pairs}) == len(pairs)
    assert all(spans[index][0] <= point <= spans[index][1] for point, index in pairs)
    assert len(pairs) == _most(points, spans)


def _line(at: float) -> Line:
    return Line(at, "a.log", 1, "profile", "anna", 7, "account", 3, 5, "account:u1")


class _Kept:
    """Stands for the ledger: one actor's rows of one person, with how far a line may be."""

    def __init__(self, rows):
        self.rows, self.read = rows, 0

    def between(self, start, end):
        found = [(at, slack) for at, slack in self.rows if start <= at < end]
        self.read += len(found)
        return [
            Unit(at, at - slack, at + slack, "profile", 7, 3, 0, 5, "proxy") for at, slack in found
        ]


_keys = st.tuples(
    st.integers(0, 20).map(float), st.integers(1, 2), st.integers(1, 2), st.sampled_from("ab")
)


@given(st.lists(_keys, max_size=9).map(sorted), st.lists(_keys, max_size=9))
def test_only_equal_people_actors_and_surfaces_meet(asked, told):
    """With many people, actors and surfaces at once as many pairs are made as a matcher of everything makes."""
    lines = [
        Line(at, "", n, s, "x", p, "account", w, 5, "") for n, (at, p, w, s) in enumerate(asked)
    ]
    units = [Unit(at, at - 2, at + 2, s, p, w, 0, 5, "proxy") for at, p, w, s in told]
    numbers = {key: 1000.0 * n for n, key in enumerate(dict.fromkeys(one[1:] for one in told))}
    # Each key far from the others in time: then time alone decides, as in the reference.
    points = [at + numbers.get(tuple(key), -1e6) for at, *key in asked]
    spans = [(at - 2 + numbers[tuple(key)], at + 2 + numbers[tuple(key)]) for at, *key in told]
    assert match_exactly(lines, units) == _most(points, spans)
    assert sum(line.taken for line in lines) == sum(unit.taken for unit in units)


def test_a_long_log_is_not_held():
    """A day is decided ten minutes into the next one: no more lines than that are in memory."""
    read: list[float] = []

    def lines():
        for hour in range(24 * 5):
            read.append(hour * 3600.0)
            yield _line(hour * 3600.0)

    for day in Days(_Kept([]), 2.0, 7.0, frozenset()).of(lines()):
        if day.lines:
            assert read[-1] <= day.lines[-1].at + 2 * 3600


def test_lines_out_of_order_at_midnight_are_kept():
    """A line written minutes late, after the first one of the next day, is compared like any other."""
    lines = [_line(DAY + 5), _line(DAY - 2), _line(4 * DAY)]
    days = list(Days(_Kept([(DAY - 2, 2.0)]), 2.0, 7.0, frozenset()).of(lines))
    assert [line.at for day in days for line in day.lines] == [DAY - 2, DAY + 5, 4 * DAY]
    assert sum(day.exact for day in days) == 1


_near_midnight = st.integers(-20, 20).map(lambda s: 20 * DAY + s)
_times = st.one_of(_near_midnight, _near_midnight.map(lambda at: at + DAY))


@given(
    st.lists(_times, min_size=1, max_size=8).map(sorted),
    st.lists(st.tuples(_times, st.sampled_from([2.0, 9.0])), max_size=8),
)
def test_days_one_by_one_are_as_good_as_all_at_once(lines, rows):
    """Reading a day at a time loses no pair at midnight, reads no row twice, and accounts for every row once."""
    kept = _Kept(rows)
    days = list(Days(kept, 2.0, 7.0, frozenset()).of(map(_line, lines)))
    assert sum(day.exact for day in days) == _most(
        lines, [(at - slack, at + slack) for at, slack in rows]
    )
    assert [line.at for day in days for line in day.lines] == lines
    within = [at for at, _ in rows if lines[0] - 2 <= at <= lines[-1] + 2]
    gone = [unit.at for day in days for unit in day.gone]
    matched = sum(day.exact for day in days)
    assert kept.read <= len(rows)
    assert len(gone) <= len(within) <= len(gone) + matched
