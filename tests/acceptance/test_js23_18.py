"""JS23-18: who was affected by a scrape is exactly whom the scrapers hold, and each is told of themselves alone."""

from __future__ import annotations

import csv
import io
import re
from contextlib import ExitStack
from pathlib import Path

from tests.acceptance.gate import SURFACES, Gate
from tests.acceptance.promise import broken, require
from tests.acceptance.site import POPULATION, phone
from tests.acceptance.visitor import Visitor

from himaya.analysis.cases import CaseStore, cases_path
from himaya.analysis.groups.group import Group
from himaya.ledger.reader import Reader
from himaya.ledger.schema import Kind

_PERSON = re.compile(r"\bp\d+\b")


def collect(visitor: Visitor, number: int) -> None:
    """Take people over every kind of route; some of them several members take."""
    for step in range(5):
        visitor.get(f"/search?page={100 + number + step}")
        visitor.get(f"/lookup?phone={phone(13_000 + 10 * number + step)}")
        visitor.get(f"/lookup?phone={1 + int(phone(13_000 + step))}")
        visitor.get(f"/photo/p{14_000 + 10 * number + step}")
        visitor.get(f"/u/p{15_000 + 4 * number + step}")
    visitor.get(f"/u/p{POPULATION + number}")  # nobody


def scrape(gate: Gate, name: str) -> set[str]:
    """Let three accounts collect and an honest one read; return what is on the collectors' disks."""
    with ExitStack() as stack:
        crew = [stack.enter_context(gate.visitor(f"{name}.{n}")) for n in range(3)]
        reader = stack.enter_context(gate.visitor(f"{name}.reader"))
        for person in (16_000, 15_001):
            reader.get(f"/u/p{person}")
        for number, visitor in enumerate(crew):
            collect(visitor, number)
        return {f"p{person}" for one in crew for person in one.obtained}


def as_a_case(gate: Gate, name: str) -> str:
    """Put the three accounts into a case, as if they had been found."""
    gate.flush()
    with Reader.open(gate.ledger) as reader, CaseStore(cases_path(gate.ledger)) as store:
        found = [reader.identities.find(Kind.ACTOR, f"account:{name}.{n}") for n in range(3)]
        store.put(Group(f"g-{name}", 1.0, 1.0, members=dict.fromkeys(found)), 1.0)
    return f"g-{name}"


def the_list_is_the_takers_file(gate: Gate, name: str) -> None:
    """The list of a case is compared with what its members hold."""
    held = scrape(gate, name)
    assert len(held) > 120
    where = ("--ledger", str(gate.ledger), "--why", "acceptance")
    text = gate.himaya("who", *where, "--case", as_a_case(gate, name), "--csv")
    rows = {row["subject"]: row for row in csv.DictReader(io.StringIO(text))}
    require(set(rows) >= held, "nobody whom they hold is missing")
    require(set(rows) <= held, "nobody else is listed")
    require(rows["p14000"]["fields"] == "photo", "with the fields of that person")
    require(rows["p15000"]["fields"] == "email name", "and no other's")


def each_is_told_of_themselves(gate: Gate, name: str, directory: Path, *, one_list: bool) -> None:
    """Two people of the case get a statement each; with `one_list` everybody gets the list."""
    scrape(gate, name)
    case, where = as_a_case(gate, name), ("--ledger", str(gate.ledger), "--why", "acceptance")
    for person in ("p14001", "p15002"):
        file = directory / f"{person}.json"
        if one_list:
            notice = gate.himaya("who", *where, "--case", case)
        else:
            gate.himaya("access", *where, "--subject", person, "--statement", str(file))
            notice = file.with_suffix(".txt").read_text() + file.read_text()
        require(person in notice, "the notice is about the person")
        require(set(_PERSON.findall(notice)) == {person}, "and about nobody else")
        require(name not in notice, "and names no account")


def test_js23_18_the_list_is_the_takers_file(gate, name):
    """Three accounts collect over every kind of route: the case's list is what they hold, person by person."""
    the_list_is_the_takers_file(gate, name)


def test_js23_18_twin_the_list_is_the_takers_file(gate, name):
    """With photos undeclared people are missing whom they hold."""
    gate.configure(surface=[one for one in SURFACES if one["id"] != "photo"])
    with broken("nobody whom they hold is missing"):
        the_list_is_the_takers_file(gate, name)


def test_js23_18_each_is_told_of_themselves(gate, name, tmp_path):
    """Each person's notice names that person's data, nobody else's, and no account."""
    each_is_told_of_themselves(gate, name, tmp_path, one_list=False)


def test_js23_18_twin_each_is_told_of_themselves(gate, name, tmp_path):
    """One list for everybody would tell each about all."""
    with broken("and about nobody else"):
        each_is_told_of_themselves(gate, name, tmp_path, one_list=True)
