"""Why a line without a row has none."""

from __future__ import annotations

import json

from tests.ledger.making import DAY, NOON, disclosed
from tests.watch.reconcile.making import CONFIG, listed, view


def test_perhaps_ones_own_profile_is_unclear(case):
    """Where the log names nobody and the person's account was at that address that day, the line is unclear."""
    case.write(disclosed(NOON, "anna", "ben"))
    own = view(NOON + 60, "/u/anna", "-")
    said = case.compare(own)
    assert said["holds"]
    assert "own profile" in said["unclear"][0]["why"]
    case.compare(own, words=("--strict",), code=1)
    elsewhere = view(NOON + 60, "/u/anna", "-", address="198.51.100.1")
    assert case.compare(elsewhere, code=1)["sums"]["missing"] == 1


def test_an_answer_that_may_have_been_redacted_is_unclear(case):
    """A surface that may be shown without every field can leave no row; in shadow mode nothing is withheld."""
    case.write()
    assert "taken out" in case.compare(view(NOON, "/card/anna"))["unclear"][0]["why"]
    (case.path / "himaya.toml").write_text(CONFIG.replace("enforce", "shadow"))
    assert case.compare(view(NOON, "/card/anna"), code=1)["sums"]["missing"] == 1


def test_a_listing_behind_a_door_that_reads_nothing_is_missing(case):
    """Where no door reads answers every one leaves a row, so a listing without one is missing."""
    case.write(listed(NOON + 0.5, unattributed=20, source="authority"))
    page = view(NOON, "/search?q=a")
    assert case.compare(page, page, code=1)["sums"]["missing"] == 1


def test_a_recorded_gap_explains(case):
    """A line in a period the ledger calls unobserved is explained by that period, and does not fail."""
    gap = (NOON - 10, NOON + 10, "the gate was down", "profile")
    case.write(gaps=(gap,))
    said = case.compare(view(NOON, "/u/anna"))
    assert (said["sums"]["explained"], said["sums"]["missing"]) == (1, 0)
    (period,) = said["explained"]
    assert (period["why"], period["surface"], period["lines"]) == (
        "the gate was down",
        "profile",
        1,
    )
    assert case.compare(view(NOON + 60, "/u/anna"), code=1)["sums"]["missing"] == 1
    assert case.compare(view(NOON, "/find?phone=1"), code=1)["sums"]["missing"] == 1


def test_the_youngest_lines_are_pending(case):
    """Lines of the last ten minutes before the ledger's end may still get a row."""
    case.write()
    end = NOON + 3 * DAY
    case.log.write_text(view(end - 700, "/u/anna") + view(end - 500, "/u/anna"))
    sums = json.loads(case.run("--json", code=1))["sums"]
    assert (sums["missing"], sums["pending"]) == (1, 1)
