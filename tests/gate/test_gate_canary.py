"""Canaries in front of a real site: `himaya canary make`, a list, a gate, and who comes by over HTTP."""

from __future__ import annotations

import json

import pytest
from tests.acceptance.gate import Gate
from tests.acceptance.site import Site
from tests.acceptance.visitor import Visitor

#: Ids of the site's pages that its people do not have: gaps between ids, and pages of the sitemap alone.
GAPS, PAGES = range(5000, 5003), range(7000, 7003)
BLOCKS = {"canary": {"action": "block", "for_s": 60}}
CRAWLERS = {"canary": BLOCKS["canary"], "impostor": {"crawlers": {"Searchbot": ["10.9.0.0/16"]}}}
ON = {"canaries": {"file": "canaries.txt"}}


@pytest.fixture(name="gate", scope="module")
def _gate(tmp_path_factory):
    """Give a running gate over a site whose operator placed six canaries in two places."""
    site, folder = Site(), tmp_path_factory.mktemp("canary")
    gate = Gate(folder, site.server_port)
    gate.configure(detectors=BLOCKS)
    try:
        gate.start()
        place(gate, "id-gap", GAPS)
        place(gate, "sitemap", PAGES)
        gate.configure(detectors=BLOCKS, **ON)
        yield gate
    finally:
        gate.stop()
        site.close()


@pytest.fixture(autouse=True)
def _configured(gate):
    """Every test begins with canaries in force and a block."""
    gate.configure(detectors=BLOCKS, **ON)


def place(gate: Gate, name: str, people: range) -> None:
    """Make canaries of one place with the command."""
    ids = gate.directory / f"{name}.ids"
    ids.write_text("".join(f"p{number}\n" for number in people))
    out = gate.directory / f"{name}.csv"
    gate.himaya(
        "canary", "make", "--config", str(gate.config), "--count", str(len(people)), "--place", name,
        "--ids", str(ids), "--out", str(out), "--list", str(gate.directory / "canaries.txt"),
    )  # fmt: skip
    assert len(out.read_text().splitlines()) == 1 + len(people)


def opens(visitor: Visitor, *people: int) -> list[int]:
    """Open profiles and return the statuses."""
    return [visitor.get(f"/u/p{person}").status for person in people]


def test_a_walker_over_gaps_is_blocked_at_the_second_place(gate):
    """A walk meets a gap: a finding and nothing else. It meets a page of the sitemap: the next page is refused."""
    with gate.visitor("walker") as walker:
        assert set(opens(walker, *range(4998, 5005))) == {200}
        first = gate.found("canary", "account:walker", wait_s=5)
        assert (first["value"], first["threshold"], first["report_only"]) == (1, 2, True)
        assert set(opens(walker, 7000)) == {200}
        assert opens(walker, 1, 2) == [403, 403]
        assert "canary" in str(walker.get("/u/p3").json()["reasons"])


def test_one_canary_is_no_verdict(gate):
    """Somebody who comes to one canary by accident, and again, goes on like anybody."""
    with gate.visitor("accident") as person:
        assert set(opens(person, 5001, 5001, 5002, *range(100, 120))) == {200}
    assert gate.found("canary", "account:accident", wait_s=5)["report_only"]


def test_whoever_stays_on_links_is_never_found(gate):
    """A person who searches and opens whom the search shows meets no canary, and no finding is made."""
    with gate.visitor("reader") as reader:
        for page in range(3):
            reader.get(f"/search?page={page}")
        assert set(opens(reader, *range(20, 40))) == {200}
    gate.flush()
    assert gate.found("canary", "account:reader") is None


def test_a_verified_crawler_walks_freely_and_an_impostor_does_not(gate):
    """From the crawler's network every canary may be read, and is counted; the same name from elsewhere is found."""
    gate.configure(detectors=CRAWLERS, **ON)
    crawler = Visitor(gate.port, "10.9.3.4", User_Agent="Searchbot/2.1 (+https://bot.example)")
    impostor = Visitor(gate.port, gate.address(), User_Agent="Searchbot/2.1")
    with crawler, impostor:
        assert set(opens(crawler, *GAPS, *PAGES, 1)) == {200}
        assert set(opens(impostor, 5000, 7000)) == {200}
        assert gate.found("canary", f"address:{impostor.address}", wait_s=5)
        assert opens(impostor, 1) == [403]
    assert gate.found("canary", "address:10.9.3.4") is None
    told = json.loads(gate.himaya("status", "--config", str(gate.config), "--json"))
    assert told["canaries"] == 6
    assert told["canary_views_exempt"] >= 6


def test_no_total_counts_canaries(gate):
    """`who` lists them apart, `status` and the audit of the bound count people alone, and the budget was spent."""
    before = json.loads(gate.himaya("status", "--config", str(gate.config), "--json"))
    with gate.visitor("counted") as visitor:
        opens(visitor, 1, 2, 5000)
    told = gate.who(actor="account:counted")
    assert (told["people"], {one["subject"] for one in told["subjects"]}) == (2, {"p1", "p2"})
    assert [one["subject"] for one in told["canaries"]] == ["p5000"]
    after = json.loads(gate.himaya("status", "--config", str(gate.config), "--json"))
    assert after["people_disclosed"] - before["people_disclosed"] == 2
    assert after["canary_views"] - before["canary_views"] == 1
    where = ("--ledger", str(gate.ledger), "--why", "test", "--json")
    audit = json.loads(gate.himaya("audit", "bound", *where))
    assert audit["canaries"] >= 1
    assert audit["holds"]


def test_a_restart_forgets_no_canary(gate):
    """The first canary before a restart and the second after it are two."""
    with gate.visitor("patient") as visitor:
        opens(visitor, 5001)
    gate.restart()
    with gate.visitor("patient") as visitor:
        assert opens(visitor, 7001) == [200]
        assert opens(visitor, 1) == [403]


def test_off_is_off(gate):
    """Without the list the same walk is a walk over people: no finding and no refusal."""
    gate.configure(detectors=BLOCKS)
    with gate.visitor("free") as walker:
        assert set(opens(walker, 5000, 7000, 1)) == {200}
    gate.flush()
    assert gate.found("canary", "account:free") is None
