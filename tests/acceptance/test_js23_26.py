"""JS23-26: whoever deletes a profile learns whether a confirmed collector has it, and where the demands stand."""

from __future__ import annotations

import json

from tests.acceptance.desk import act, open_case
from tests.acceptance.gate import Gate
from tests.acceptance.promise import broken, require


def whoever_deletes_is_told(gate: Gate, name: str, person: str, *, confirmed: bool) -> None:
    """An account takes a person's profile; its case may be confirmed; the person's profile is deleted."""
    with gate.visitor(name) as visitor:
        visitor.get(f"/u/{person}")
    case = open_case(gate, name, name)
    if confirmed:
        act(gate, case, "confirmed")
        act(gate, case, "drafted", id="l1", what="letter", party="scraper")
        act(gate, case, "sent", id="l1", party="scraper")
    where = ("--ledger", str(gate.ledger), "--config", str(gate.config))
    words = ("forget", *where, "--subject", person, "--why", "acceptance", "--json")
    told = json.loads(gate.himaya(*words, code=1))
    assert [one["needs"] for one in told["kept"]] == [
        f"case {case}"
    ]  # it is open, so its rows wait
    cases = {one["case"]: one for one in told["collected"]["cases"]}
    require(case in cases, "the case that obtained it is named")
    require(cases[case]["status"] == "confirmed", "with its status")
    require(cases[case]["fields"] == ["email", "name"], "and the fields")
    require([one["state"] for one in cases[case]["demands"]] == ["sent"], "and the open demand")
    require("may live on" in " ".join(told["collected"]["cannot"]), "and that copies may live on")


def test_js23_26_whoever_deletes_is_told(gate, name):
    """Deleting a profile of a confirmed case returns the case, its status, the fields and the open demand."""
    whoever_deletes_is_told(gate, name, "p17001", confirmed=True)


def test_js23_26_twin_whoever_deletes_is_told(gate, name):
    """Of a case that nobody confirmed nobody is told."""
    with broken("the case that obtained it is named"):
        whoever_deletes_is_told(gate, name, "p17002", confirmed=False)
