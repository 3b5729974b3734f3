"""CS24-7: no limit goes live without a forecast, and honest readers are restricted no more than was forecast."""

from __future__ import annotations

import json
import random
import subprocess
from typing import Any

from tests.acceptance.gate import HIMAYA, Gate
from tests.acceptance.promise import broken, require

#: Readers of one evening, and how many people one of them opens: most a few, one in twelve forty.
READERS = 60
_FEW, _MANY = (3, 12), 40

#: The new limit, which only those who read forty people meet; no challenge, so that there is one figure.
LIMIT = {"account": {"day": 20}, "key": {"day": 20}, "session": {}, "address": {}, "prefix": {}}
TIGHT = {**LIMIT, "account": {"day": 2}}


def an_evening(gate: Gate, name: str, seed: int) -> int:
    """Let readers read here and there; return how many of them were refused anything."""
    draw, refused = random.Random(seed), 0
    for number in range(READERS):
        count = _MANY if number % 12 == 5 else draw.randint(*_FEW)
        with gate.visitor(f"{name}.{seed}.{number}") as reader:
            answers = [reader.get(f"/u/p{p}") for p in draw.sample(range(20_000), count)]
            refused += any(one.status != 200 for one in answers)
    return refused


def command(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([HIMAYA, *map(str, words)], capture_output=True, text=True, check=False)


def goes_live(gate: Gate, changes: dict[str, Any]) -> bool:
    """Write a configuration and have it taken over; tell whether it is in force."""
    gate.write(**changes)
    return command("config", "reload", "--config", gate.config).returncode == 0


def recorded(gate: Gate) -> dict[str, Any]:
    """Make the forecast of the written configuration from the ledger, and put it on record."""
    gate.flush()
    told = gate.himaya(
        "forecast", "--config", str(gate.config), "--ledger", str(gate.ledger), "--record",
        "--why", "acceptance", "--json",
    )  # fmt: skip
    answer = json.loads(told)
    assert isinstance(answer, dict)
    return answer


def a_limit_waits_for_its_forecast(gate: Gate, name: str, forecast: str) -> None:
    """A limit is announced, tried without a forecast, forecast from a shadow evening, and tried again."""
    rule = {"gate": {"forecast": forecast}, "budgets": LIMIT}
    gate.configure(mode="shadow", **rule)
    gate.restart(forget=True)
    refused = an_evening(gate, name, seed=1)
    assert refused == 0
    live = goes_live(gate, rule)
    require(not live, "no limit goes live without a forecast")
    with gate.visitor(f"{name}.still") as reader:
        answers = [reader.get(f"/u/p{person}") for person in range(_MANY)]
        require({one.status for one in answers} == {200}, "the policy before it stays in force")
    recorded(gate)
    require(goes_live(gate, rule), "with a forecast it does")


def as_forecast(gate: Gate, name: str, enforced: dict[str, Any]) -> None:
    """Forecast LIMIT from one evening in shadow mode, then measure another evening while `enforced` is in force."""
    gate.configure(mode="shadow", budgets=LIMIT)
    gate.restart(forget=True)
    an_evening(gate, name, seed=1)
    told = recorded(gate)
    (cohort,) = told["cohorts"]
    assert cohort["actors"] == READERS
    low, high = cohort["new"]["restricted_unfound"]["ci95"]
    gate.configure(budgets=enforced)
    measured = an_evening(gate, name, seed=2) / READERS
    require(
        low <= measured <= high, "measured restrictions of honest readers lie within the forecast"
    )
    require(high < 0.5, "the forecast says something")


def test_cs24_7_no_limit_without_a_forecast(gate, name):
    """A limit that nobody forecast is not enforced and the old policy stays; once forecast, it is enforced."""
    a_limit_waits_for_its_forecast(gate, name, "required")


def test_cs24_7_twin_no_limit_without_a_forecast(gate, name):
    """Where the configuration only warns, the limit goes live all the same."""
    with broken("no limit goes live without a forecast"):
        a_limit_waits_for_its_forecast(gate, name, "warn")


def test_cs24_7_measured_as_forecast(gate, name):
    """The share of honest readers who are refused anything lies within the forecast's interval."""
    as_forecast(gate, name, LIMIT)


def test_cs24_7_twin_measured_as_forecast(gate, name):
    """When another limit is enforced than the one that was forecast, it does not."""
    with broken("measured restrictions of honest readers lie within the forecast"):
        as_forecast(gate, name, TIGHT)
