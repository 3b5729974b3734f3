"""The rig of this room: what the tests rely on."""

from __future__ import annotations

import pytest
from tests.acceptance.promise import BrokenError, broken, require


def test_forwarded_addresses_are_believed_when_configured(gate):
    """An address in X-Forwarded-For counts from a configured proxy, and from nobody else."""
    # What the tests before it showed to this machine's own address is not to count here.
    gate.restart(forget=True)
    one_each = {"address": {"day": 1}}
    gate.configure(budgets=one_each)
    assert _two_visitors(gate) == [200, 200]
    gate.configure(budgets=one_each, actor={"trusted_proxies": []})
    assert _two_visitors(gate) == [200, 429]


def _two_visitors(gate):
    with gate.visitor() as one, gate.visitor() as other:
        return [one.get("/u/p1").status, other.get("/u/p2").status]


def test_a_twin_fails_for_its_own_reason_only():
    """A twin is met by the promise it names, not by another one and not by an accident."""
    with broken("one"):
        require(False, "one")
    with pytest.raises(AssertionError), broken("one"):
        require(False, "another")
    with pytest.raises(ZeroDivisionError), broken("one"):
        require(1 / 0, "one")
    with pytest.raises(pytest.fail.Exception), broken("one"):
        require(True, "one")
    assert issubclass(BrokenError, AssertionError)
