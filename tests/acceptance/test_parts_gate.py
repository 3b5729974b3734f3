"""What the gate does, where an acceptance line asks for more. docs/acceptance.md says what is missing."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

from tests.acceptance.gate import BASE, HIMAYA, Gate, toml
from tests.acceptance.promise import broken, require
from tests.acceptance.visitor import Visitor


def collects(visitor: Visitor) -> None:
    """Go through profiles, an API and GraphQL until well past 100 people."""
    for page in range(4):
        visitor.get(f"/api/people?page={page}")
        query = {"query": "{ people { id email } }", "variables": {"page": 50 + page}}
        visitor.post("/graphql", json.dumps(query).encode())
    for person in range(5000, 5120):
        visitor.get(f"/u/p{person}")


def every_class_is_stopped(gate: Gate, account: str) -> None:
    """The same scraper comes without an account, with an account, and with an API key."""
    with (
        gate.visitor() as stranger,
        gate.visitor(account) as member,
        gate.visitor(X_Api_Key=account) as program,
    ):
        for visitor in (stranger, member, program):
            collects(visitor)
        require(len(stranger.obtained) <= 100, "without an account")
        require(len(member.obtained) <= 100, "with an account")
        require(len(program.obtained) <= 100, "with an API key")


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


def test_every_access_class_is_stopped(gate, name):
    """The same scraper is stopped at 100 people without account, with account and with key, lists included."""
    gate.configure(budgets={"address": {"day": 100}})
    every_class_is_stopped(gate, name)


def test_twin_every_access_class_is_stopped(gate, name):
    """Without a budget for addresses, whoever comes without an account is not stopped."""
    with broken("without an account"):
        every_class_is_stopped(gate, name)


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
