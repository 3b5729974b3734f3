"""JS23-22: the protection itself respects privacy: roles, keys that can be destroyed, erasure that keeps counts."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

import pytest
from tests.acceptance.gate import HIMAYA
from tests.acceptance.promise import broken, require
from tests.ledger.crew import Crew, run
from tests.ledger.making import DAY, disclosed, write

from himaya.analysis.cases import CaseStore, cases_path
from himaya.analysis.groups.group import Group
from himaya.core.actor import Actor
from himaya.ledger.operators.requests import Request, approve
from himaya.ledger.operators.statements import read_statement, written

TAKER, PEOPLE = "203.0.113.9", ("p7", "p8", "p9")


class Office:
    """A ledger on the gate's machine that saw three people taken sixty days ago; keys of people at their homes."""

    def __init__(self, folder: Path) -> None:
        self.site = folder / "site"
        self.site.mkdir()
        self.ledger = self.site / "ledger"
        view = disclosed(time.time() - 60 * DAY, "", *PEOPLE, actor=Actor(address=TAKER))
        write(self.ledger, view)
        self.crew = Crew(folder / "home", self.ledger)

    def enrol(self, *names: str) -> None:
        """Have people make keys, an owner sign, and the gate enrol them."""
        for name in names:
            self.crew.add(name)

    def as_(self, name: str) -> tuple[str, Path]:
        """Return `--as` with a pass of somebody."""
        return "--as", self.crew.a_pass(name)

    def ask(self, *words: object) -> tuple[int, str]:
        """Run the installed command; return its exit code and what it prints."""
        words = (HIMAYA, *map(str, words))
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout

    def who(self, *words: object) -> tuple[int, str]:
        """Ask the ledger."""
        return self.ask("who", "--ledger", self.ledger, "--why", "acceptance", "--json", *words)

    def bytes(self) -> bytes:
        """Return every byte on the gate's machine."""
        return b"\n".join(p.read_bytes() for p in self.site.rglob("*") if p.is_file())


@pytest.fixture(name="office")
def _office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def others_do_not_read(office: Office, *given: object) -> None:
    """Somebody asks who saw a person."""
    code, said = office.who("--subject", "p7", *given)
    require(code == 2 and TAKER not in said, "without the case role nobody reads who saw a person")


def nobody_links(office: Office, *given: object) -> None:
    """Somebody with everything on the machine asks for an old entry, and looks for names in every byte."""
    code, said = office.who("--subject", "p7", *given)
    linked = code == 0 and TAKER in said
    require(not linked and TAKER.encode() not in office.bytes(), "nobody links an old entry")


def counts_stay(office: Office, *forget: object) -> None:
    """One of three people goes; the taker's file is counted again."""
    about = ("--actor", f"address:{TAKER}")
    before = json.loads(office.who(*about)[1])
    assert office.ask(*forget)[0] == 0
    after = json.loads(office.who(*about)[1])
    told = {one["subject"] for one in after["subjects"]}
    require("p8" not in told, "the person is not named")
    require(after["people"] == before["people"] == 3, "the count stays")
    assert (after["erased"], told) == (1, {"p7", "p9"})


def test_js23_22_a_role(office):
    """An analyst and an auditor do not read who viewed a person; the data protection officer does."""
    office.enrol("owner", "analyst", "auditor", "dpo")
    for name in ("analyst", "auditor"):
        others_do_not_read(office, *office.as_(name))
    code, said = office.who("--subject", "p7", *office.as_("dpo"))
    assert code == 0
    assert [one["actor"] for one in json.loads(said)["actors"]] == [f"address:{TAKER}"]


def test_js23_22_twin_a_role(office):
    """Where nobody is enrolled, whoever runs the command reads it."""
    with broken("without the case role nobody reads who saw a person"):
        others_do_not_read(office)


def test_js23_22_the_key_destroyed(office):
    """Once the ledger's key is destroyed, no entry names anybody, to any command and in no byte."""
    (office.site / "ledger.key").unlink()
    nobody_links(office)


def test_js23_22_twin_the_key_destroyed(office):
    """While the key is there, an entry says who saw whom."""
    with broken("nobody links an old entry"):
        nobody_links(office)


def opening(office: Office, *names: str) -> tuple[object, ...]:
    """Return the words that open what is sealed, with what these people agree to; fewer than two give nothing."""
    expire = ("ledger", "expire", "--ledger", office.ledger, "--days", 365)
    run(*expire, *office.as_("owner"))
    with CaseStore(cases_path(office.ledger)) as store:
        store.put(Group(id="c1", first=0.0, found=0.0), time.time())
    request, shares = office.site / "request", []
    wish = ("ledger", "request", "--ledger", office.ledger, "--case", "c1", "--why", "complaint")
    request.write_text(run(*wish, *office.as_("legal")))
    asked = read_statement(request, Request, "a request")
    for name in names:
        shares.append(office.site / f"{name}.share")
        shares[-1].write_text(written(approve(asked, office.crew.of[name], time.time())))
    return ("--open", request, *(shares * 2)[:2], *office.as_("legal"))


def test_js23_22_an_operators_key_destroyed(office):
    """Once all but one of the operators' keys are destroyed, an entry of a sealed day cannot be linked by anybody."""
    office.enrol("owner", "legal", "dpo")
    words = opening(office, "legal")
    for name in ("owner", "dpo"):
        office.crew.file(name).unlink()
    nobody_links(office, *words)


def test_js23_22_twin_an_operators_key_destroyed(office):
    """While two roles have their keys, they link it, inside a case."""
    office.enrol("owner", "legal", "dpo")
    with broken("nobody links an old entry"):
        nobody_links(office, *opening(office, "legal", "dpo"))


def test_js23_22_erasure(office):
    """A person who is erased is named no more, and the count of people a collector took stays true."""
    forget = ("forget", "--ledger", office.ledger, "--subject", "p8", "--why", "art. 17")
    counts_stay(office, *forget)


def test_js23_22_twin_erasure(office):
    """Where rows go instead, the count is gone with them."""
    expire = ("ledger", "expire", "--ledger", office.ledger, "--days", "31", "--then", "delete")
    with broken("the count stays"):
        counts_stay(office, *expire)
