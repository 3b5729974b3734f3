"""REG-17: a sample of stolen data is looked into: who was shown its people, when, and how sure that is."""

from __future__ import annotations

import json
from pathlib import Path

from tests.acceptance.gate import SURFACES, Gate
from tests.acceptance.promise import broken, require

TAKEN = range(3000, 3120)
WITHOUT = [one for one in SURFACES if one["id"] != "profile"]


def an_evening(gate: Gate, name: str) -> str:
    """40 readers look at popular people and at the odd one of the others; one account takes 120 people."""
    for number in range(40):
        with gate.visitor(f"{name}r{number}") as reader:
            for person in (*range(8), 3000 + 5 * number, 3001 + 7 * number):
                reader.get(f"/u/p{person}")
    with gate.visitor(f"{name}taker") as taker:
        for person in TAKEN:
            taker.get(f"/u/p{person}")
    return f"account:{name}taker"


def compare(gate: Gate, directory: Path, people: list[str]) -> dict[str, object]:
    """Return what the installed command says about a sample."""
    gate.flush()
    sample = directory / "sample.csv"
    sample.write_text(
        "profile,name\n" + "".join(f"https://x.example/u/{one},N\n" for one in people)
    )
    about = ("--key", "profile", "--key-pattern", "/u/{subject}", "--why", "claim 17", "--json")
    told: dict[str, object] = json.loads(
        gate.himaya("attribute", str(sample), "--ledger", str(gate.ledger), *about)
    )
    return told


def a_sample_has_an_origin(gate: Gate, directory: Path, name: str) -> None:
    """Somebody sends 80 of the people who were taken, and 20 of another site."""
    taker = an_evening(gate, name)
    sample = [f"p{one}" for one in TAKEN[:80]] + [f"other{one}" for one in range(20)]
    told = compare(gate, directory, sample)
    found = [(one["rank"], one["name"], one["overlap"]) for one in told["candidates"]]
    require(found == [(1, taker, 80)], "whoever was shown the sample's people is ranked first")
    (one,) = told["candidates"]
    require(one["first"] <= one["last"] and one["p"] <= told["level"], "with dates and likelihood")


def a_strange_sample_has_none(gate: Gate, directory: Path, name: str) -> None:
    """Somebody sends a sample of people whom nobody was shown in numbers."""
    an_evening(gate, name)
    told = compare(gate, directory, [f"p{one}" for one in range(9000, 9100)])
    require(told["candidates"] == [], "nobody is named for a sample from elsewhere")
    require(str(told["note"]).startswith("No match in what was observed from "), "with its period")
    require(told["unobserved"], "and what was not observed")
    rate = told["false_rate"]
    require(rate["files"] >= 500 and 0 < rate["high"] < 0.1, "and how often that is wrong")


def test_reg_17_a_sample_has_an_origin(gate, tmp_path, name):
    """A submitted sample returns ranked actors with dates and overlap; rows of another site change nothing."""
    gate.configure(mode="shadow")
    gate.restart(forget=True)
    a_sample_has_an_origin(gate, tmp_path, name)


def test_reg_17_twin_a_sample_has_an_origin(gate, tmp_path, name):
    """Where the route the people were taken from is not declared, nobody can be named."""
    gate.configure(mode="shadow", surface=WITHOUT)
    gate.restart(forget=True)
    with broken("whoever was shown the sample's people is ranked first"):
        a_sample_has_an_origin(gate, tmp_path, name)


def test_reg_17_a_strange_sample_has_none(gate, tmp_path, name):
    """A sample of another origin returns no match, in what was observed, with gaps and a measured rate of error."""
    gate.configure(mode="shadow")
    gate.restart(forget=True)
    a_strange_sample_has_none(gate, tmp_path, name)


def test_reg_17_twin_a_strange_sample_has_none(gate, tmp_path, name):
    """Had somebody been shown that sample, somebody would be named."""
    gate.configure(mode="shadow")
    gate.restart(forget=True)
    with gate.visitor(f"{name}other") as other:
        for person in range(9000, 9100):
            other.get(f"/u/p{person}")
    with broken("nobody is named for a sample from elsewhere"):
        a_strange_sample_has_none(gate, tmp_path, name)
