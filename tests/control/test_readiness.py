"""Readiness: what a gate says of itself is judged in one place, for `/ready` and for `himaya status --check`."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from himaya.control.messages import Status
from himaya.control.readiness import LATE_S, durable_age_s, readiness


def told(**changes: Any) -> Status:
    """Return the status of a gate that runs for 100 s and wrote a second ago, with changes."""
    told: dict[str, Any] = {
        field.name: {"str": "", "bool": False, "int": 0, "float": 0.0}.get(str(field.type))
        for field in msgspec.structs.fields(Status)
        if field.required
    }
    kinds = {str: "", bool: False, int: 0, float: 0.0}
    for field in msgspec.structs.fields(Status):
        if field.required:
            told[field.name] = kinds.get(field.type, ())
    told |= {"started": 1000.0, "uptime_s": 100.0, "last_flush": 1099.0, "ledger_writable": True}
    return Status(**(told | {"mode": "enforce", "policy": "5b37"} | changes))


def test_a_gate_that_writes_is_ready() -> None:
    """A gate whose rows are durable is ready, and says by which policy it decides."""
    found = readiness(told())
    assert (found.ready, found.state, found.policy, found.problems) == (True, "enforce", "5b37", ())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ledger_writable": False}, "the ledger cannot be written"),
        ({"last_flush": 1099.0 - LATE_S}, "nothing was written to the ledger for 31 s"),
    ],
)
def test_a_ledger_in_trouble_is_not_ready(changes: dict[str, Any], said: str) -> None:
    """A ledger that cannot be written, or was not for too long, is said in words."""
    found = readiness(told(**changes))
    assert (found.ready, found.problems) == (False, (said,))


def test_a_gate_that_stops_is_not_ready_and_one_that_is_off_is() -> None:
    """Stopping is a reason; off is what somebody wanted."""
    stopping = readiness(told(), stopping=True)
    assert (stopping.ready, stopping.state) == (False, "stopping")
    off = readiness(told(off=True))
    assert (off.ready, off.state) == (True, "off")


def test_before_the_first_write_age_counts_from_the_start() -> None:
    """A gate that just began and wrote nothing yet is not late."""
    assert durable_age_s(told(last_flush=0.0, uptime_s=3.0)) == 3.0
