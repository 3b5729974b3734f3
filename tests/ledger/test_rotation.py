"""A new key for a ledger: everything stays readable with the key file, the old key alone opens nothing of the map."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest
from tests.ledger.crew import crew, run
from tests.ledger.making import DAY, NOON, disclosed, people, who, write

from himaya.core.errors import LedgerError
from himaya.ledger import Ledger, erasure, holds, manifest, retention
from himaya.ledger.erasing import closed_parts
from himaya.ledger.files import Layout
from himaya.ledger.identities import Identities
from himaya.ledger.keys import Keys, read_key_file
from himaya.ledger.reader import Reader
from himaya.ledger.rotation import Rotation, rotate
from himaya.ledger.schema import Kind, micros
from himaya.ledger.shredding import Places
from himaya.ledger.slots import PLACES, open_slots


@pytest.fixture(name="ledger")
def _ledger(tmp_path: Path) -> Path:
    """Two actors, three people, a hold, and rows that were removed by a signed entry."""
    directory = tmp_path / "l"
    with Ledger.open(directory, clock=lambda: NOON) as opened:
        opened.append(disclosed(NOON - 40 * DAY, "u0", "gone"))
        opened.append(disclosed(NOON, "u1", "anna", "ben"))
        opened.append(disclosed(NOON, "u2", "cleo"))
        retention.execute(opened, NOON)
    with Reader.open(directory) as reader:
        about = reader.facet("account:u1")
        holds.place(reader, about, basis="case 12", by="Dana", until=micros(NOON + DAY), now=NOON)
    return directory


def _key(ledger: Path) -> Path:
    return ledger.with_name("l.key")


def _rotate(ledger: Path) -> Rotation:
    return rotate(Layout(ledger), None, "Dana", NOON)


def _check_all(ledger: Path) -> None:
    """Names, texts, signatures and the head of the chain are as they were."""
    assert people(ledger, "account:u1") == ["anna", "ben"]
    with Reader.open(ledger) as reader:
        assert reader.verify() == []
        (hold,) = [entry for entry in reader.log() if entry["kind"] == "hold"]
        assert (hold["basis"], hold["by"], hold["name"]) == ("case 12", "Dana", "u1")


def test_everything_stays_readable(ledger: Path):
    """After two changes of key names, log, texts and signatures read as before; writing and erasing go on."""
    first, second = _rotate(ledger), _rotate(ledger)
    assert (first.resumed, second.resumed, first.new) == (False, False, second.old)
    _check_all(ledger)
    write(ledger, disclosed(NOON + 60, "u1", "anna", "dora"))
    assert people(ledger, "account:u1") == ["anna", "ben", "dora"]
    with Reader.open(ledger) as reader:
        said = {"why": "art. 17", "by": "Dana", "now": NOON + 2 * DAY}
        assert erasure.forget(reader, subject="anna", **said).erased == 1
        assert reader.verify() == []
        told = [entry for entry in reader.log() if entry["kind"] == "rekeyed"]
        assert [(one["old"], one["by"]) for one in told] == [
            (first.old, "Dana"),
            (second.old, "Dana"),
        ]
    assert who(ledger, "account:u1").erased == 1


def test_an_old_key_opens_nothing_of_the_map(ledger: Path):
    """The old key alone is refused, opens no row of the map, and its secrets stand in no file any more."""
    old = read_key_file(_key(ledger))
    slots = open_slots(ledger / "identities.slots")
    before = [slots.secret(slot) for slot in range(2 * PLACES)]
    slots.close()
    rows = _raw_rows(ledger)
    _rotate(ledger)
    with pytest.raises(LedgerError, match="not the key of this ledger"):
        Identities(ledger / "identities.sqlite", old)
    slots = open_slots(ledger / "identities.slots")
    places = Places(old, slots, set())
    tags = {places.at(slot).tag for slot in range(PLACES)}
    for number, sealed in _raw_rows(ledger)[0] + rows[0]:
        with pytest.raises(LedgerError, match="does not open"):
            places.number(number).open_name(number, sealed)
    assert not any(place[:8] in tags for place, _ in _raw_rows(ledger)[1] + rows[1])
    slots.close()
    stored = b"".join(path.read_bytes() for path in ledger.rglob("*") if path.is_file())
    assert not any(secret in stored for secret in before[:: PLACES // 64])


def _raw_rows(ledger: Path) -> tuple[list, list]:
    with sqlite3.connect(ledger / "identities.sqlite") as db:
        names = db.execute("SELECT surrogate, sealed FROM identity").fetchall()
        found = names, db.execute("SELECT place, number FROM lookup").fetchall()
    db.close()
    return found


def test_a_closed_name_stays_found(ledger: Path):
    """A name that is sealed with a period keeps its number, its encryption under the period, and can be erased."""
    keys = read_key_file(_key(ledger))
    identities = Identities(ledger / "identities.sqlite", keys)
    number = identities.find(Kind.SUBJECT, "cleo")
    assert identities.close_names([number], 2**31, "period", b"p" * 32) == 1
    identities.close()
    _rotate(ledger)
    identities = Identities(ledger / "identities.sqlite", read_key_file(_key(ledger)))
    assert identities.find(Kind.SUBJECT, "cleo") == number
    assert identities.names([number]) == {}
    identities.opened = {"period": b"p" * 32}
    assert identities.names([number]) == {number: "cleo"}
    sql = "SELECT sealed FROM closed_name WHERE surrogate = ?"
    (stored,) = identities._db.execute(sql, (number,)).fetchone()
    assert identities.forget([number]) == 1
    with pytest.raises(LedgerError, match="does not open"):
        closed_parts(identities._now(), number, stored)
    assert identities.problems() == []
    identities.close()


def test_the_chain_proves_earlier_keys(ledger: Path):
    """Whoever has the current key accepts signatures of earlier ones because of the chain, and of no other."""
    before, after = _rotate(ledger), _rotate(ledger)
    keys = read_key_file(_key(ledger))
    alone = Keys(keys._masters[0])
    proved = manifest.earlier(Layout(ledger), alone)
    assert proved == {before.old, before.new, after.new}
    assert alone.public == after.new
    assert manifest.earlier(Layout(ledger), Keys(b"x" * 32)) == {Keys(b"x" * 32).public}


def test_nobody_writes_meanwhile(ledger: Path):
    """While a process writes, the key is not changed, and the process is named; who had the map open starts again."""
    before = _key(ledger).read_bytes()
    said = rf"process {os.getpid()} \(gate\) writes"
    with Ledger.open(ledger, gate=True), pytest.raises(LedgerError, match=said):
        _rotate(ledger)
    assert _key(ledger).read_bytes() == before
    with Reader.open(ledger) as reader:
        _rotate(ledger)
        with pytest.raises(LedgerError, match="the key was changed meanwhile"):
            reader.who_actor("account:u1")


def _dies(ledger: Path, left: int) -> bool:
    """Change the key in a process that dies at its n-th change of a file or statement; tell whether it died."""
    child = os.fork()
    if child == 0:
        steps = count(1)

        def step(*_: object) -> None:
            if next(steps) == left:
                os._exit(77)

        def dying(name: str) -> None:
            real = getattr(os, name)
            setattr(os, name, lambda *args, **more: (step(), real(*args, **more))[1])

        for name in ("write", "pwrite", "fsync", "fdatasync", "replace", "link", "unlink"):
            dying(name)
        with suppress(BaseException):
            _rotate(ledger)
            os._exit(0)
        os._exit(1)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in {0, 77}
    return code == 77


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_death_at_any_step_leaves_a_ledger_that_opens(ledger: Path, tmp_path: Path):
    """Wherever the change breaks off, the key file as it is then opens everything; again, it ends with one new key."""
    old, rings = read_key_file(_key(ledger)), set()
    for left in count(1):
        home = tmp_path / str(left)
        shutil.copytree(ledger, home / "l")
        shutil.copy2(_key(ledger), home / "l.key")
        died = _dies(home / "l", left)
        _check_all(home / "l")
        ring = len(list(read_key_file(home / "l.key").ring()))
        rings.add(ring)
        if not died:
            break
        done = _rotate(home / "l")
        _check_all(home / "l")
        keys = read_key_file(home / "l.key")
        if done.resumed:
            assert (len(list(keys.ring())), done.old) == (2, old.public)
        assert not (home / "l/identities.slots.next").exists()
        with pytest.raises(LedgerError, match="not the key of this ledger"):
            Identities(home / "l/identities.sqlite", old)
        shutil.rmtree(home)
    assert rings == {1, 2}
    assert left > 15


def test_an_owner_changes_the_key_by_command(ledger: Path, tmp_path: Path):
    """`himaya ledger rotate-key` says both public keys; where operators are enrolled, an owner's pass is needed."""
    said = run("ledger", "rotate-key", "--ledger", ledger)
    now = read_key_file(_key(ledger)).public
    assert f"is {now} now" in said
    assert "Back up" in said
    team = crew(tmp_path, ledger, "owner", "legal")
    words = ("ledger", "rotate-key", "--ledger", ledger, "--as")
    assert "for the role owner" in run(*words, team.a_pass("legal"), code=2)
    assert f"was {now}" in run(*words, team.a_pass("owner"))
    _check_all(ledger)
