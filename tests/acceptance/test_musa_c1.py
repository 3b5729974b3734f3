"""MUSA-C1: what an actor does after a check changes its score."""

from __future__ import annotations

from typing import Any

from tests.acceptance.gate import Gate
from tests.acceptance.promise import broken, require
from tests.acceptance.test_js23_13 import solve
from tests.acceptance.visitor import Visitor

#: So many checks left unsolved in a row are found, and end in a block.
SCORE = 10


def policy(score: int) -> dict[str, Any]:
    """Return a cap of five people, beyond which a solved check buys one more; the ladder's own limit is far away."""
    behaviour = {"unsolved": score, "action": "block", "for_s": 60}
    return {
        "budgets": {"account": {"day": 5}},
        "ladder": {"challenge": True, "redact": False, "challenges_before_block": 1000},
        "challenge": {"people": 1, "per_day": 20, "cost": 1},
        "detectors": {"challenge_behaviour": behaviour},
    }


def checked(visitor: Visitor, person: int, *, solves: bool) -> str:
    """Ask for a person beyond the cap, and solve the check or not; tell what the answer was before."""
    answer = visitor.get(f"/u/p{person}")
    action = str(answer.json()["action"])
    if solves and action == "challenge":
        assert solve(visitor, answer)
        assert visitor.get(f"/u/p{person}").people == {person}
    return action


def three_met_as_many_checks(gate: Gate, name: str) -> None:
    """Three accounts meet the same checks: one solves them all, one none, and one solves its ninth."""
    with (
        gate.visitor(f"{name}.solves") as solver,
        gate.visitor(f"{name}.never") as stubborn,
        gate.visitor(f"{name}.late") as late,
    ):
        for visitor in (solver, stubborn, late):
            for person in range(5):
                visitor.get(f"/u/p{person}")
            assert len(visitor.obtained) == 5
        for person in range(10, 10 + SCORE):
            ninth = person == 8 + SCORE
            asked = {
                checked(solver, person, solves=True),
                checked(stubborn, person, solves=False),
                checked(late, person, solves=ninth),
            }
            assert asked == {"challenge"}, "so far all are treated alike"
        the_scores_differ(gate, name, solver, stubborn, late)


def the_scores_differ(
    gate: Gate, name: str, solver: Visitor, stubborn: Visitor, late: Visitor
) -> None:
    """The one who solved nothing is scored and refused; a solution sets the score back, and it rises anew after."""
    found = gate.found("challenge_behaviour", f"account:{name}.never", wait_s=1)
    require(found, "who solves nothing is scored by it")
    require((found["value"], found["threshold"]) == (SCORE, SCORE), "with the checks it met")
    refused = stubborn.get("/u/p50").json()
    require(refused["action"] == "block", "and is refused without a further check")
    require("challenge_behaviour" in str(refused["reasons"]), "for that reason")
    require(checked(solver, 50, solves=True) == "challenge", "who solves goes on")
    for person in range(60, 58 + SCORE):
        assert checked(late, person, solves=False) == "challenge"
    for one in ("solves", "late"):
        scored = gate.found("challenge_behaviour", f"account:{name}.{one}")
        require(not scored, "a solution sets the score back")
    checked(late, 70, solves=False)
    again = gate.found("challenge_behaviour", f"account:{name}.late", wait_s=5)
    require(again, "and it rises anew")


def test_musa_c1_behaviour_after_a_check_counts(gate, name):
    """After as many checks, whoever solved none is scored and refused; one solution sets the score back."""
    gate.configure(**policy(SCORE))
    three_met_as_many_checks(gate, name)


def test_musa_c1_twin_behaviour_after_a_check_counts(gate, name):
    """With the threshold out of reach all three are treated alike."""
    gate.configure(**policy(10**6))
    with broken("who solves nothing is scored by it"):
        three_met_as_many_checks(gate, name)


def checks_left_unsolved_end_in_a_block(gate: Gate, account: str, most: int) -> None:
    """An account over its cap asks on and solves nothing; the ladder's own limit is `most` checks."""
    gate.configure(
        budgets={"account": {"day": 1}},
        ladder={"challenge": True, "challenges_before_block": most},
    )
    with gate.visitor(account) as stubborn:
        stubborn.get("/u/p0")
        actions = [stubborn.get(f"/u/p{person}").json()["action"] for person in range(1, 10)]
        require(actions == ["challenge"] * 5 + ["block"] * 4, "checks left unsolved end in a block")


def test_musa_c1_unsolved_checks_end(gate, name):
    """An actor that leaves five checks unsolved is refused without a further one."""
    checks_left_unsolved_end_in_a_block(gate, name, most=5)


def test_musa_c1_twin_unsolved_checks_end(gate, name):
    """Where that number is out of reach the checks go on."""
    with broken("checks left unsolved end in a block"):
        checks_left_unsolved_end_in_a_block(gate, name, most=1000)
