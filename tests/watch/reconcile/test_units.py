"""What of the ledger one line can have left behind."""

from __future__ import annotations

from tests.ledger.making import NOON, disclosed
from tests.watch.reconcile.making import listed, view


def test_a_listing_needs_an_exchange(case):
    """A listing is one exchange, however many people it showed: two answers need two."""
    case.write(listed(NOON + 0.5, people=("a", "b", "c")), listed(NOON + 3.5, people=("a",)))
    page = view(NOON, "/search?q=a")
    assert case.compare(page, view(NOON + 3, "/search"))["sums"]["matched"] == 2
    said = case.compare(page, page, view(NOON + 3, "/search"))
    assert said["sums"]["unclear"] == 1
    assert "showed nobody" in said["unclear"][0]["why"]


def test_whole_seconds_do_not_invent_missing_listings(case):
    """Rows of one whole second may be several answers: as many lines as rows, and no row is called left over."""
    case.write(listed(NOON, people=("a", "b")))
    page = view(NOON, "/search")
    assert case.compare(page, page)["sums"]["matched"] == 2
    assert case.compare(page)["sums"]["only_in_ledger"] == 0


def test_a_late_charge_is_looked_for_as_long_as_a_request_may_be_open(case):
    """A row whose exchange was not seen to end may lie `settle_s` later; an ordinary one may not."""
    case.write(
        disclosed(NOON + 290, "u1", "anna", source="unsettled"),
        disclosed(NOON + 290, "u1", "ben", source="authority"),
    )
    said = case.compare(view(NOON, "/u/anna"), view(NOON, "/u/ben"), code=1)
    assert said["sums"]["matched"] == said["sums"]["missing"] == 1
