"""REG-5: 46 accounts that fan out over follower lists are found without a tip from outside."""

from __future__ import annotations

import time
from contextlib import ExitStack

from tests.acceptance.gate import Gate
from tests.acceptance.promise import broken, require

ACCOUNTS = 46


def the_fan_out_is_found(gate: Gate, name: str, wait_s: float) -> None:
    """46 accounts read two pages of 200 followers each; one reader looks at 30 profiles."""
    with ExitStack() as stack:
        began = time.time()
        for number in range(ACCOUNTS):
            account = stack.enter_context(gate.visitor(f"{name}.{number}"))
            for page in (2 * number, 2 * number + 1):
                account.get(f"/followers/p{number}?page={page}")
            assert len(account.obtained) == 400
        reader = stack.enter_context(gate.visitor(f"{name}.reader"))
        for person in range(30):
            reader.get(f"/u/p{person}")
        until = time.monotonic() + wait_s
        for number in range(ACCOUNTS):
            left = until - time.monotonic()
            found = gate.found("breadth", f"account:{name}.{number}", wait_s=max(0.0, left))
            require(found, "each of the 46 accounts is found")
            require(found["at"] - began < 60, "within the first minute")
        require(not gate.found("breadth", f"account:{name}.reader"), "the reader is not")


def test_reg_5_fan_out_is_found(gate, name):
    """With the default thresholds, and refusing nobody, each of the 46 accounts is found in the first minute."""
    gate.configure(mode="shadow")
    the_fan_out_is_found(gate, name, wait_s=15)


def test_reg_5_twin_fan_out_is_found(gate, name):
    """With the threshold out of reach nothing is found."""
    gate.configure(mode="shadow", detectors={"breadth": {"hour": 10**9, "day": 10**9}})
    with broken("each of the 46 accounts is found"):
        the_fan_out_is_found(gate, name, wait_s=0.5)
