"""REG-10: a person gets a signed statement of what was shown of them, which anybody can check."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from tests.acceptance.gate import HIMAYA, Gate, Table
from tests.acceptance.promise import broken, require

from himaya.ledger.keys import Keys, default_key_file, read_key_file
from himaya.ledger.statement import checked, signed


def statement_about(gate: Gate, person: str, file: Path) -> Table:
    """Have a statement made, and return what is in it."""
    gate.flush()
    where = ("--ledger", str(gate.ledger), "--why", "acceptance")
    gate.himaya("access", *where, "--subject", person, "--statement", str(file))
    stated = json.loads(file.read_text())["statement"]
    assert isinstance(stated, dict)
    return stated


def is_accepted(file: Path, public: str) -> bool:
    """Tell what the command says of a file, which it knows nothing else of."""
    words = [HIMAYA, "statement", "check", file, *(["--public", public] if public else [])]
    return subprocess.run(words, capture_output=True, check=False, cwd=file.parent).returncode == 0


def key_of(gate: Gate) -> str:
    """Return the key that the site names (`himaya ledger status` prints it)."""
    return read_key_file(default_key_file(gate.ledger)).public


def a_person_has_a_statement(
    gate: Gate, name: str, route: str, person: str, directory: Path
) -> None:
    """Somebody is shown to one account; their statement says so, and a machine without the ledger checks it."""
    with gate.visitor(name) as viewer:
        viewer.get(f"{route}/{person}")
    file = directory / "mine.json"
    stated = statement_about(gate, person, file)
    require(is_accepted(file, key_of(gate)), "the statement is signed by the site")
    answer = stated["answer"]
    told = [(one["recipient"], one["fields"]) for one in answer["recipients"]]
    require(told == [("a member", ["email", "name"])], "it says what was shown")
    day = datetime.now(UTC).date().isoformat()
    require(answer["recipients"][0]["last"] == day, "and on which day")
    require(answer["cannot"] and answer["chain"]["hash"], "and what it cannot speak for")


def a_forger_is_found(gate: Gate, person: str, directory: Path, public: str) -> None:
    """One byte is changed; then everything is signed anew with another key."""
    file, forged = directory / "mine.json", directory / "forged.json"
    statement_about(gate, person, file)
    data = file.read_bytes()
    at = data.index(b'"recipients"') + 20
    forged.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    require(not is_accepted(forged, public), "one changed byte is found")
    forged.write_bytes(signed(checked(data), Keys(b"0" * 32)))
    require(not is_accepted(forged, public), "another key is found")


def test_reg_10_a_person_has_a_statement(gate, name, tmp_path):
    """A person's statement says which fields were shown, to what kind of recipient, when; and is signed."""
    a_person_has_a_statement(gate, name, "/u", "p18101", tmp_path)


def test_reg_10_twin_a_person_has_a_statement(gate, name, tmp_path):
    """Of a view on a route that is not declared the statement says nothing."""
    with broken("it says what was shown"):
        a_person_has_a_statement(gate, name, "/about", "p18102", tmp_path)


def test_reg_10_a_forger_is_found(gate, tmp_path):
    """A statement with one changed byte, or with another key, is refused by whoever knows the site's key."""
    a_forger_is_found(gate, "p1", tmp_path, key_of(gate))


def test_reg_10_twin_a_forger_is_found(gate, tmp_path):
    """Whoever does not ask the site for its key takes a stranger's for the site's."""
    with broken("another key is found"):
        a_forger_is_found(gate, "p1", tmp_path, "")
