"""REG-4: a field that nobody declared is found in the first answer that shows it, and can be taken out."""

from __future__ import annotations

from typing import Any

from tests.acceptance.gate import SURFACES, Gate
from tests.acceptance.promise import broken, require


def surfaces(surface: str, fields: list[str]) -> list[dict[str, Any]]:
    """Return one surface, an interface that answers in JSON; nothing else of the site is declared."""
    api = next(one for one in SURFACES if one["id"] == "api")
    return [{**api, "id": surface, "fields": fields}]


def an_undeclared_field_is_found(gate: Gate, name: str, wait_s: float, **drift: Any) -> None:
    """An interface is declared to show names, and its answers hold mail addresses; then stripping is switched on."""
    told = {"surface": surfaces(name, ["name"]), "detectors": {"drift": drift}}
    gate.configure(mode="shadow", **told)
    with gate.visitor(f"{name}.reader") as reader:
        assert len(reader.get("/api/people?page=0").people) == 50
        found = gate.found("drift", f"surface:{name}", wait_s=wait_s)
        require(found and "'email'" in found["why"], "the first answer with it raises an alarm")
        gate.configure(**{**told, "detectors": {"drift": {**drift, "strip": True}}})
        answer = reader.get("/api/people?page=1")
        rows = answer.json()["people"]
        assert isinstance(rows, list)
        assert len(rows) == 50
        require(not answer.people, "no address is left")
        gate.configure(**{**told, "surface": surfaces(name, ["name", "email"])})
        require(len(reader.get("/api/people?page=1").people) == 50, "once declared it passes")


def test_reg_4_an_undeclared_field_is_found(gate, name):
    """An undeclared mail address raises an alarm at once, is stripped on request, and passes once declared."""
    an_undeclared_field_is_found(gate, name, wait_s=10)


def test_reg_4_twin_an_undeclared_field_is_found(gate, name):
    """Where no field is looked for, nothing is found."""
    with broken("the first answer with it raises an alarm"):
        an_undeclared_field_is_found(gate, name, wait_s=1, fields=[])
