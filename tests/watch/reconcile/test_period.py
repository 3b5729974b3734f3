"""From when to when the ledger speaks."""

from __future__ import annotations

from tests.ledger.making import DAY, NOON, disclosed
from tests.watch.reconcile.making import view

from himaya.ledger import Ledger, retention
from himaya.ledger.reader import Reader
from himaya.watch.reconcile.period import observed


def test_lines_outside_the_period_are_counted(case):
    """Lines before and after what the ledger speaks for, or outside --from and --to, are not compared."""
    case.write(disclosed(NOON, "u1", "anna"))
    lines = [view(NOON - 5000, "/u/a"), view(NOON, "/u/anna"), view(NOON + 4 * DAY, "/u/a")]
    assert case.compare(*lines)["skipped"]["outside"] == 2
    lines.insert(2, view(NOON + 2 * DAY, "/u/a"))
    case.compare(*lines, code=1)
    assert case.compare(*lines, words=("--to", "2025-06-15"))["skipped"]["outside"] == 3


def test_days_that_retention_took_are_not_compared(case):
    """Rows that were deleted in time are nobody's missing rows: the ledger speaks for the days it has."""
    case.write(disclosed(NOON, "u1", "anna"))
    later = NOON + 33 * DAY
    with Ledger.open(case.ledger, clock=lambda: later) as ledger:
        assert retention.execute(ledger, later).rows
    asked = (view(NOON, "/u/anna"), view(NOON + 3 * DAY, "/u/e", "edge"))
    said = case.compare(*asked)
    assert (said["skipped"]["outside"], said["sums"]["matched"]) == (1, 1)


def test_an_empty_ledger_speaks_from_its_first_start(case):
    """A gate that was on and recorded nothing is no excuse: its writer's life is what the ledger speaks for."""
    with Ledger.open(case.ledger, clock=lambda: NOON):
        pass
    with Reader.open(case.ledger) as reader:
        start, end = observed(reader)
    assert start == NOON
    assert end >= start
