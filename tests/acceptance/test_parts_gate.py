"""What the gate does, where an acceptance line asks for more. docs/acceptance.md says what is missing."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from tests.acceptance.gate import BASE, HIMAYA, Gate, toml
from tests.acceptance.promise import broken, require

#: Ids walked in order lead to a block of one second.
STRICT = {"enumeration": {"run": 20, "action": "block", "for_s": 1}}
WATCHING = {"enumeration": {"run": 20, "action": "allow", "for_s": 1}}


def a_block_comes_and_goes(gate: Gate) -> None:
    """An address walks through ids, is found, is blocked, waits, and is served again."""
    with gate.visitor() as walker:
        answers = [walker.get(f"/u/p{person}") for person in range(30)]
        refused = [one for one in answers if one.status == 403]
        require(refused and refused[0].json()["action"] == "block", "found, then blocked")
        found = gate.found("enumeration", f"address:{walker.address}", wait_s=5)
        assert found
        require(time.time() - found["at"] < 5, "within five seconds")
        time.sleep(max(0.0, found["at"] + 1.05 - time.time()))
        require(walker.get("/u/p19000").status == 200, "the block ends by itself")


def a_new_rule_acts(gate: Gate, account: str, rule: int) -> None:
    """An account at 50 of 100 meets a rule of 50 that was written meanwhile."""
    with gate.visitor(account) as visitor:
        for person in range(50):
            visitor.get(f"/u/p{person}")
        process, began = gate.process, time.monotonic()
        gate.configure(budgets={"account": {"day": rule}})
        last = visitor.get("/u/p60")
        assert time.monotonic() - began < 10
        assert gate.process is process
        require(last.status == 429, "the new rule acts within ten seconds")


def an_owner_is_needed(directory: Path, mode: str) -> None:
    """A configuration without an owner is checked."""
    place = directory / "himaya.toml"
    nobody = {name: value for name, value in BASE.items() if name != "owner"}
    place.write_text(toml({**nobody, "mode": mode}))
    done = subprocess.run(
        [HIMAYA, "config", "check", place], capture_output=True, text=True, check=False
    )
    require(done.returncode == 2, "refused without an owner")
    require("owner.name" in done.stderr, "and says what is missing")


def test_a_block_comes_and_goes(gate):
    """From finding to block it takes less than five seconds, and the block ends by itself."""
    gate.configure(detectors=STRICT)
    a_block_comes_and_goes(gate)


def test_twin_a_block_comes_and_goes(gate):
    """A finding that leads to nothing blocks nobody."""
    gate.configure(detectors=WATCHING)
    with broken("found, then blocked"):
        a_block_comes_and_goes(gate)


def test_a_new_rule_acts(gate, name):
    """A rule written while the gate runs acts within ten seconds, without a restart."""
    a_new_rule_acts(gate, name, rule=50)


def test_twin_a_new_rule_acts(gate, name):
    """A configuration read again without the rule changes nothing."""
    with broken("the new rule acts within ten seconds"):
        a_new_rule_acts(gate, name, rule=99)


def test_an_owner_is_needed(tmp_path):
    """A policy that would be enforced is refused while nobody answers for it."""
    an_owner_is_needed(tmp_path, "enforce")


def test_twin_an_owner_is_needed(tmp_path):
    """In shadow mode, where nobody is refused, it is taken."""
    with broken("refused without an owner"):
        an_owner_is_needed(tmp_path, "shadow")
