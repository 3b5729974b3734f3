"""Sealed periods: no single key opens them, two roles and an open case do, and root's copy of the disk does not."""

from __future__ import annotations

import base64
import json
import os
import shutil
import sqlite3
import time
from contextlib import suppress
from itertools import combinations
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest
from tests.ledger.crew import Crew, crew, made, run
from tests.ledger.making import DAY, NOON, disclosed, write

from himaya.analysis.cases import CaseStore, State, cases_path
from himaya.analysis.groups.group import Group
from himaya.bootstrap.parts import keep_house
from himaya.config import loads
from himaya.core.errors import InputError, LedgerError
from himaya.ledger import Ledger, erasure, holds, retention
from himaya.ledger.archive import PeriodKeys, open_archives
from himaya.ledger.erasing import closed_parts
from himaya.ledger.operators import enrolment, periods
from himaya.ledger.operators.opening import open_periods
from himaya.ledger.operators.periods import seal_periods
from himaya.ledger.operators.requests import Request, Share, Wish, approve, ask, key_path
from himaya.ledger.operators.statements import written
from himaya.ledger.reader import Reader
from himaya.ledger.schema import Kind, micros
from himaya.ledger.state import read_state

OPEN = 30
NOW = NOON + 40 * DAY  # the rows of NOON are 40 days old
CASE = "c1"
CONFIG = """
[site]
name = "x"
[ledger]
directory = "l"
[retention]
identified_days = 365
"""
SHORT = "".join(
    f"[budgets.{kind}]\nday = 5\n" for kind in ("account", "session", "key", "address", "prefix")
)


@pytest.fixture(name="ledger")
def _ledger(tmp_path: Path) -> Path:
    """Return a ledger: `u-old` saw `anna` and `ben` long ago, `u-new` sees `ben` today."""
    write(
        tmp_path / "l",
        disclosed(NOON, "u-old", "anna-of-long-ago", "ben"),
        disclosed(NOON + DAY, "u-old", "cleo-of-long-ago"),
        disclosed(NOW, "u-new", "ben"),
        clock=lambda: NOW,
    )
    with Ledger.open(tmp_path / "l", clock=lambda: NOW) as opened_:
        opened_.set_retention(365, "delete", NOW)
    return tmp_path / "l"


@pytest.fixture(name="team")
def _team(tmp_path: Path, ledger: Path) -> Crew:
    """Return the operators of the ledger, and open a case."""
    return a_team(tmp_path, ledger)


def a_team(tmp_path: Path, ledger: Path) -> Crew:
    team = crew(tmp_path, ledger, "owner", "legal", "dpo", "analyst")
    with CaseStore(cases_path(ledger)) as store:
        group = Group(id=CASE, members={1: None, 2: None}, first=NOON, found=NOON, keys=[])
        store.put(group, NOW)
    return team


def seal(ledger: Path, now: float = NOW, days: int = OPEN):
    with Ledger.open(ledger, clock=lambda: now) as opened:
        return seal_periods(opened, now, days)


def told(ledger: Path, subject: str) -> tuple[list[str], list[str]]:
    """Return who saw a person, and why the ledger cannot speak for some time."""
    with Reader.open(ledger) as reader:
        said = reader.who_subject(subject)
    return [one.actor for one in said.actors], [one.why for one in said.unobserved]


def request(ledger: Path, start: float = NOON - DAY, end: float = NOON + 5 * DAY) -> Request:
    wish = Wish(CASE, micros(start), micros(end), "a complaint", "legal")
    with Reader.open(ledger) as reader:
        return ask(reader, wish, NOW)


def opened(ledger: Path, asked: Request, shares, *, now: float = NOW, is_open=True):
    """Open what was asked for; return who saw anna and cleo."""
    with Reader.open(ledger) as reader:
        open_periods(reader, asked, shares, lambda _: is_open, command="who", now=now)
        found = []
        for name in ("anna-of-long-ago", "cleo-of-long-ago"):
            found += [one.actor for one in reader.who_subject(name).actors]
        return found


def shares(team: Crew, asked: Request, *names: str) -> list[Share]:
    return [approve(asked, team.of[name], NOW) for name in names]


