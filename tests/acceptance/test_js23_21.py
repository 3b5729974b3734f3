"""JS23-21: a case is measured: people exposed under current and under proposed limits, before it is closed."""

from __future__ import annotations

from tests.acceptance.desk import act, case, open_case
from tests.acceptance.gate import Gate, Table
from tests.acceptance.promise import broken, require

from himaya.core.errors import InputError

#: How many the collector asks for, and what the base configuration lets an account have in a day.
ASKED, ALLOWED = 120, 100


def collected(gate: Gate, name: str, asked: int = ASKED) -> str:
    """Let one account collect, until it is refused; return the case of it."""
    with gate.visitor(name) as visitor:
        for number in range(asked):
            visitor.get(f"/u/p{1000 + number}")
    return open_case(gate, name, name)


def is_closed(gate: Gate, name: str) -> bool:
    """Tell whether the register takes the end of a case."""
    try:
        act(gate, name, "closed")
    except InputError as refused:
        require("no comparison with proposed limits" in str(refused), "the refusal says what to do")
        return False
    return True


def a_case_is_measured(gate: Gate, name: str) -> Table:
    """A collector's case is played again under half of every budget."""
    told = case(gate, "compare", collected(gate, name))
    require(told["observed"] == told["current"] == ALLOWED, "under current limits it is as it was")
    require(told["proposed"] == ALLOWED // 2, "the proposed limits leave half")
    require(told["fewer"] == ALLOWED - ALLOWED // 2, "the difference is told")
    return told


def a_case_ends_measured(gate: Gate, name: str, *, compared: bool) -> None:
    """A case goes its whole way, and is closed."""
    this = collected(gate, name, 3)
    for kind in ("confirmed", "contained"):
        act(gate, this, kind)
    act(gate, this, "counted", countries={"": 3}, people=3)
    act(gate, this, "assessment", country="", regime="", authority="none", people="voluntary",
        why="the harm is low: names and addresses that the people publish")  # fmt: skip
    act(gate, this, "assessed")
    act(gate, this, "sent", id="n1", country="", party="people")
    act(gate, this, "notified")
    act(gate, this, "reply", id="l1", answer="confirmed")
    if compared:
        case(gate, "compare", this)
    require(not is_closed(gate, this), "it is not closed before it was compared")


def test_js23_21_a_case_is_measured(gate, name):
    """A case says how many people it would have been under half of the limits, and how many fewer that is."""
    a_case_is_measured(gate, name)


def test_js23_21_twin_a_case_is_measured(gate, name):
    """Without a limit there is nothing to halve: the proposed limits leave everybody."""
    gate.configure(budgets={"account": {}})
    with broken("under current limits it is as it was"):
        a_case_is_measured(gate, name)


def test_js23_21_a_case_ends_measured(gate, name):
    """A case that was not compared is not closed, and the refusal names the command."""
    a_case_ends_measured(gate, name, compared=False)


def test_js23_21_twin_a_case_ends_measured(gate, name):
    """Once it was compared the same case is closed."""
    with broken("it is not closed before it was compared"):
        a_case_ends_measured(gate, name, compared=True)
