"""What the tests about cases share: a scrape through the gate, a case of it, and the acts of the command line."""

from __future__ import annotations

import json
import subprocess
import time

from tests.acceptance.gate import HIMAYA, Gate, Table

from himaya.bootstrap.register import open_register
from himaya.response.cases import MACHINE, Act

WHY = ("--why", "acceptance of the command line")


def case_of_a_scrape(gate: Gate, name: str) -> str:
    """Let an account collect people, and open a case of it by hand; return its id."""
    with gate.visitor(name) as scraper:
        for page in range(3):
            scraper.get(f"/search?page={200 + page}")
    gate.flush()
    told = gate.himaya(
        "case", "open", "--title", "a scrape", "--actor", f"account:{name}", *at(gate)
    )
    return str(json.loads(told)["id"])


def at(gate: Gate) -> list[str]:
    """Return the options of a command about a case."""
    return ["--ledger", str(gate.ledger), "--json", *WHY]


def case(gate: Gate, command: str, name: str, *words: str) -> Table:
    """Run a command about a case, which must end well, and return its JSON."""
    given = at(gate)[: -len(WHY)] if command == "show" else at(gate)
    told = json.loads(gate.himaya("case", command, name, *given, *words))
    assert isinstance(told, dict)
    return told


def refused(gate: Gate, command: str, name: str, *words: str) -> str:
    """Return why a command about a case is refused, "" when it was not."""
    given = [HIMAYA, "case", command, name, *at(gate), *words]
    done = subprocess.run(given, capture_output=True, text=True, check=False)
    assert done.returncode in {0, 2}, done.stderr
    return done.stderr if done.returncode else ""


def counted(gate: Gate, name: str, countries: dict[str, int]) -> None:
    """Write down whom a case concerns, as the count of affected people does."""
    written(gate, name, "counted", MACHINE, countries=countries)


def written(gate: Gate, name: str, kind: str, by: str, **data: object) -> None:
    """Write an act that other commands make."""
    now = int(time.time() * 1e6)
    with open_register(gate.ledger) as register:
        register.add(Act(case=name, kind=kind, at=now, by=by, why="acceptance", data=data))
