"""MUSA-D1: a notice to the host is made from the case in one command."""

from __future__ import annotations

import re
from pathlib import Path

from tests.acceptance.letter_desk import DUE, Desk
from tests.acceptance.promise import broken, require
from tests.response.crew_case import MEMBERS, Site

_PERSON = re.compile(r"\bperson-\d+\b")


def a_host_is_written_to(directory: Path, kind: str, established: str) -> None:
    """From a confirmed case one command writes to whoever hosts the data."""
    desk = Desk(Site(directory).ledger, directory)
    case = desk.about(*MEMBERS)
    who = ("--to", "Hosting Ltd", "--contact", "abuse@hosting.example", "--sure", "likely")
    how = ("--kind", kind, "--established", established, "--basis", "data_protection")
    where = ("--url", "https://dump.example/people", "--due", DUE, "--out", directory)
    desk.run("letter", "draft", case, *who, *how, *where)
    file = directory / f"{case}-l-1.txt"
    require(file.exists(), "one command writes to the host")
    text = file.read_text()
    require("https://dump.example/people" in text, "about the place")
    require("the published contact for abuse" in text, "saying how the host is known")
    require(
        "120 different people" in text and not _PERSON.search(text), "with counts and no person"
    )
    require("DRAFT" in text, "as a draft")


def test_musa_d1_a_host_is_written_to(tmp_path):
    """One command makes the notice to a host, with place, counts and annex, as a draft."""
    a_host_is_written_to(tmp_path, "host", "abuse_contact")


def test_musa_d1_twin_a_host_is_written_to(tmp_path):
    """From an address alone nobody is named, so there is no letter."""
    with broken("one command writes to the host"):
        a_host_is_written_to(tmp_path, "host", "address")
