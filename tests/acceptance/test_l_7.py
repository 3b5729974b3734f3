"""L-7: the exact ledger outlasts the lag of real incidents, for scrapers that a person confirmed, and only for them."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

from tests.acceptance.promise import broken, require
from tests.gate.feed_support import HIMAYA
from tests.ledger.making import disclosed, write

from himaya.analysis.cases import CaseStore, State, cases_path
from himaya.analysis.groups import Group
from himaya.ledger.reader import Reader
from himaya.ledger.schema import Kind

DAY = 86400.0
#: The longest lag of the incidents that himaya lists: 19 months.
LAG = 570 * DAY


def himaya(*words: object) -> str:
    """Return what the installed command prints."""
    asked = [HIMAYA, *map(str, words)]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout


def a_scrape(ledger: Path, *, confirmed: bool) -> None:
    """Nineteen months ago an account took forty people, a member looked at one; a case was confirmed, or dropped."""
    then = time.time() - LAG
    taken = disclosed(then, "taker", *(f"p{n}" for n in range(40)))
    write(ledger, taken, disclosed(then, "member", "p1"), clock=lambda: then)
    with Reader.open(ledger) as reader:
        number = reader.identities.find(Kind.ACTOR, "account:taker")
    with CaseStore(cases_path(ledger)) as cases:
        cases.put(Group("g-1", then, then, members={number: None}), then)
        state = State.CONFIRMED if confirmed else State.CLOSED
        cases.move("g-1", state, why="one tool", by="dana", at=then + DAY)


def it_is_still_known(ledger: Path) -> None:
    """Retention runs; then the people taken are asked for, and the member."""
    himaya("ledger", "expire", "--ledger", ledger, "--days", 31)
    ask = ("who", "--ledger", ledger, "--why", "a dump", "--json", "--actor")
    require(json.loads(himaya(*ask, "account:taker"))["people"] == 40, "the taken are known")
    member = json.loads(himaya(*ask, "account:member"))
    require(member["people"] == 0, "a member's views ended in their time")
    require(any("removed" in one["why"] for one in member["unobserved"]), "the end is named")
    assert himaya("ledger", "verify", "--ledger", ledger) == "Everything is as written.\n"


def test_l_7_a_confirmed_scraper_is_known_after_the_lag(tmp_path: Path):
    """After nineteen months everybody whom a confirmed scraper took is known; whom a member saw is not."""
    a_scrape(tmp_path / "l", confirmed=True)
    it_is_still_known(tmp_path / "l")


def test_l_7_twin_a_confirmed_scraper_is_known_after_the_lag(tmp_path: Path):
    """Where nobody confirmed the case, the same rows ended with those of everybody else."""
    a_scrape(tmp_path / "l", confirmed=False)
    with broken("the taken are known"):
        it_is_still_known(tmp_path / "l")
