"""JS23-6: the more sensitive a field, the fewer people an actor obtains with it."""

from __future__ import annotations

from tests.acceptance.gate import Gate
from tests.acceptance.promise import broken, require


def obtains(gate: Gate, account: str, **weights: float) -> int:
    """Return how many people a new account obtains from profiles that show name and mail address."""
    gate.configure(budgets={"account": {"day": 60}}, fields=weights)
    with gate.visitor(account) as visitor:
        for person in range(70):
            visitor.get(f"/u/p{person}")
        return len(visitor.obtained)


def a_heavier_field_costs_people(gate: Gate, name: str, field: str) -> None:
    """Raise one field's weight in the configuration, and compare what an account obtains."""
    process = gate.process
    before = obtains(gate, f"{name}.1", **{field: 1})
    after = obtains(gate, f"{name}.4", **{field: 4})
    assert gate.process is process, "the same process, so the same code"
    assert before == 60
    require(after < before, "fewer people with the heavier field")
    require(after == before // 4, "as many fewer as the weight says")


def test_js23_6_a_heavier_field_costs_people(gate, name):
    """Raising the weight of the mail address lowers the people obtained, by configuration alone."""
    a_heavier_field_costs_people(gate, name, "email")


def test_js23_6_twin_a_heavier_field_costs_people(gate, name):
    """The weight of a field that these pages do not show changes nothing."""
    with broken("fewer people with the heavier field"):
        a_heavier_field_costs_people(gate, name, "photo")
