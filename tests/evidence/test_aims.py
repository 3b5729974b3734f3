"""The aims beside what was measured: met, missed, never left out."""

from __future__ import annotations

import pytest
from tests.evidence.bench_samples import replaced, sample

from himaya.bench.score.result import Truth
from himaya.evidence.bench_table import bench_markdown
from himaya.evidence.proving.aims import Aim, aim_sheet, aims
from himaya.evidence.proving.matrix import matrix


def named(result, words):
    """Return the one aim whose name has these words."""
    (found,) = [aim for aim in aims(matrix(result)) if words in aim.name]
    return found


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        (0.041, "missed"),
        (0.04, "met"),
        (0.021, "met"),
        (0.02, "stretch met"),
        (None, "not measured"),
    ],
)
def test_a_figure_is_held_against_both_aims(value, verdict):
    """What is at most the stretch meets it, at most the reach is met, anything above is missed."""
    assert Aim("people lost", value, 0.04, 0.02).verdict == verdict


def test_for_a_record_more_is_better():
    """A ledger that names nearly everybody misses an aim of everybody."""
    result = replaced(sample(), "himaya", "A9", ledger=Truth(1.0, 0.999, 1.0, 1.0))
    recall = named(result, "recall")
    assert (recall.verdict, recall.value) == ("missed", 0.999)
    assert recall.who.startswith("A9")


def test_the_worst_attacker_is_named():
    """Of all attackers the one that obtained most stands in the line, whichever it is."""
    worst = named(replaced(sample(), "himaya", "A4", share_lost=0.77, share_72h=0.77), "A1 to A10")
    assert (worst.value, worst.verdict) == (0.77, "missed")
    assert worst.who.startswith("A4")


def test_incidents_are_held_against_what_they_took():
    """Half of what an incident took undefended is a miss, however small a part of the site that is."""
    result = replaced(sample(), "none", "H4", share_lost=0.3)
    result = replaced(result, "himaya", "H4", share_lost=0.15)
    assert named(result, "part of that lost").value >= 0.5


def test_every_aim_stands_in_the_tables():
    """Page and Markdown show all lines, also those that were missed or not measured."""
    found = matrix(sample())
    sheet = aim_sheet(found)
    assert len(sheet.rows) == len(aims(found)) == 11
    markdown = bench_markdown(sample())
    assert all(row[0].text in markdown for row in sheet.rows)


@pytest.mark.parametrize("missing", ["A3", "H5", "A11"])
def test_a_line_is_measured_only_when_all_of_it_was_run(missing):
    """The worst of some attackers is not the worst of all: the lines that speak of a missing one have no figure."""
    result = sample()
    whole = {aim.name for aim in aims(matrix(result)) if aim.value is not None}
    for one in result.defences:
        one.attackers = [row for row in one.attackers if row.id != missing]
    left = {aim.name for aim in aims(matrix(result)) if aim.value is not None}
    words = {"A3": "A1 to A10", "H5": "10 % of the site", "A11": "under A11"}[missing]
    assert {name for name in whole - left if words in name}
    assert any("Ledger" in name for name in left)


def test_a_day_is_not_three():
    """A run of one day says nothing of what is lost in three."""
    result = replaced(sample(), "himaya", "A4", share_72h=None)
    assert named(result, "A1 to A10").verdict == "not measured"


def test_without_himaya_there_is_nothing_to_hold_against():
    """A run of other defences alone has no aims."""
    result = sample()
    result.defences = [one for one in result.defences if one.name != "himaya"]
    assert aims(matrix(result)) == []
