"""`himaya case leak`: a later file that fits a case contradicts a confirmed deletion and opens a closed case again."""

from __future__ import annotations

import pytest
from tests.response.crew_case import Site

from himaya.config import Config
from himaya.core.errors import InputError
from himaya.response.cases.conditions import is_deleted
from himaya.response.letters.standing import letter_of
from himaya.response.notices.gathering import measures
from himaya.response.people.taken import demands_of

DEMAND = {
    "id": "l-1", "what": "letter", "form": "deletion", "party": "scraper", "language": "en",
    "sha256": "", "annex_sha256": "", "bases": ["terms"], "sealed": "x", "due": "2099-01-01",
}  # fmt: skip
LEGAL = {"role": "legal", "by": "counsel"}


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """Make a site with a case of which a deletion was confirmed, once."""
    made = Site(tmp_path_factory.mktemp("leak"))
    made.opened()
    made.act("c-1", "drafted", data=DEMAND)
    made.act("c-1", "researcher", why="looked", data={"answer": "no"}, **LEGAL)
    for kind in ("released", "sent"):
        made.act("c-1", kind, why="agreed", data={"id": "l-1"}, **LEGAL)
    made.act("c-1", "reply", why="a form came", data={"id": "l-1", "answer": "confirmed"}, **LEGAL)
    return made


@pytest.fixture
def site(tmp_path, template):
    """Give a copy of the site."""
    return Site(tmp_path, template)


def leaked(site: Site, people: range) -> str:
    """Write a found file of these people, and some whom nobody knows."""
    path = site.directory / "found.csv"
    rows = [f"person-{n}" for n in people] + [f"stranger-{n}" for n in range(50)]
    path.write_text("id,name\n" + "".join(f"{row},x\n" for row in rows))
    return str(path)


def compared(site: Site, people: range, *words: str) -> dict:
    told = site.json("leak", leaked(site, people), "--key", "id", "--why", "a file", *words)
    (one,) = told["cases"]
    return one


def close(site: Site) -> None:
    """Bring the case to its end, as if everything had been done."""
    site.act("c-1", "contained", why="held")
    site.act("c-1", "counted", data={"countries": {}})
    site.act("c-1", "assessed", why="each country", **LEGAL)
    site.act("c-1", "notified", why="all", **LEGAL)
    site.act("c-1", "compared", data={})
    site.act("c-1", "closed", why="done", **LEGAL)


def test_a_later_file_contradicts_a_confirmation(site):
    """Forty people of the case in a file make the confirmed deletion contradicted, with the file's hash on record."""
    one = compared(site, range(40))
    assert (one["people"], one["overlap"], one["matches"]) == (120, 40, True)
    assert (one["contradicted"], one["reopened"]) == (["l-1"], False)
    case = site.case()
    assert letter_of(case, "l-1").state == "contradicted"
    assert len(case.last("reappeared").data["sha256"]) == 64


def test_a_closed_case_is_opened_again(site):
    """A closed case whose people a file has is confirmed again, and does not close on the old confirmation."""
    close(site)
    assert site.case().state == "closed"
    assert compared(site, range(40))["reopened"]
    assert site.case().state == "confirmed"
    with pytest.raises(InputError, match="no deletion was confirmed"):
        site.act("c-1", "closed", why="done", **LEGAL)


def test_a_file_from_elsewhere_changes_nothing(site):
    """A file of people as chance picks them, or of others, fits no case: nothing is written down."""
    before = len(site.case().entries)
    assert not compared(site, range(80, 480))["matches"]
    assert not compared(site, range(200, 260))["matches"]
    assert len(site.case().entries) == before


def test_a_file_seen_before_the_confirmation_contradicts_nothing(site):
    """What was there before the deletion was confirmed fits the case, and leaves the confirmation as it is."""
    one = compared(site, range(40), "--seen", "2020-01-01")
    assert (one["matches"], one["contradicted"]) == (True, [])
    assert letter_of(site.case(), "l-1").state == "confirmed"
    assert is_deleted(site.case())


def test_people_are_told_that_a_confirmation_is_contradicted(site):
    """Whoever deletes something hears that the confirmed deletion is in doubt, and notices do not tell of it."""
    assert not demands_of(site.case())[0].is_open
    compared(site, range(40))
    (one,) = demands_of(site.case())
    assert (one.state, one.is_open) == ("contradicted", True)
    assert "confirmed" not in measures(site.case(), Config())


def test_only_a_confirmed_case_is_compared(site):
    """An error that was closed is not opened again by a file, nor is a drill's case: the command says why."""
    site.opened("c-2", sure=False)
    site.act("c-2", "closed", why="our own partner")
    site.opened("c-3", practice=True)
    leak = ("leak", leaked(site, range(40)), "--key", "id", "--why", "a file")
    for name in ("c-2", "c-3"):
        site.run(*leak, "--case", name, fails="a real case that somebody confirmed")
    assert site.case("c-2").state == "closed"


def test_mistakes_are_named(site):
    """Too few people, an unknown case, a time to come, a file that is none: each is said, nothing is written."""
    few = leaked(site, range(5))
    leak = ("leak", few, "--key", "id", "--why", "a file")
    site.run(*leak, fails="5 people of the file are known here")
    site.run(*leak, "--case", "c-9", fails="there is no case c-9")
    site.run(*leak, "--seen", "2099-01-01", fails="is in the future")
    site.run("leak", few + "x.csv", "--key", "id", "--why", "a file", fails="cannot be read")
    site.run("leak", few, "--key", "mail", "--why", "a file", fails="mail")
