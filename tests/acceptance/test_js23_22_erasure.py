"""JS23-22: whoever is erased is a number in the ledger from then on, and the counts stay true."""

from __future__ import annotations

import json

from tests.acceptance.gate import Gate
from tests.acceptance.promise import broken, require


def an_erased_person_is_a_number(gate: Gate, account: str, erased: str) -> None:
    """A member looks at two people; one side of one of them is erased while the gate runs; then the ledger is asked."""
    with gate.visitor(account) as viewer:
        assert viewer.get("/u/p15101").people == {15_101}
        assert viewer.get("/u/p15102").people == {15_102}
    assert gate.who(actor=f"account:{account}")["people"] == 2
    words = ("forget", "--ledger", str(gate.ledger), "--subject", erased, "--why", "art. 17")
    said = json.loads(gate.himaya(*words, "--json"))
    require(said["kept"] == [], "nothing needs them")
    answer = gate.who(actor=f"account:{account}")
    require(
        [one["subject"] for one in answer["subjects"]] == ["p15102"], "nobody can say who it was"
    )
    require((answer["people"], answer["erased"]) == (2, 1), "the count stays true")
    require(gate.who(subject="p15101")["count"] == 0, "the name finds nothing")
    found = json.loads(gate.himaya("ledger", "erasures", "--ledger", str(gate.ledger), "--json"))
    last = found["erasures"][-1]
    require(last["state"] == "pending" and "backups until" in last["pending"], "what waits is said")


def test_js23_22_an_erased_person_is_a_number(gate: Gate, name: str):
    """After an erasure the viewer's answer counts the person and names them no more; what waits is said."""
    an_erased_person_is_a_number(gate, name, "p15101")


def test_js23_22_twin_an_erased_person_is_a_number(gate: Gate, name: str):
    """When somebody else was erased the person is named still."""
    with broken("nobody can say who it was"):
        an_erased_person_is_a_number(gate, name, "p15102")
