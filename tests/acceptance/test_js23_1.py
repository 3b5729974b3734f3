"""JS23-1: public pages are recorded like any other, and a route that shows people undeclared is reported."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

from tests.acceptance.gate import HIMAYA, SURFACES, Gate, Table
from tests.acceptance.promise import broken, require
from tests.acceptance.test_js23_27 import seconds


def a_strangers_view_is_kept(gate: Gate, route: str) -> None:
    """Somebody without an account looks at one public profile."""
    with gate.visitor() as stranger:
        asked = time.time()
        assert stranger.get(f"{route}/p17").people == {17}
        answer = gate.who(actor=f"address:{stranger.address}")
        require([one["subject"] for one in answer["subjects"]] == ["p17"], "who was shown")
        entry = answer["subjects"][0]
        require(entry["fields"] == ["email", "name"], "which fields")
        require(abs(seconds(entry["first"]) - asked) < 5, "when")


def write_log(path: Path, targets: list[str]) -> None:
    """Write what the web server in front logs of a stranger's requests."""
    line = '203.0.113.9 - - [02/Mar/2026:09:15:{:02} +0000] "GET {} HTTP/1.1" 200 900 "-" "Mozilla/5.0"\n'
    path.write_text("".join(line.format(n, target) for n, target in enumerate(targets)))


def undeclared_routes_are_reported(gate: Gate, directory: Path) -> None:
    """A stranger reads two profiles, and the same people on a route that no configuration declares."""
    targets = ["/u/p21", "/u/p22", "/about/p21", "/about/p22", "/", "/about/us"]
    with gate.visitor() as stranger:
        shown = [stranger.get(target).people for target in targets[:4]]
    assert shown == [{21}, {22}, {21}, {22}]
    gate.flush()
    write_log(directory / "access.log", targets)
    words = ["report", "surfaces", directory / "access.log", "--config", gate.config, "--json"]
    asked = [HIMAYA, *words, "--ledger", gate.ledger, "--why", "acceptance"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    found: list[Table] = json.loads(done.stdout)["routes"]
    named = {one["route"]: one["people"] for one in found}
    require(
        named == {"/about/{subject}": 2}, "the undeclared route is listed, with how many people"
    )
    require(done.returncode == 1, "and fails a check that runs it")


def test_js23_1_a_strangers_view_is_kept(gate):
    """An anonymous view of a public profile is a ledger entry: actor, person, fields, time."""
    a_strangers_view_is_kept(gate, "/u")


def test_js23_1_twin_a_strangers_view_is_kept(gate):
    """The same person on a route that is not declared leaves no entry."""
    with broken("who was shown"):
        a_strangers_view_is_kept(gate, "/about")


def test_js23_1_undeclared_routes_are_reported(gate, tmp_path):
    """A route whose answers name people the ledger knows, and which no surface declares, is in the report."""
    undeclared_routes_are_reported(gate, tmp_path)


def test_js23_1_twin_undeclared_routes_are_reported(gate, tmp_path):
    """Once it is declared, it is recorded instead, and in no such report."""
    about = {"id": "about", "route": "/about/{subject}", "fields": ["name", "email"]}
    gate.configure(surface=[*SURFACES, about])
    with broken("the undeclared route is listed, with how many people"):
        undeclared_routes_are_reported(gate, tmp_path)