def test_old_rows_are_closed_and_told(ledger, team):
    """What is older than the open window is in no answer, and every answer says that it is sealed."""
    assert told(ledger, "anna-of-long-ago")[0] == ["account:u-old"]
    done = seal(ledger)
    assert (done.rows, done.held) == (3, 0)
    actors, why = told(ledger, "anna-of-long-ago")
    assert actors == []
    assert why == ["rows were sealed to operators; two roles open them inside a case"]
    assert told(ledger, "ben")[0] == ["account:u-new"]
    assert seal(ledger) == msgspec.structs.replace(done, rows=0, names=0)
    with Reader.open(ledger) as reader:
        assert reader.verify() == []
        (gap,) = reader.who_subject("ben").unobserved
    assert (gap.start, gap.end) == ("2025-06-15T00:00:00Z", "2025-06-17T00:00:00Z")


def test_nothing_is_sealed_to_one_role(tmp_path, ledger):
    """With operators of one opening role only, nobody could open it together, so nothing is sealed."""
    team = crew(tmp_path, ledger, "owner", "analyst", "auditor")
    team.add("second", "owner")
    assert seal(ledger).rows == 0
    team.add("dpo")
    assert seal(ledger).rows == 3


@pytest.mark.parametrize("pair", list(combinations(["owner", "legal", "dpo"], 2)))
def test_two_roles_and_a_case_open(ledger, team, pair):
    """Any two of owner, legal and dpo open what was asked for, with its names, and both stand in the chain."""
    seal(ledger)
    asked = request(ledger)
    assert opened(ledger, asked, shares(team, asked, *pair)) == ["account:u-old"] * 2
    with Reader.open(ledger) as reader:
        *_, last = reader.log()
    assert (last["kind"], last["names"], last["case"]) == ("period_opened", pair, CASE)


