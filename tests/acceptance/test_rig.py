"""The rig of this room: what the tests rely on."""

from __future__ import annotations

import pytest
from tests.acceptance.promise import BrokenError, broken, require


def test_forwarded_addresses_are_believed_when_configured(gate):
    """An address in X-Forwarded-For counts from a configured proxy, and from nobody else."""
    with gate.visitor() as visitor:
        visitor.get("/u/p1")
        gate.configure(actor={"trusted_proxies": []})
        visitor.get("/u/p2")
        answer = gate.who(actor=f"address:{visitor.address}")
    assert [one["subject"] for one in answer["subjects"]] == ["p1"]


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
