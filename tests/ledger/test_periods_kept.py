"""Sealed periods and what else decides how long rows and names are kept: confirmed and open cases, holds, erasure."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from tests.ledger.crew import made, run
from tests.ledger.making import DAY, NOON, disclosed, write
from tests.ledger.test_periods import NOW, OPEN, a_team, opened, request, shares, told

from himaya.ledger import Ledger, erasure, holds, retention
from himaya.ledger import entries as e
from himaya.ledger.access import Outside, subject_access
from himaya.ledger.affected import affected, members
from himaya.ledger.beside import who_beside
from himaya.ledger.erasures import erasures
from himaya.ledger.matters import Matter
from himaya.ledger.operators import enrolment
from himaya.ledger.operators.opening import open_periods
from himaya.ledger.operators.periods import seal_periods
from himaya.ledger.operators.requests import approve
from himaya.ledger.reader import Reader
from himaya.ledger.schema import Kind, micros

DAYS, CONFIRMED = 60, 200


@pytest.fixture(name="ledger")
def _ledger(tmp_path: Path) -> Path:
    """Return a ledger with operators: long ago `u-old` saw anna and cleo, and `honest` saw dora."""
    write(
        tmp_path / "l",
        disclosed(NOON, "u-old", "anna-of-long-ago"),
        disclosed(NOON + 60, "honest", "dora"),
        disclosed(NOON + DAY, "u-old", "cleo-of-long-ago"),
        clock=lambda: NOW,
    )
    return tmp_path / "l"


@pytest.fixture(name="team")
def _team(tmp_path: Path, ledger: Path):
    return a_team(tmp_path, ledger)


def _matter(ledger: Path, *, confirmed: bool = True, until: float = 0) -> Matter:
    with Reader.open(ledger) as reader:
        actor = reader.identities.find(Kind.ACTOR, "account:u-old")
    said = {"case": "c1", "basis": "b", "by": "legal", "start": micros(NOON - DAY)}
    return Matter(
        **said, actors=frozenset({actor}), until=micros(until) if until else 0, confirmed=confirmed
    )


def _keep(ledger: Path, now: float, *matters: Matter):
    """Run what the upkeep runs: sealing, then retention."""
    with Ledger.open(ledger, clock=lambda: now) as opened_:
        retention.choose(opened_, e.Classes(at="", confirmed_days=CONFIRMED), now)
        opened_.set_retention(DAYS, "delete", now)
        done = seal_periods(opened_, now, OPEN, matters)
        retention.execute(opened_, now, DAYS, matters=matters)
    return done


def _keep_until(ledger: Path, days: int) -> None:
    with Ledger.open(ledger, clock=lambda: NOW) as opened_:
        opened_.set_retention(DAYS, "delete", NOW)
        seal_periods(opened_, NOW, days)


def _archives(ledger: Path) -> list[tuple[int, bool]]:
    with Reader.open(ledger) as reader:
        assert reader.verify() == []
        files = reader.state().files.values()
        return sorted((file.rows, file.longer) for file in files if file.archive)


def _known(ledger: Path, *names: str) -> list[bool]:
    with Reader.open(ledger) as reader:
        return [bool(reader.identities.find(Kind.SUBJECT, name)) for name in names]


def test_sealed_rows_of_confirmed_cases_are_kept_longer(ledger, team):
    """They are a file of their own under the same two shares; the others end with `identified_days`, they later."""
    matter = _matter(ledger)
    assert _keep(ledger, NOW, matter).rows == 3
    assert _archives(ledger) == [(1, False), (1, True), (1, True)]
    asked = request(ledger)
    assert opened(ledger, asked, shares(team, asked, "legal", "dpo")) == ["account:u-old"] * 2
    later = NOON + (DAYS + 5) * DAY
    assert _keep(ledger, later, matter).removed == 1
    assert _archives(ledger) == [(1, True), (1, True)]
    asked = request(ledger)
    assert opened(ledger, asked, shares(team, asked, "owner", "dpo")) == ["account:u-old"] * 2
    assert _keep(ledger, NOON + (CONFIRMED + 5) * DAY, matter).removed == 2
    assert _archives(ledger) == []
    assert _known(ledger, "anna-of-long-ago", "cleo-of-long-ago") == [False, False]


def test_names_of_ordinary_people_go_with_their_sealed_rows(ledger, team):
    """A sealed file that is kept longer keeps the names in it, and of nobody else; they stay sealed meanwhile."""
    matter = _matter(ledger)
    _keep(ledger, NOW, matter)
    _keep(ledger, NOON + (DAYS + 5) * DAY, matter)
    assert _known(ledger, "dora", "anna-of-long-ago") == [False, True]
    with Reader.open(ledger) as reader:
        number = reader.identities.find(Kind.SUBJECT, "anna-of-long-ago")
        assert reader.identities.closed([number]) == {number}


def test_rows_of_an_open_case_stay_open_until_it_closes(ledger, team):
    """What an open case needs is not sealed while it is open; after it is closed it is, and opens with two shares."""
    open_ = _matter(ledger, confirmed=False, until=NOW + 10 * DAY)
    done = _keep(ledger, NOW, open_)
    assert (done.rows, done.held) == (1, 2)
    assert told(ledger, "anna-of-long-ago")[0] == ["account:u-old"]
    assert told(ledger, "dora")[0] == []
    assert _keep(ledger, NOW + DAY, _matter(ledger, confirmed=False)).rows == 2
    assert told(ledger, "anna-of-long-ago")[0] == []
    asked = request(ledger)
    assert opened(ledger, asked, shares(team, asked, "legal", "dpo")) == ["account:u-old"] * 2


def test_a_hold_on_sealed_rows_keeps_the_name_it_needs(ledger, team):
    """The erasure of somebody who is in sealed rows alone waits for the hold to end."""
    _keep(ledger, NOW)
    with Reader.open(ledger) as reader:
        about = reader.subject("anna-of-long-ago")
        holds.place(reader, about, basis="c", by="l", until=micros(NOW + 50 * DAY), now=NOW)
        done = erasure.forget(reader, subject="anna-of-long-ago", why="t", by="dpo", now=NOW)
        assert (done.erased, len(done.kept)) == (0, 1)
    _keep(ledger, NOW + DAY)
    assert _known(ledger, "anna-of-long-ago") == [True]
    with Reader.open(ledger) as reader:
        (listed,) = erasures(reader, (), NOW + DAY)
        assert (listed.state, listed.identities, len(listed.kept)) == ("pending", 0, 1)
    _keep(ledger, NOW + 51 * DAY)
    assert _known(ledger, "anna-of-long-ago") == [False]


def test_both_sides_of_a_person_in_sealed_rows_alone_are_erased(ledger, team):
    """`--both` reaches a person whom only sealed rows know, as subject and as actor; others keep their names."""
    _keep(ledger, NOW)
    with Reader.open(ledger) as reader:
        done = erasure.forget(
            reader, subject="cleo-of-long-ago", account="u-old", why="t", by="dpo", now=NOW
        )
        assert (done.erased, done.kept) == (3, ())
        assert reader.identities.find(Kind.ACTOR, "account:u-old") == 0
    assert _known(ledger, "anna-of-long-ago", "cleo-of-long-ago") == [True, False]
    asked = request(ledger)
    assert opened(ledger, asked, shares(team, asked, "legal", "dpo")) == []


def test_a_sealed_name_is_never_called_erased(ledger, team, tmp_path):
    """Where rows were opened and a name was not, every answer says that it is sealed, and none that it was erased."""
    _keep_until(ledger, 39)  # the first day alone, to the old key
    old, new = team.of["dpo"], made(tmp_path / "n.key", "dpo", "dpo")
    team.enrol(enrolment.vouch(new.card, old))
    _keep(ledger, NOW)
    asked = request(ledger)
    given = [*shares(team, asked, "legal"), approve(asked, old, NOW)]
    with Reader.open(ledger) as reader:
        open_periods(reader, asked, given, lambda _: True, command="who", now=NOW)
        actor = reader.identities.find(Kind.ACTOR, "account:u-old")
        told_ = affected(reader, members([actor], "x"))
        assert (told_.people, told_.erased) == (1, 0)
        assert reader.named([actor, 1]) == {actor: f"sealed-{actor}"}
        outside = Outside(lambda _: "", lambda _: "")
        answer = subject_access(reader, "anna-of-long-ago", outside)
        assert (answer.erased, len(answer.recipients)) == (0, 1)
        assert "sealed" in answer.recipients[0].recipient
        beside = who_beside(reader, "account:u-old")
        assert beside.erased == 0
        assert "erased" not in {one.network for one in beside.networks}


def test_lists_call_a_sealed_name_sealed(ledger, team):
    """A hold on somebody whose name is sealed is listed as sealed, not as erased."""
    _keep(ledger, NOW)
    now = time.time()
    with Reader.open(ledger) as reader:
        about = reader.subject("anna-of-long-ago")
        holds.place(reader, about, basis="c", by="l", until=micros(now + DAY), now=now)
    said = run("hold", "--list", "--ledger", ledger, "--json", "--as", team.a_pass("legal"))
    assert [one["name"] for one in json.loads(said)["holds"]][:1] == ["sealed"]


def test_sealed_days_leave_no_compact_form(ledger, team):
    """With `ordinary = "compact"` only rows that were open when they ended are folded, as docs/retention.md says."""
    with Ledger.open(ledger, clock=lambda: NOW) as opened_:
        retention.choose(opened_, e.Classes(at="", ordinary="compact"), NOW)
        opened_.set_retention(DAYS, "delete", NOW)
        assert seal_periods(opened_, NOW, OPEN).rows == 3
        later = NOON + (DAYS + 5) * DAY
        assert seal_periods(opened_, later, OPEN).removed == 3
        retention.execute(opened_, later, DAYS)
    with Reader.open(ledger) as reader:
        assert reader.state().compact == {}
        assert reader.verify() == []
