"""JS23-27: "was I scraped?" is answered in time, dated: fields, who in words, how sure, and what nobody can say."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from tests.acceptance.desk import act, case, open_case
from tests.acceptance.gate import Gate, Table
from tests.acceptance.promise import broken, require


def seconds(told: str) -> float:
    """Return an ISO 8601 time as epoch seconds."""
    return datetime.fromisoformat(told).timestamp()


def a_persons_answer(gate: Gate, name: str, route: str, person: int) -> None:
    """Two views of one person, then the question who has seen them."""
    with gate.visitor(name) as viewer:
        for _ in range(2):
            assert viewer.get(f"{route}/p{person}").people == {person}
        answer = gate.who(subject=f"p{person}")
        found = [one for one in answer["actors"] if one["actor"] == f"account:{name}"]
        require(found, "the answer names who saw them")
        entry: Table = found[0]
        require(entry["fields"] == ["email", "name"] and entry["times"] == 2, "what, how often")
        require(time.time() - seconds(entry["last"]) < 600, "when")
        require(entry["certainty"] == "served", "how sure that is")
        require(isinstance(answer["unobserved"], list), "the periods nobody can speak for")


def a_complaint_is_answered(gate: Gate, name: str, route: str, person: str) -> None:
    """A person whom a confirmed collector took complains, and gets the answer."""
    with gate.visitor(name) as visitor:
        visitor.get("/u/p17900")
        visitor.get(f"{route}/{person}")
    act(gate, open_case(gate, name, name), "confirmed")
    words = ("--kind", "complaint", "--subject", person, "--country", "ES")
    asked = case(gate, "request", *words)
    today = datetime.now(UTC).date()
    last = datetime.fromisoformat(asked["due"]).date()
    require(last - today <= timedelta(days=31), "the request has a day by which it is answered")
    told = case(gate, "answer", asked["id"], *([] if asked["known"] else ["--subject", person]))
    days = {today.isoformat(), datetime.now(UTC).date().isoformat()}  # midnight may lie between
    require(told["answered"] in days, "the answer is dated")
    require(
        [one["fields"] for one in told["taken"]["cases"]] == [["email", "name"]],
        "it says what was taken",
    )
    (shown,) = told["access"]["recipients"]
    require(shown["recipient"] == "a member", "and who it was, in words")
    require(shown["certainty"], "and how sure that is")
    require(name not in str(told["access"]), "and names no account")


def an_answer_names_what_nobody_saw(gate: Gate, person: str, *, down: bool) -> None:
    """The gate may be off for a moment; a person asks afterwards."""
    gate.restart(forget=True)
    with gate.visitor("before") as visitor:
        visitor.get(f"/u/{person}")
    if down:
        gate.flush()
        gate.restart(kill=True)
    asked = case(gate, "request", "--kind", "access", "--subject", person)
    told = case(gate, "answer", asked["id"], *([] if asked["known"] else ["--subject", person]))
    require(told["access"]["unobserved"], "the answer lists the periods that were not observed")


def test_js23_27_a_complaint_is_answered(gate, name):
    """A complaint has a clock; its answer has a date, the fields, whoever took them in words, and how sure that is."""
    a_complaint_is_answered(gate, name, "/u", "p17901")


def test_js23_27_twin_a_complaint_is_answered(gate, name):
    """Of a view on a route that is not declared the answer knows nothing."""
    with broken("it says what was taken"):
        a_complaint_is_answered(gate, name, "/about", "p17902")


def test_js23_27_an_answer_names_what_nobody_saw(gate):
    """A gate that was killed leaves a period that no answer speaks for, and the answer lists it."""
    an_answer_names_what_nobody_saw(gate, "p17903", down=True)


def test_js23_27_twin_an_answer_names_what_nobody_saw(gate):
    """Where the gate never was off, no period is listed."""
    with broken("the answer lists the periods that were not observed"):
        an_answer_names_what_nobody_saw(gate, "p17904", down=False)


def test_js23_27_a_person_gets_an_answer(gate, name):
    """Who saw a person is answered with fields, times, certainty and the periods nobody can speak for."""
    a_persons_answer(gate, name, "/u", 18_001)


def test_js23_27_twin_a_person_gets_an_answer(gate, name):
    """Views on a route that is not declared are in no answer."""
    with broken("the answer names who saw them"):
        a_persons_answer(gate, name, "/about", 18_002)
