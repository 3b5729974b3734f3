"""JS23-13: a check that tells programs from people, which buys a stated number of people and no more."""

from __future__ import annotations

import html
import json
import re
import time

import altcha
from tests.acceptance.gate import Gate
from tests.acceptance.promise import broken, require
from tests.acceptance.site import phone
from tests.acceptance.visitor import Answer, Visitor

#: An address is asked before it sees anybody.
CHECK = {
    "budgets": {"address": {"day": 0}},
    "ladder": {"challenge": True, "redact": False, "challenges_before_block": 1000},
    "challenge": {"people": 5, "per_day": 3, "cost": 1, "wait_s": 1},
}

EVERY_ROUTE = [
    *("/u/p1", "/photo/p2", "/search", "/api/people", f"/lookup?phone={phone(3)}", "/followers/p4")
]


#: An account may see 20 people a day before it is asked.
LATER = {**CHECK, "budgets": {"account": {"day": 20}}}


def nobody_without_a_solution(gate: Gate) -> None:
    """A program that solves nothing asks every route for people."""
    with gate.visitor() as program:
        answers = [program.get(target) for target in EVERY_ROUTE * 3]
        require(not program.obtained, "no personal data without a solution")
        require(all(a.json()["action"] == "challenge" for a in answers), "a check is offered")


def solve(visitor: Visitor, refused: Answer) -> bool:
    """Solve the check of a refusal, as a program with a solver does; tell whether it was one, and counted."""
    told = refused.json()
    if told["action"] != "challenge":
        return False
    puzzle = altcha.Challenge.from_dict(visitor.get(str(told["challenge"])).json())
    solved = altcha.Payload(puzzle, altcha.solve_challenge(puzzle)).to_base64()
    return visitor.post(str(told["answer"]), json.dumps({"altcha": solved}).encode()).status == 200


def a_solver_is_held(gate: Gate, account: str) -> None:
    """A program that solves every check gets its budget and what the checks bought: 20 + 3 x 5 people."""
    with gate.visitor(account) as program:
        for person in range(60):
            answer = program.get(f"/u/p{person}")
            if answer.status != 200 and solve(program, answer):
                program.get(f"/u/p{person}")
        require(len(program.obtained) >= 35, "a solved check buys what it says")
        require(len(program.obtained) == 35, "whoever solves every check is held all the same")


def the_way_without_a_script(gate: Gate) -> None:
    """Somebody whose browser runs no script fills in the plain form of the page after its wait."""
    with gate.visitor(Accept="text/html") as person:
        page = person.get("/u/p17").body.decode()
        assert "p17@people.example" not in page
        forms = re.findall(r'<form method="post" action="([^"]+)">(.*?)</form>', page, re.DOTALL)
        require(forms, "the page has a form that needs no script")
        action, fields = forms[0]
        told = {n: html.unescape(v) for n, v in re.findall(r'name="(\w+)" value="([^"]*)"', fields)}
        early = person.form(action, **told)
        require(early.status == 403, "the wait is waited for")
        time.sleep(1.05)
        done = person.form(action, **told)
        assert done.status == 303
        shown = person.get(done.headers["location"])
        require(shown.people == {17}, "the page opens without a script")


def test_js23_13_nobody_without_a_solution(gate):
    """A program without a solver gets no personal data where the site asks first."""
    gate.configure(**CHECK)
    nobody_without_a_solution(gate)


def test_js23_13_twin_nobody_without_a_solution(gate):
    """Where nobody is asked first, the same program gets people."""
    gate.configure(**LATER)
    with broken("no personal data without a solution"):
        nobody_without_a_solution(gate)


def test_js23_13_a_solver_is_held(gate, name):
    """A program that always solves obtains its budget and what three checks bought, nobody more."""
    gate.configure(**LATER)
    a_solver_is_held(gate, name)


def test_js23_13_twin_a_solver_is_held(gate, name):
    """A check that lifted the cap would let it take everybody."""
    gate.configure(**{**LATER, "challenge": {"people": 1000, "per_day": 3, "cost": 1}})
    with broken("whoever solves every check is held all the same"):
        a_solver_is_held(gate, name)


def test_js23_13_without_a_script(gate):
    """A browser that runs no script passes the check by the plain form, and the page opens."""
    gate.configure(**CHECK)
    the_way_without_a_script(gate)


def test_js23_13_twin_without_a_script(gate):
    """With the check switched off the refusal offers no way on."""
    gate.configure(**{**CHECK, "ladder": {"challenge": False, "redact": False}})
    with broken("the page has a form that needs no script"):
        the_way_without_a_script(gate)
