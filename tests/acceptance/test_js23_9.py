"""JS23-9: unusual activity is restricted before the cap, a busy reader just below it is not; both learn why."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

from tests.acceptance.gate import Gate
from tests.acceptance.promise import broken, require

from himaya.control import Control

CAP = 100

#: Ids walked in order lead to a block of one second.
STRICT = {"enumeration": {"run": 20, "action": "block", "for_s": 1}}
WATCHING = {"enumeration": {"run": 20, "action": "allow", "for_s": 1}}


def friends_of(gate: Gate, account: str, people: list[int]) -> None:
    """Let the application tell whom an account knows."""
    with Control(gate.directory / "g.sock") as control:
        control.tell({"viewer": account, "subject": f"p{person}"} for person in people)


def readings(friends: list[int], others: list[int]) -> Iterator[int]:
    """Yield what a reader opens: friends mostly, others between them, many of both again."""
    chance = random.Random(3)
    waiting = friends + others
    chance.shuffle(waiting)
    for at, person in enumerate(waiting):
        yield person
        if at % 4 == 3:
            yield chance.choice(waiting[: at + 1])


def unusual_activity_is_restricted(gate: Gate, name: str, action: str) -> None:
    """With a cap of 100 a program opens 60 people all over the site once; a reader opens 95, half of them friends."""
    evidence = {"established": 30, "action": action, "for_s": 60}
    gate.configure(budgets={"account": {"day": CAP}}, detectors={"evidence": evidence})
    people = random.Random(5).sample(range(20_000), 200)
    friends, others, targets = people[:50], people[50:95], people[100:160]
    reader_name, program_name = f"{name}.reader", f"{name}.program"
    friends_of(gate, reader_name, friends)
    with gate.visitor(reader_name) as reader, gate.visitor(program_name) as program:
        read = [reader.get(f"/u/p{person}") for person in readings(friends, others)]
        assert len(reader.obtained) == 95
        require({one.status for one in read} == {200}, "the reader at 95 is left alone")
        taken = [program.get(f"/u/p{person}") for person in targets]
        refused = [one for one in taken if one.status != 200]
        require(refused, "the program is restricted before it has 60")
        require("evidence" in str(refused[0].json()["reasons"]), "with the reason")
    found = gate.found("evidence", f"account:{program_name}", wait_s=5)
    require(found and "new far" in found["why"], "which says what was unusual")
    require(time.time() - found["at"] < 60, "at once")


def a_machine_is_told_from_a_reader(gate: Gate, name: str) -> None:
    """One account walks through 60 ids in order; another opens 95 profiles here and there. The cap is 100."""
    elsewhere = random.Random(7).sample(range(10_000, 20_000), 95)
    with gate.visitor(f"{name}.walker") as walker, gate.visitor(f"{name}.reader") as reader:
        walked = [walker.get(f"/u/p{person}") for person in range(60)]
        read = [reader.get(f"/u/p{person}") for person in elsewhere]
        require({one.status for one in read} == {200}, "the reader at 95 is not")
        refused = [one for one in walked if one.status != 200]
        require(refused, "the walker is restricted before 60")
        reasons = refused[0].json()["reasons"]
        require("enumeration" in str(reasons), "with the reason")


def test_js23_9_unusual_activity_is_restricted(gate, name):
    """At 60 percent of the cap a program is refused, told why; at 95 percent a reader is not."""
    unusual_activity_is_restricted(gate, name, "block")


def test_js23_9_twin_unusual_activity_is_restricted(gate, name):
    """Where the finding leads to nothing, the program goes on."""
    with broken("the program is restricted before it has 60"):
        unusual_activity_is_restricted(gate, name, "allow")


def test_js23_9_a_walker_is_told_from_a_reader(gate, name):
    """Below 60 % of the cap a walk through ids is restricted, with its reason; a reader at 95 % is not."""
    gate.configure(detectors=STRICT)
    a_machine_is_told_from_a_reader(gate, name)


def test_js23_9_twin_a_walker_is_told_from_a_reader(gate, name):
    """A finding that leads to nothing restricts nobody."""
    gate.configure(detectors=WATCHING)
    with broken("the walker is restricted before 60"):
        a_machine_is_told_from_a_reader(gate, name)
