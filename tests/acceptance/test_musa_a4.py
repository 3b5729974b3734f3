"""MUSA-A4: what is exchanged with others names nobody who was shown, and what others report opens a case."""

from __future__ import annotations

import re
from pathlib import Path

from tests.acceptance.letter_desk import Desk
from tests.acceptance.promise import broken, require
from tests.response.crew_case import MEMBERS, Site

_PERSON = re.compile(r"\bperson-\d+\b")


def an_export_names_no_person(directory: Path, *, people: bool) -> None:
    """Indicators of a case go to a partner as STIX and for MISP; with `people` the list of its people goes instead."""
    site = Site(directory)
    desk = Desk(site.ledger, directory)
    case = desk.about(*MEMBERS)
    stix, misp = directory / "out.stix", directory / "out.misp"
    if people:
        asked = directory / "actors.txt"
        asked.write_text("\n".join(MEMBERS))
        stix.write_text(_people(site, asked))
        misp.write_text("")
    else:
        desk.told("indicators", case, "--stix", stix, "--misp", misp, "--holder", "a partner")
    text = stix.read_text() + misp.read_text()
    require(not _PERSON.search(text), "an export contains no subject id")
    require("198.51.100.7" in text, "and what others can look for")


def _people(site: Site, asked: Path) -> str:
    import subprocess

    from tests.acceptance.gate import HIMAYA

    words = [HIMAYA, "who", "--ledger", site.ledger, "--actors", asked, "--why", "x", "--csv"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def a_report_from_outside_is_a_case(directory: Path, *, taken_in: bool) -> None:
    """Somebody outside says that data was taken; without `taken_in` nobody writes it down."""
    desk = Desk(Site(directory).ledger, directory)
    case = ""
    if taken_in:
        received = ("--from", "a journalist", "--received", "2026-01-02T03:04:05Z")
        case = desk.told("claim", *received)["id"]
    require(case, "a report from outside is a case")
    found = desk.case(case)
    require(found.clocks["first_signal"].when == 1_767_323_045_000_000, "with the time it came in")
    require("discovery_or_notified" not in found.clocks, "and no clock that nobody set")


def test_musa_a4_an_export_names_no_person(tmp_path):
    """Indicators in both forms have addresses of the actors, and the id of no person."""
    an_export_names_no_person(tmp_path, people=False)


def test_musa_a4_twin_an_export_names_no_person(tmp_path):
    """A list of the case's people in its place would."""
    with broken("an export contains no subject id"):
        an_export_names_no_person(tmp_path, people=True)


def test_musa_a4_a_report_from_outside_is_a_case(tmp_path):
    """A claim is taken in as a case with the time it came in; a person sets the clocks."""
    a_report_from_outside_is_a_case(tmp_path, taken_in=True)


def test_musa_a4_twin_a_report_from_outside_is_a_case(tmp_path):
    """Without the command there is none."""
    with broken("a report from outside is a case"):
        a_report_from_outside_is_a_case(tmp_path, taken_in=False)
