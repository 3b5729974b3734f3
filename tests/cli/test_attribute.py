from __future__ import annotations

import json
import random
from pathlib import Path

from click.testing import CliRunner, Result
from tests.analysis.attribution.world import PEOPLE, crowd, csv_file, ledger
from tests.ledger.making import DAY, NOON, disclosed

from himaya.analysis.cases import CaseStore, cases_path
from himaya.analysis.groups.group import Group
from himaya.bootstrap.register import open_register
from himaya.cli import group
from himaya.core.errors import InputError
from himaya.ledger.reader import Reader

TAKEN = [f"p{number}" for number in range(0, PEOPLE, 4)]


def site(directory: Path) -> Path:
    return ledger(directory, *crowd(random.Random(1)), disclosed(NOON, "taker", *TAKEN))


def attribute(where: Path, file: Path, *more: str) -> Result:
    about = ["attribute", str(file), "--key", "id", "--ledger", str(where), "--why", "letter 4"]
    return CliRunner().invoke(group, [*about, *more])


def test_the_command_prints_a_lead(tmp_path):
    """It prints counts, candidates with their figures, gaps, and that this is a lead; the use is in the access log."""
    where = site(tmp_path)
    done = attribute(where, csv_file(tmp_path, [*TAKEN[:600], "stranger"]))
    assert done.exit_code == 0, done.output
    assert "601 rows: 600 match 600 people" in done.output
    assert "actor account:taker" in done.output
    assert "Not observed from the beginning" in done.output
    assert "a lead, not a verdict" in done.output
    assert "stranger" not in done.output
    with Reader.open(where) as reader:
        last = list(reader.log())[-1]
    assert (last["command"], last["why"]) == ("attribute", "letter 4")


def test_what_is_not_ours_is_written_nowhere(tmp_path):
    """No file of the ledger, or beside it, holds anything of a row that matches nobody, nor an id of one that does."""
    where = site(tmp_path)
    file = csv_file(tmp_path, [*TAKEN[:600], "stranger-4711"])
    assert attribute(where, file).exit_code == 0
    for path in tmp_path.rglob("*"):
        if path.is_file() and path != file:
            assert b"stranger-4711" not in path.read_bytes(), path


def test_json_has_every_figure(tmp_path):
    """With --json a program reads the same answer; a file without a candidate says what was looked through."""
    where = site(tmp_path)
    told = json.loads(attribute(where, csv_file(tmp_path, ["x1", "x2"]), "--json").stdout)
    assert told["candidates"] == []
    assert told["counted"]["unmatched"] == 2
    assert told["note"].startswith("No match in what was observed from 2025-06-11T12:00:00Z to ")
    assert told["period"]["to"] == "2025-06-15T12:00:00Z"


def test_a_case_remembers_that_a_file_was_compared(tmp_path):
    """With --case the log of the case has who compared and why; an unknown case is an error."""
    where = site(tmp_path)
    with CaseStore(cases_path(where)) as store:
        store.put(Group("g-1", NOON, NOON), NOON)
    file = csv_file(tmp_path, TAKEN[:600])
    assert attribute(where, file, "--case", "g-1").exit_code == 0
    with open_register(where) as register:
        (note,) = register.case("g-1").acts("note")
    assert note.why == "compared a file with the ledger: letter 4"
    done = attribute(where, file, "--case", "g-2")
    assert isinstance(done.exception, InputError)


def test_the_only_visitor_stands_out_when_every_row_is_ours(tmp_path):
    """With --all-ours and --population people whom nobody was shown are part of the reckoning."""
    where = ledger(tmp_path, disclosed(NOON, "taker", *TAKEN), disclosed(NOON - DAY, "u1", "p0"))
    file = csv_file(tmp_path, TAKEN[:600])
    assert json.loads(attribute(where, file, "--json").stdout)["candidates"] == []
    wide = ("--all-ours", "--population", str(PEOPLE), "--json")
    (one,) = json.loads(attribute(where, file, *wide).stdout)["candidates"]
    assert (one["name"], one["novelty"]) == ("account:taker", 599)


def test_a_file_is_kept_and_compared_again(tmp_path):
    """With --attach the file is kept encrypted; --attached compares it later, --expire removes what is over."""
    where = site(tmp_path)
    file = csv_file(tmp_path, TAKEN[:600])
    done = attribute(where, file, "--attach", "30", "--json")
    assert done.exit_code == 0, done.output
    with Reader.open(where) as reader:
        (name,) = reader.state().attachments
    file.unlink()
    about = [
        "attribute",
        "--attached",
        name,
        "--format",
        "csv",
        "--key",
        "id",
        "--ledger",
        str(where),
    ]
    again = CliRunner().invoke(group, [*about, "--why", "again", "--json"])
    assert json.loads(again.stdout)["candidates"] == json.loads(done.stdout)["candidates"]
    over = CliRunner().invoke(group, ["attribute", "--expire", "--ledger", str(where)])
    assert over.output == "0 kept files removed.\n"
    both = CliRunner().invoke(
        group, ["attribute", "--key", "id", "--ledger", str(where), "--why", "x"]
    )
    assert isinstance(both.exception, InputError)
