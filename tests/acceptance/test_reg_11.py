"""REG-11: what only some may see, taken by an automated session, is listed apart."""

from __future__ import annotations

import json
from pathlib import Path

from tests.acceptance.gate import SURFACES, Gate, Table
from tests.acceptance.promise import broken, require

#: Profiles are for members, everything else is for everybody.
MEMBERS: list[Table] = [
    {**one, "scope": "members"} if one["id"] == "profile" else one for one in SURFACES
]
WATCHING = {"enumeration": {"run": 20, "action": "allow", "for_s": 60}}


def restricted_fields_are_apart(
    gate: Gate, name: str, directory: Path, surfaces: list[Table]
) -> None:
    """A member's own session walks 30 profiles and a page of the search; a reader opens a few."""
    gate.configure(surface=surfaces, detectors=WATCHING)
    with gate.visitor(f"{name}.walker") as walker, gate.visitor(f"{name}.reader") as reader:
        for person in range(11_000, 11_030):
            walker.get(f"/u/p{person}")
        walker.get("/search?page=1")
        for person in (12_001, 12_007):
            reader.get(f"/u/p{person}")
    finding = gate.found("enumeration", f"account:{name}.walker", wait_s=20)
    require(finding, "the session is found to be automated")
    names = directory / "found"
    names.write_text(f"{finding['actor']}\n")
    answer = gate.who(actors=str(names))
    require(answer["people"] == 50, "everybody it was shown is listed")
    apart = {one["subject"]: one["fields"] for one in answer["restricted"]}
    ours = {f"p{person}" for person in range(11_000, 11_030)}
    require(set(apart) == ours, "those of whom restricted fields were shown are apart")
    require(set(map(tuple, apart.values())) == {("email", "name")}, "with these fields")
    scopes = {one["scope"]: one["people"] for one in answer["scopes"]}
    require(scopes == {"members": 30, "public": 20}, "and counted by scope")


def fields_have_a_scope(gate: Gate, name: str, person: str, surfaces: list[Table]) -> None:
    """A person who asks is told who may see each field that was shown."""
    gate.configure(surface=surfaces)
    with gate.visitor(name) as viewer:
        viewer.get(f"/u/{person}")
        viewer.get(f"/photo/{person}")
    gate.flush()
    where = ("--ledger", str(gate.ledger), "--why", "acceptance", "--json")
    answer = json.loads(gate.himaya("access", *where, "--subject", person, "--scope"))
    newest = next(one for one in answer["recipients"] if "photo" in one["fields"])
    require("members" in newest["scopes"], "the scope of each field is kept")


def test_reg_11_restricted_fields_are_apart(gate, name, tmp_path):
    """Of an account found to be automated, people of whom only members may see something are listed apart."""
    restricted_fields_are_apart(gate, name, tmp_path, MEMBERS)


def test_reg_11_twin_restricted_fields_are_apart(gate, name, tmp_path):
    """Where no surface says who may see its fields, nobody is apart."""
    with broken("those of whom restricted fields were shown are apart"):
        restricted_fields_are_apart(gate, name, tmp_path, SURFACES)


def test_reg_11_fields_have_a_scope(gate, name):
    """The scope under which each field was shown is on record and told to the person."""
    fields_have_a_scope(gate, name, "p11100", MEMBERS)


def test_reg_11_twin_fields_have_a_scope(gate, name):
    """Where no surface says who may see its fields, everything counts as public."""
    with broken("the scope of each field is kept"):
        fields_have_a_scope(gate, name, "p11101", [{**one, "scope": "public"} for one in SURFACES])