def test_only_the_days_asked_for_open(ledger, team):
    """A request for one day gives the key of no other."""
    seal(ledger)
    asked = request(ledger, NOON - DAY, NOON + DAY / 2)
    assert opened(ledger, asked, shares(team, asked, "legal", "dpo")) == ["account:u-old"]
    with Reader.open(ledger) as reader:
        keys = reader.state().operators.periods
    assert [p.day for p in asked.periods if p.day >= 0] == [int(NOON // DAY)]
    assert sum(period.day >= 0 for period in keys.values()) == 2


def test_what_is_not_enough(ledger, team, tmp_path):
    """One share, one twice, two of a role, one for another request, changed, retired or unknown: none opens."""
    team.add("legal-2", "legal")
    seal(ledger)
    asked, other = request(ledger), request(ledger)
    legal, dpo = shares(team, asked, "legal", "dpo")
    (second,) = shares(team, asked, "legal-2")
    (elsewhere,) = shares(team, other, "dpo")
    grafted = msgspec.structs.replace(elsewhere, request=asked.id, digest=asked.digest)
    stranger = made(tmp_path / "s.key", "stranger", "dpo")
    forged = stranger.signed(msgspec.structs.replace(dpo, card=stranger.id))
    renamed = stranger.signed(dpo)
    for given, said in (
        ([legal], "two operators of different roles"),
        ([legal, legal], "two operators of different roles"),
        ([legal, second], "two operators of different roles"),
        ([legal, elsewhere], "for another request"),
        ([legal, grafted], "was changed"),
        ([legal, team.of["dpo"].signed(grafted)], "does not open with the key of its request"),
        ([legal, forged], "of nobody"),
        ([legal, renamed], "was changed"),
        ([], "two operators of different roles"),
    ):
        with pytest.raises(LedgerError, match=said):
            opened(ledger, asked, given)
    team.enrol(enrolment.retirement("dpo", team.id, team.of["owner"], time.time()))
    with pytest.raises(LedgerError, match="of nobody"):
        opened(ledger, asked, [legal, dpo])


def test_an_analyst_holds_no_half(ledger, team):
    """Who may look for cases cannot approve an opening."""
    seal(ledger)
    with pytest.raises(InputError, match="nothing of this time is sealed to the card"):
        approve(request(ledger), team.of["analyst"], NOW)


def test_a_request_ends(ledger, team):
    """Past its time, in a closed case or with a changed request nothing opens, and its key is gone from the disk."""
    seal(ledger)
    asked = request(ledger)
    given = shares(team, asked, "legal", "dpo")
    with pytest.raises(LedgerError, match="is closed"):
        opened(ledger, asked, given, is_open=False)
    with pytest.raises(LedgerError, match="was changed"):
        opened(ledger, msgspec.structs.replace(asked, why="another"), given)
    with Reader.open(ledger) as reader:
        place = key_path(reader.layout, asked.id)
    assert place.stat().st_mode & 0o077 == 0
    later = NOW + 73 * 3600
    with pytest.raises(LedgerError, match="is over"):
        opened(ledger, asked, given, now=later)
    with pytest.raises(InputError, match="is over"):
        approve(asked, team.of["legal"], later)
    seal(ledger, later)
    assert not place.exists()


def test_a_request_cannot_ask_for_more_than_it_says(ledger, team):
    """A half is bound to its day: a request that says another day for it gets no share."""
    seal(ledger)
    asked = request(ledger)
    first, second = (period for period in asked.periods if period.day >= 0)
    lie = msgspec.structs.replace(second, day=first.day)
    wrong = msgspec.structs.replace(asked, periods=(first, lie))
    with pytest.raises(InputError, match="of another day"):
        approve(wrong, team.of["legal"], NOW)
    wide = msgspec.structs.replace(asked, end=micros(NOON + DAY / 2))
    with pytest.raises(InputError, match="not of the time it asks for"):
        approve(wide, team.of["legal"], NOW)


def test_who_comes_back_is_the_same_person(ledger, team):
    """Somebody known only from sealed periods keeps the surrogate when they come back, and has a name again."""
    seal(ledger)
    with Reader.open(ledger) as reader:
        number = reader.identities.find(Kind.SUBJECT, "anna-of-long-ago")
        assert reader.identities.names([number]) == {}
        assert reader.identities.closed([number]) == {number}
    write(ledger, disclosed(NOW, "u-new", "anna-of-long-ago"))
    with Reader.open(ledger) as reader:
        assert reader.identities.find(Kind.SUBJECT, "anna-of-long-ago") == number
        assert reader.identities.names([number]) == {number: "anna-of-long-ago"}
        assert reader.identities.closed([number]) == set()
    assert told(ledger, "anna-of-long-ago")[0] == ["account:u-new"]
    assert seal(ledger).names == 0
    asked = request(ledger)
    assert "account:u-old" in opened(ledger, asked, shares(team, asked, "legal", "dpo"))


def test_erasure_reaches_sealed_periods(ledger, team):
    """A person who is forgotten has no name in a period that is opened later; the rows stay as a number.

    A copy of what was stored, from before, opens with the key of the period no more than without.
    """
    seal(ledger)
    with Reader.open(ledger) as reader:
        number, sql = (
            reader.facet("account:u-old")[1],
            "SELECT * FROM closed_name WHERE surrogate = ?",
        )
        with sqlite3.connect(ledger / "identities.sqlite") as db:
            ((_, _, stored),) = db.execute(sql, (number,)).fetchall()
        assert closed_parts(reader.identities._now(), number, stored)
        erasure.forget(reader, account="u-old", why="t", by="dpo", now=NOW)
        with pytest.raises(LedgerError, match="does not open"):
            closed_parts(reader.identities._now(), number, stored)
    asked = request(ledger)
    given = shares(team, asked, "legal", "dpo")
    with Reader.open(ledger) as reader:
        open_periods(reader, asked, given, lambda _: True, command="who", now=NOW)
        said = reader.who_subject("anna-of-long-ago")
    assert (said.count, said.erased, said.actors) == (1, 1, [])
    with sqlite3.connect(ledger / "identities.sqlite") as db:
        left = db.execute("SELECT count(*) FROM closed_name").fetchone()[0]
        assert left == db.execute("SELECT count(*) FROM identity WHERE sealed = X''").fetchone()[0]


def test_held_rows_stay_open_until_the_hold_ends(ledger, team):
    """What a hold keeps is not sealed, with its names; after the hold it is."""
    with Reader.open(ledger) as reader:
        about = reader.subject("anna-of-long-ago")
        holds.place(reader, about, basis="c", by="l", until=micros(NOW + DAY), now=NOW)
    done = seal(ledger)
    assert (done.rows, done.held) == (2, 1)
    assert told(ledger, "anna-of-long-ago")[0] == ["account:u-old"]
    assert seal(ledger, NOW + 2 * DAY).rows == 1
    assert told(ledger, "anna-of-long-ago")[0] == []


def test_retention_ends_sealed_days(ledger, team):
    """Sealed days are removed when their retention is over, with their names, unless a hold touches them."""
    with Ledger.open(ledger, clock=lambda: NOW) as opened_:
        opened_.set_retention(60, "delete", NOW)
        seal_periods(opened_, NOW, OPEN)
        later = NOW + 20.5 * DAY
        assert seal_periods(opened_, later, OPEN).removed == 2
        retention.execute(opened_, later, 60)
    with Reader.open(ledger) as reader:
        about = reader.facet("account:u-new")
        holds.place(reader, about, basis="c", by="l", until=micros(NOW + 99 * DAY), now=NOW)
    assert seal(ledger, NOW + 30 * DAY).removed == 0
    with Reader.open(ledger) as reader:
        assert [f.day for f in reader.state().files.values() if f.archive] == [int(NOON // DAY) + 1]
        assert reader.verify() == []


def test_seal_needs_no_sealing_key_with_operators(ledger, team):
    """`then = "seal"` means, with operators, that days stay sealed to them rather than deleted."""
    with Ledger.open(ledger, clock=lambda: NOW) as opened_:
        retention.execute(opened_, NOW, 35, "seal")  # sets it; nothing is sealed yet
        assert seal_periods(opened_, NOW, 60).rows == 3
        assert retention.execute(opened_, NOW + 365 * DAY, 35, "seal").rows == 0
    asked = request(ledger)
    assert len(opened(ledger, asked, shares(team, asked, "owner", "dpo"))) == 2


def test_a_replaced_key_opens_what_was_sealed_to_it(ledger, team, tmp_path):
    """After a change of key the old private file opens old periods, the new one those sealed since.

    A name that was sealed since stands as sealed where the old one alone opens, never as erased.
    """
    seal(ledger, NOW, 39)  # the first day alone
    old, new = team.of["dpo"], made(tmp_path / "n.key", "dpo", "dpo")
    team.enrol(enrolment.vouch(new.card, old))
    seal(ledger)
    asked = request(ledger)
    (legal,) = shares(team, asked, "legal")
    with Reader.open(ledger) as reader:
        sealed = f"sealed-{reader.identities.find(Kind.ACTOR, 'account:u-old')}"
    assert opened(ledger, asked, [legal, approve(asked, old, NOW)]) == [sealed]
    assert opened(ledger, asked, [legal, approve(asked, new, NOW)]) == ["account:u-old"]
    three = [legal, approve(asked, old, NOW), approve(asked, new, NOW)]
    assert len(opened(ledger, asked, three)) == 2


def test_a_crash_between_rows_and_names_loses_nothing(ledger, team, monkeypatch):
    """When the process ends after the rows are sealed, the next run seals the names, under a key of their own."""
    from himaya.ledger.operators import periods

    def crash(*_: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(periods, "_seal_names", crash)
        with pytest.raises(KeyboardInterrupt), Ledger.open(ledger, clock=lambda: NOW) as opened_:
            seal_periods(opened_, NOW, OPEN)
    assert seal(ledger).names > 0
    asked = request(ledger)
    assert opened(ledger, asked, shares(team, asked, "legal", "dpo")) == ["account:u-old"] * 2


def test_the_house_is_kept_with_an_open_window(ledger, team):
    """The upkeep of gate and `follow` seals by `open_days`, by default as long as the longest budget window."""
    config = loads(CONFIG, file="", directory=ledger.parent)
    assert (
        config.open_days,
        loads(CONFIG + SHORT, file="", directory=ledger.parent).open_days,
    ) == (
        30,
        1,
    )
    with Ledger.open(ledger, clock=lambda: NOW) as opened_:
        keep_house(opened_, config, NOW)
    assert told(ledger, "anna-of-long-ago")[0] == []
    longer = loads(CONFIG + "open_days = 39\n", file="", directory=ledger.parent)
    assert longer.open_days == 39


def test_a_large_day_is_sealed_in_parts(ledger, team, monkeypatch):
    """A day of more rows than are taken into memory is sealed in parts, and one request opens all of them."""
    write(ledger, disclosed(NOON + 60, "u-late", "anna-of-long-ago"), clock=lambda: NOW)
    monkeypatch.setattr(periods, "_MOST_ROWS", 1)
    assert seal(ledger).rows == 4
    with Reader.open(ledger) as reader:
        days = [one.day for one in reader.state().operators.periods.values() if one.rows]
        assert (len(days), len(set(days))) == (3, 2)
        assert reader.verify() == []
    asked = request(ledger)
    found = opened(ledger, asked, shares(team, asked, "legal", "dpo"))
    assert sorted(found) == ["account:u-late", "account:u-old", "account:u-old"]


def test_who_is_enrolled_while_a_day_is_sealed_can_open_it(ledger, team, monkeypatch):
    """Halves are for those who stand when the entry is made: somebody who came meanwhile has theirs."""
    real, came = periods._entry, []

    def slowly(*given):
        entry = real(*given)
        if not came:
            came.append(team.add("legal-2", "legal"))
        return entry

    monkeypatch.setattr(periods, "_entry", slowly)
    assert seal(ledger).rows == 3
    with Reader.open(ledger) as reader:
        sealed = [one for one in reader.state().operators.periods.values() if one.rows]
        assert len(sealed) == 2
        assert all(came[0].id in {*_holders(one)} for one in sealed)
        assert reader.verify() == []


def _holders(period) -> list[str]:
    return [card for half in period.halves for card in (half.first, half.second)]


def test_names_of_rows_that_another_still_writes_stay_open(ledger, team, monkeypatch):
    """While an old row is in a segment that another writer has open, no name is closed; afterwards it is."""
    monkeypatch.setattr("himaya.ledger.writer._ASK_WAIT_S", 0.1)
    other = write(ledger, disclosed(NOON, "u-old", "dora"), close=False, clock=lambda: NOW)
    seal(ledger)
    assert told(ledger, "dora")[0] == ["account:u-old"]
    other.close()
    assert seal(ledger).names > 0
    assert told(ledger, "dora")[0] == []


# -- root with a full disk image -----------------------------------------------------------------


def _image(ledger: Path, home: Path) -> bytes:
    """Return every byte of the gate's disk: everything but the operators' own machines, and the environment."""
    files = [p for p in ledger.parent.rglob("*") if p.is_file() and home not in p.parents]
    environment = "\n".join(f"{key}={value}" for key, value in os.environ.items())
    return b"\n".join([p.read_bytes() for p in files] + [environment.encode()])


def test_root_with_the_disk_opens_no_sealed_period(ledger, team, tmp_path):
    """A copy of the gate's disk and environment, every key on it included, gives no row and no name of a sealed period.

    One share beside it does not help, nor do two of one role.
    """
    team.add("legal-2", "legal")
    before = _image(ledger, team.home)
    assert _readable(ledger) >= {"anna-of-long-ago", "cleo-of-long-ago", "u-old"}
    seal(ledger)
    asked = request(ledger)
    lone = shares(team, asked, "legal", "legal-2")
    (ledger.parent / "request").write_text(written(asked))
    for number, share in enumerate(lone):
        (ledger.parent / f"share{number}").write_text(written(share))
    image = tmp_path / "image"
    shutil.copytree(ledger.parent, image, ignore=shutil.ignore_patterns("image", team.home.name))
    copy = image / ledger.name
    assert {"anna-of-long-ago", "cleo-of-long-ago", "u-old"} & _readable(copy) == set()
    assert "ben" in _readable(copy)
    _no_old_blob_is_left(before, _image(ledger, team.home), ledger)
    _every_key_on_every_archive(copy, image)
    for given in (lone[:1], lone):
        with pytest.raises(LedgerError, match="different roles"):
            opened(copy, asked, given)
    assert opened(copy, asked, [*lone, *shares(team, asked, "dpo")]) == ["account:u-old"] * 2


def _readable(ledger: Path) -> set[str]:
    """Return every name that the key file and the secrets beside the map open: of any blob in any column of the map."""
    found: set[str] = set()
    with Reader.open(ledger) as reader, sqlite3.connect(ledger / "identities.sqlite") as db:
        places = reader.identities._now()
        tables = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type='table'")]
        for table in tables:
            for number, *cells in db.execute(f"SELECT * FROM {table}"):
                for blob in (cell for cell in cells if isinstance(cell, bytes)):
                    with suppress(LedgerError, TypeError):
                        opened = places.number(number).open_name(number, blob)
                        found.add(opened.decode("utf-8", "replace"))
    return found


def _no_old_blob_is_left(before: bytes, after: bytes, ledger: Path) -> None:
    """What names and rows were under before stands nowhere on the disk: no free page, no log of SQLite."""
    for name in (b"anna-of-long-ago", b"cleo-of-long-ago", b"u-old"):
        assert name not in before, "names were sealed from the beginning"
        assert name not in after
    with Reader.open(ledger) as reader:
        numbers = [
            reader.identities.find(Kind.SUBJECT, f"{n}-of-long-ago") for n in ("anna", "cleo")
        ]
    for parquet in ledger.glob("sealed/*.parquet"):
        subjects = pq.read_table(parquet).column("subject").to_pylist()
        assert not set(subjects) & set(numbers)


def _every_key_on_every_archive(copy: Path, image: Path) -> None:
    """Try every key on the disk on every archive and every closed name."""
    with Reader.open(copy) as reader:
        state, layout = read_state(reader.chain), reader.layout
        archives = [file for file in state.files.values() if file.archive]
        keys = list(key_path(layout).glob("*.key")) + list(image.glob("*.key"))
        assert archives, "there is something to open"
        assert len(keys) == 2, "the ledger's key and the request's are all there are"
        number = reader.identities.find(Kind.SUBJECT, "anna-of-long-ago")
        for raw in map(_raw, keys):
            every = dict.fromkeys(state.operators.periods, raw)
            for archive in archives:
                with pytest.raises(LedgerError, match="does not open"):
                    open_archives(layout, [archive], PeriodKeys(every, every, 0, 2**62))
            reader.identities.opened = every
            with pytest.raises(LedgerError, match="does not open"):
                reader.identities.names([number])


def _raw(path: Path) -> bytes:
    """Return the 32 bytes of a key file: the ledger's is base64, a request's hex."""
    text = path.read_text().rpartition(":")[2].strip()
    return bytes.fromhex(text) if len(text) == 64 else base64.b64decode(text)


# -- by commands ---------------------------------------------------------------------------------


def test_people_open_a_period_by_commands(tmp_path):
    """`expire` seals, `request` asks, two people `approve` at home, `who --open` answers; one share is refused."""
    ledger, then = tmp_path / "l", time.time() - 60 * DAY
    write(ledger, disclosed(then, "u-old", "anna"), disclosed(time.time(), "u-new", "ben"))
    team = a_team(tmp_path, ledger)
    expire = ("ledger", "expire", "--ledger", ledger, "--days", 365, "--as", team.a_pass("owner"))
    assert "1 rows and" in run(*expire)
    where = ("--ledger", ledger, "--as", team.a_pass("legal"))
    status = json.loads(run("ledger", "status", *where, "--json"))
    assert (status["open_days"], status["operators"], status["ledger"]) == (30, 4, team.id)
    wish = ("ledger", "request", "--case", CASE, "--why", "a complaint", *where)
    asked, given = tmp_path / "request", []
    asked.write_text(run(*wish))
    for name in ("legal", "dpo"):
        private = ("--private", team.file(name))
        env = {"HIMAYA_PASSPHRASE": "correct horse battery staple"}
        given.append(tmp_path / f"{name}.share")
        given[-1].write_text(run("operator", "approve", asked, *private, "--yes", env=env))
    who = ("who", "--subject", "anna", "--why", "t", "--json", *where)
    assert json.loads(run(*who))["count"] == 0
    told_ = json.loads(run(*who, "--open", asked, *given))
    assert [one["actor"] for one in told_["actors"]] == ["account:u-old"]
    assert told_["unobserved"] == []
    assert "different roles" in run(*who, "--open", asked, given[0], given[0], code=2)
    with CaseStore(cases_path(ledger)) as store:
        store.move(CASE, State.CLOSED, why="over", by="legal", at=time.time())
    assert "is closed" in run(*who, "--open", asked, *given, code=2)
    assert "is closed" in run(*wish, code=2)
