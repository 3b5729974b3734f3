"""Lines and rows of the same person, actor and surface."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ledger.making import NOON, disclosed
from tests.watch.reconcile.making import view
from tests.watch.reconcile.reference import most

from himaya.ledger.erasure import forget
from himaya.ledger.reader import Reader
from himaya.watch.reconcile.asked import Line
from himaya.watch.reconcile.passes import match_exactly
from himaya.watch.reconcile.units import Unit


def test_one_row_answers_for_one_line(case):
    """Two views need two rows: a row is used once."""
    case.write(disclosed(NOON, "u1", "anna"))
    said = case.compare(view(NOON, "/u/anna"), view(NOON + 1, "/u/anna"), code=1)
    assert (said["sums"]["matched"], said["sums"]["missing"]) == (1, 1)


@pytest.mark.parametrize("row", [{"account": "u2"}, {"subject": "ben"}, {"at": NOON + 20}])
def test_a_row_of_something_else_does_not_count(case, row):
    """A row of another actor, another person or another time answers for no line."""
    case.write(disclosed(row.get("at", NOON), row.get("account", "u1"), row.get("subject", "anna")))
    said = case.compare(view(NOON, "/u/anna"), view(NOON + 60, "/u/zoe"), code=1)
    assert said["sums"]["missing"] == 2
    assert said["sums"]["only_in_ledger"] == 1
    assert "name actors differently" in said["notices"][-1]


def test_a_log_without_accounts_is_matched_by_address(case):
    """Where the log names no account, the address of the row decides."""
    case.write(disclosed(NOON, "u1", "anna"))
    assert case.compare(view(NOON, "/u/anna", "-"))["holds"]
    other = view(NOON, "/u/anna", "-", address="198.51.100.1")
    assert case.compare(other, code=1)["sums"]["missing"] == 1


def test_a_row_that_did_not_know_the_account_fits_by_address(case):
    """A row without an account answers for a line with one, from the same address only."""
    case.write(disclosed(NOON, "", "anna"))
    assert case.compare(view(NOON, "/u/anna"))["holds"]
    case.compare(view(NOON, "/u/anna", address="198.51.100.1"), code=1)


def test_a_row_of_another_account_at_the_address_does_not_fit(case):
    """Who shares an address is not who shares a row: the account decides where both sides know it."""
    case.write(disclosed(NOON, "u2", "anna"))
    assert case.compare(view(NOON, "/u/anna"), code=1)["sums"]["missing"] == 1


def test_an_erased_name_is_no_missing_row(case):
    """A line fits a row whose person, or whose account, was forgotten; another actor's line does not."""
    case.write(disclosed(NOON, "u1", "anna"), disclosed(NOON + 60, "u2", "ben"))
    with Reader.open(case.ledger) as reader:
        for about in ({"subject": "anna"}, {"account": "u2"}):
            assert forget(reader, **about, why="t", by="t", now=NOON)
    asked = (view(NOON, "/u/anna"), view(NOON + 60, "/u/ben", "u2"))
    said = case.compare(*asked)
    assert said["sums"]["matched"] == said["sums"]["by_number"] == 2
    case.compare(view(NOON, "/u/anna", "u3"), code=1)


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
    assert match_exactly(lines, units) == most(points, spans)
    assert sum(line.taken for line in lines) == sum(unit.taken for unit in units)
