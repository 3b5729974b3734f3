"""The comparison of a scraper's own file with the ledger's answer."""

from __future__ import annotations

import asyncio
import io
import json

import pytest
from rich.console import Console

from himaya.core.errors import ServiceError
from himaya.demo import proof
from himaya.demo.closing import _comparison
from himaya.demo.harvest import Haul
from himaya.demo.scrapers import all_scrapers

ROWS = [{"subject": "a", "fields": ["town", "name"]}, {"subject": "b", "fields": ["name"]}]


@pytest.fixture(name="compare")
def compare_fixture(tmp_path, members, monkeypatch):
    """Compare a scraper that holds a and b with what a ledger is made to answer."""
    haul = Haul()
    haul.people = {"b": {"name": "B"}, "a": {"name": "A", "town": "T"}}
    (tmp_path / proof.FILES).mkdir()

    def compare(rows):
        answer = json.dumps({"subjects": rows})
        monkeypatch.setattr(proof, "_run", lambda arguments, directory: answer)
        return asyncio.run(proof.compare(all_scrapers(members)[0], haul, tmp_path))

    return compare


def printed(found):
    console = Console(file=io.StringIO(), width=100)
    console.print(_comparison(found))
    return console.file.getvalue()


def test_equal_files_have_no_difference(compare):
    """Order of people and of fields does not matter; what is equal is called equal."""
    found = compare(ROWS)
    assert found.diff == ()
    assert (found.people_own, found.people_ledger) == (2, 2)
    assert found.own.read_text() == found.ledger.read_text() == "a\tname,town\nb\tname\n"
    assert "no difference" in printed(found)


@pytest.mark.parametrize(
    "rows",
    [
        ROWS[:1],
        [*ROWS, {"subject": "c", "fields": ["name"]}],
        [ROWS[0], {"subject": "b", "fields": ["name", "town"]}],
        [],
    ],
)
def test_any_difference_is_shown_as_a_fault(compare, rows):
    """A person too few or too many, or another field, is a difference, and said to be a fault."""
    found = compare(rows)
    assert found.diff
    assert "fault of himaya" in printed(found)


def test_long_differences_are_cut(compare):
    """Of a long difference the first lines are shown, and how many there are more."""
    found = compare([{"subject": f"x{n}", "fields": ["name"]} for n in range(50)])
    assert "lines more" in printed(found)


def test_failing_command_is_an_error(tmp_path, members):
    """When `himaya who` fails, the demo names the command and what it said."""
    (tmp_path / proof.FILES).mkdir()
    with pytest.raises(ServiceError, match=r"himaya who --ledger ledger .* ended with 2"):
        asyncio.run(proof.compare(all_scrapers(members)[0], Haul(), tmp_path))
