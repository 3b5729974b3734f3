"""What the tests about cases share: a case of accounts in the register, and acts of a person in it."""

from __future__ import annotations

import json
import time
from typing import Any

from tests.acceptance.gate import Gate, Table

from himaya.bootstrap.register import open_register
from himaya.ledger.reader import Reader
from himaya.ledger.schema import Kind, micros
from himaya.response.cases import Act, Case


def act(gate: Gate, case: str, kind: str, *, why: str = "acceptance", **data: Any) -> Case:
    """Write an act of a person into the register of the gate's site."""
    with open_register(gate.ledger) as register:
        at = micros(time.time())
        register.add(Act(case=case, kind=kind, at=at, by="dana", why=why, data=data))
        return register.case(case)


def open_case(gate: Gate, name: str, *accounts: str) -> str:
    """Open a case of these accounts, once everything that they were shown is written."""
    gate.flush()
    with Reader.open(gate.ledger) as reader:
        actors = [reader.identities.find(Kind.ACTOR, f"account:{one}") for one in accounts]
    assert all(actors)
    act(gate, f"c-{name}", "opened", actors=actors, title="a scrape")
    return f"c-{name}"


def case(gate: Gate, command: str, *words: str) -> Table:
    """Return what a command of `himaya case` prints as JSON."""
    gate.flush()
    where = ("--ledger", str(gate.ledger), "--config", str(gate.config))
    text = gate.himaya("case", command, *words, *where, "--why", "acceptance", "--json")
    told = json.loads(text)
    assert isinstance(told, dict)
    return told
