"""After an erasure nothing that himaya controls brings the link back: every file of a site is searched."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from tests.gate.feed_support import FeedGate, until
from tests.ledger.making import disclosed

from himaya.analysis.cases import CaseStore, State, cases_path
from himaya.analysis.groups import Group
from himaya.core.actor import Actor
from himaya.core.facts import AccountFact, NearFact, SubjectFact
from himaya.facts_store import FactsStore, facts_path
from himaya.ledger import Ledger, exports
from himaya.ledger.reader import Reader
from himaya.ledger.schema import Kind, micros

PERSON, ACCOUNT, SESSION, ADDRESS = "anna-k-9313", "acct-7741", "sess-5521", "198.51.100.77"
NAMES = (PERSON, ACCOUNT, SESSION, ADDRESS)


def _fill(folder: Path, now: float) -> None:
    """A person who is a member and is shown: in rows, a case that is over, facts and an export."""
    ledger = folder / "ledger"
    with Ledger.open(ledger) as opened:
        mine = Actor(account=ACCOUNT, session=SESSION, address=ADDRESS)
        other = Actor(account="bob", address="203.0.113.9")
        for actor, subject in ((mine, "carl"), (other, PERSON), (mine, PERSON)):
            opened.append(disclosed(now - 86400, "", subject, actor=actor))
    with Reader.open(ledger) as reader, CaseStore(cases_path(ledger)) as cases:
        number = reader.identities.find(Kind.ACTOR, f"account:{ACCOUNT}")
        cases.put(
            Group("g-1", now - 90000, now, members={number: None}, proven={number: None}), now
        )
        cases.move("g-1", State.CONFIRMED, why="one tool", by="dana", at=now)
        cases.move("g-1", State.CLOSED, why="over", by="dana", at=now)
        exports.register(
            reader,
            purpose="complaint",
            holder="legal",
            until=micros(now + 86400),
            subjects=[reader.subject(PERSON)[1]],
            path="/elsewhere/complaint.csv",
            by="dana",
            now=now,
        )
    with FactsStore(facts_path(ledger)) as facts:
        facts.put([SubjectFact(PERSON, protected=("minor",)), NearFact(ACCOUNT, PERSON)])
        facts.put([AccountFact(ACCOUNT, created=now - 9e6, subject=PERSON), SubjectFact("carl")])


def _ask(site: FeedGate) -> None:
    """Ask the door for the person's profile; nothing stands behind it."""
    request = urllib.request.Request(f"http://127.0.0.1:{site.door}/u/{PERSON}")
    request.add_header("X-Account", ACCOUNT)
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(request, timeout=30)


def _found(folder: Path) -> set[tuple[str, str]]:
    """Return which names stand in which files of the site, in any case."""
    return {
        (str(path.relative_to(folder)), name)
        for path in folder.rglob("*")
        if path.is_file()
        for name in NAMES
        if name.encode() in path.read_bytes().lower()
    }


def test_nothing_brings_an_erased_person_back(tmp_path: Path):
    """Ledger, cases, facts, blocks, lists, logs: no file has a name of the person; what is outside is listed."""
    site = FeedGate(tmp_path)
    _fill(tmp_path, time.time())
    with site:
        _ask(site)
        site.block(ADDRESS, 3600.0)
        site.himaya("feed", "write", "--format", "text", str(tmp_path / "blocked.txt"))
        before = {name for _, name in _found(tmp_path)}
        assert {PERSON, ACCOUNT, ADDRESS} <= before
        both = ("--both", "--subject", PERSON, "--account", ACCOUNT)
        words = ("forget", "--ledger", str(site.ledger), *both, "--why", "art. 17", "--json")
        said = json.loads(site.himaya(*words))
        assert said["kept"] == []
        assert [one["holder"] for one in said["exports"]] == ["legal"]
        assert said["backups_until"]
        until(lambda: not site.blocks())
        site.himaya("feed", "write", "--format", "text", str(tmp_path / "blocked.txt"))
    assert _found(tmp_path) == set()
    site.himaya("ledger", "verify", "--ledger", str(site.ledger))
    with Reader.open(site.ledger) as reader:
        assert [one.subject for one in reader.who_actor("account:bob").subjects] == []
        assert reader.who_actor("account:bob").erased == 1
        opened = str(list(reader.log()))
        assert not any(name in opened for name in NAMES)
    # What himaya cannot reach is said: the file of the export, and where it went.
    register = json.loads(site.himaya("ledger", "exports", "--ledger", str(site.ledger), "--json"))
    assert register["exports"][0]["path"] == "/elsewhere/complaint.csv"
