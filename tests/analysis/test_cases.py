"""A case has three states, one way through them, and a log that only grows."""

from __future__ import annotations

import sqlite3
import stat

import pytest

from himaya.analysis.cases import CaseStore, State, cases_path
from himaya.analysis.cases.case import TRANSITIONS, check
from himaya.analysis.groups import Ground, Group
from himaya.analysis.groups.keys import Key
from himaya.core.errors import InputError, ServiceError

KEY = Key("tool", "library", "old")
AT = 1_760_000_000.0


def group(members: int = 4, name: str = "g-1") -> Group:
    """Return a group of numbered members."""
    grounds = [Ground("anti-birthday", 12_000.0, 10_000.0, KEY.words())]
    found = Group(name, AT - 60, AT, [KEY], dict.fromkeys(range(1, members + 1)), [KEY], 500, 501)
    found.grounds = grounds
    return found


@pytest.fixture
def store(tmp_path):
    """Give an empty file of cases."""
    with CaseStore(tmp_path / "ledger.cases") as opened:
        yield opened


def test_the_table_of_transitions_is_what_the_store_obeys(store):
    """From every state exactly the ways of the table are open; every other one is refused and changes nothing."""
    for before, allowed in TRANSITIONS.items():
        for after in State:
            name = f"g-{before}-{after}"
            store.put(group(name=name), AT)
            way = {"suspected": [], "confirmed": ["confirmed"], "closed": ["closed"]}[before]
            for step in way:
                store.move(name, State(step), why="so", by="me", at=AT)
            if after in allowed:
                assert store.move(name, after, why="so", by="me", at=AT).state is after
            else:
                with pytest.raises(InputError, match=f"case {name} is {before}"):
                    store.move(name, after, why="so", by="me", at=AT)
                assert store.get(name).state is before


def test_a_closed_case_comes_back_only_as_a_confirmed_one():
    """What was closed is no suspicion any more: people take it up again, or nobody does."""
    check("g-1", State.CLOSED, State.CONFIRMED)
    with pytest.raises(InputError, match="can become confirmed"):
        check("g-1", State.CLOSED, State.SUSPECTED)


def test_a_case_comes_back_as_it_was_put(tmp_path):
    """Members in order, links, grounds, people and log survive closing the file."""
    with CaseStore(tmp_path / "c") as store:
        assert store.put(group(), AT)
    with CaseStore(tmp_path / "c") as store:
        case = store.get("g-1")
    assert case.group == group()
    assert case.is_open
    assert [entry.what for entry in case.log] == ["opened"]
    assert "the same tool (library)" in case.log[0].why


def test_the_file_is_its_owners_alone_and_holds_no_names(tmp_path):
    """Mode 0600, beside the ledger; members are numbers of the ledger."""
    path = cases_path(tmp_path / "ledger")
    with CaseStore(path) as store:
        store.put(group(), AT)
    assert path == tmp_path / "ledger.cases"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert b"account:" not in path.read_bytes()


def test_the_log_cannot_be_changed_or_cut(store):
    """The database itself refuses to change or remove an entry."""
    store.put(group(), AT)
    for sql in ("UPDATE log SET why = ''", "DELETE FROM log"):
        with pytest.raises(sqlite3.IntegrityError, match="only grows"):
            store._db.execute(sql)
    assert len(store.get("g-1").log) == 1


def test_a_group_that_grows_is_told_of_now_and_then(store):
    """Members are added as they come; the log says so once they are a quarter more."""
    store.put(group(8), AT)
    for members in (9, 10, 11, 12, 13):
        assert not store.put(group(members), AT + members)
    case = store.get("g-1")
    assert list(case.group.members) == list(range(1, 14))
    assert [entry.why for entry in case.log[1:]] == [
        "10 members, 500 people",
        "13 members, 500 people",
    ]


def test_a_closed_case_does_not_come_to_life(store):
    """The same group found once more changes nothing in a closed case."""
    store.put(group(), AT)
    store.move("g-1", State.CLOSED, why="our own partner", by="me", at=AT)
    assert not store.put(group(9), AT)
    case = store.get("g-1")
    assert case.state is State.CLOSED
    assert len(case.group.members) == 4
    assert (case.log[-1].by, case.log[-1].why) == ("me", "our own partner")


def test_a_case_that_is_not_there_is_named(store):
    """An unknown case is an error that says how to find the known ones."""
    for ask in (store.get, lambda name: store.move(name, State.CLOSED, why="x", by="me", at=AT)):
        with pytest.raises(InputError, match=r"no case g-2; `himaya case list`"):
            ask("g-2")


def test_a_file_that_is_something_else_is_refused(tmp_path):
    """What is no file of cases is named, not overwritten."""
    path = tmp_path / "c"
    path.write_bytes(b"something else, longer than a header of a database " * 20)
    with pytest.raises(ServiceError, match="cannot be used"):
        CaseStore(path)
    assert path.read_bytes().startswith(b"something else")


def test_a_value_past_all_measure_is_kept(tmp_path):
    """A ground whose value is infinite comes back as it was; nothing that reads the cases fails on it."""
    import math

    ground = Ground("coverage", math.inf, 2.0, "")
    with CaseStore(tmp_path / "c") as store:
        store.put(Group("g-1", 1.0, 1.0, members={1: None}, grounds=[ground]), 1.0)
        assert store.get("g-1").group.grounds[0].value == math.inf
