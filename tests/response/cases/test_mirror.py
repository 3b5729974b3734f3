"""The groups that the search found are cases of the register, and both stay in step."""

from __future__ import annotations

from unittest.mock import Mock

import pytest
from tests.response.cases.conftest import KEYS
from tests.response.cases.making import AT, act, bring, opened, way

from himaya.analysis.cases import CaseStore
from himaya.analysis.cases import State as Stage
from himaya.analysis.groups import Ground, Group
from himaya.core.errors import InputError
from himaya.response.cases import MACHINE, Register, State
from himaya.response.cases.mirror import mirror
from himaya.response.cases.moving import merging, splitting
from himaya.response.cases.rules import WAY
from himaya.response.cases.tables import connect

DAY_S = 86_400
FOUND = AT / 1e6 - 10 * DAY_S


@pytest.fixture
def register(tmp_path):
    """Give an empty register in a file."""
    with Register(connect("", tmp_path / "ledger"), KEYS) as opened_one:
        yield opened_one


@pytest.fixture
def store(tmp_path):
    """Give a store with two groups that were found ten days ago."""
    with CaseStore(tmp_path / "ledger.cases") as opened_one:
        for name in ("g-1", "g-2"):
            opened_one.put(group(name), FOUND)
        yield opened_one


def group(name: str, members: int = 4) -> Group:
    """Return a group that was first seen an hour before it was found."""
    grounds = [Ground("anti-birthday", 12_000.0, 10_000.0, "the same tool")]
    numbers = dict.fromkeys(range(1, members + 1))
    return Group(name, FOUND - 3600, FOUND, members=numbers, people=9, shown=9, grounds=grounds)


def test_a_group_is_a_case_of_the_same_name(register, store):
    """The machine opens it with its dates, as suspected; its first signal is the group's first row."""
    mirror(register, store, AT)
    mirror(register, store, AT + 1)
    case = register.case("g-1")
    assert [(e.act.kind, e.act.by) for e in case.entries] == [
        ("opened", MACHINE),
        ("signal", MACHINE),
    ]
    assert all(e.act.is_back_dated and e.act.at == AT for e in case.entries)
    assert (case.state, case.groups, case.source) == (State.SUSPECTED, ["g-1"], "group")
    assert case.clocks["first_signal"].when == round((FOUND - 3600) * 1e6)
    assert "1.2e+04 to 1" in case.clocks["first_signal"].why
    assert [one.id for one in register.cases()] == ["g-1", "g-2"]


def test_a_group_that_grows_is_written_down_once(register, store):
    """What the store says of its growth becomes an act, each once."""
    mirror(register, store, AT)
    store.put(group("g-1", 8), FOUND + 60)
    for later in (1, 2):
        mirror(register, store, AT + later)
    joined = [one.why for one in register.case("g-1").acts("joined")]
    assert joined == ["8 members, 9 people"]


def test_what_people_decide_reaches_the_gate(register, store):
    """Confirmed, closed and reopened in the register are so in the store, in the words of whoever decided."""
    mirror(register, store, AT)
    steps = {
        Stage.CONFIRMED: act("confirmed", "g-1", at=AT + 1, why="same invoices"),
        Stage.CLOSED: act("closed", "g-2", at=AT + 2, why="our partner"),
    }
    register.add_all(steps.values())
    mirror(register, store, AT + 3)
    assert store.states() == {"g-1": Stage.CONFIRMED, "g-2": Stage.CLOSED}
    last = store.log("g-2")[-1]
    assert (last.by, last.why, last.at) == ("dana", "our partner", (AT + 2) / 1e6)
    register.add(act("reopened", "g-2", at=AT + 4))
    mirror(register, store, AT + 5)
    assert store.states()["g-2"] is Stage.CONFIRMED


def test_a_crash_between_register_and_store_is_made_up_for(register, store, monkeypatch):
    """The decision is in the register; the store had no time for it; the next look brings it there."""
    mirror(register, store, AT)
    monkeypatch.setattr(store, "move", lambda *_, **__: pytest.fail("died here"))
    register.add(act("confirmed", "g-1", at=AT + 1))
    with pytest.raises(pytest.fail.Exception):
        mirror(register, store, AT + 1)
    monkeypatch.undo()
    mirror(register, store, AT + 2)
    assert store.states()["g-1"] is Stage.CONFIRMED


def test_what_was_decided_before_there_was_a_register_is_taken_over_honestly(register, store):
    """Whoever confirmed and closed is named with the day and the reason, written down now; nothing is made up."""
    store.move("g-1", Stage.CONFIRMED, why="one tool", by="dana", at=FOUND + DAY_S)
    store.note("g-1", "compared", why="letter 4", by="eve", at=FOUND + DAY_S)
    store.move("g-2", Stage.CONFIRMED, why="one tool", by="himaya", at=FOUND + DAY_S)
    store.move("g-2", Stage.CLOSED, why="they stopped", by="eve", at=FOUND + 2 * DAY_S)
    mirror(register, store, AT)
    one, two = register.case("g-1"), register.case("g-2")
    assert (one.state, two.state) == (State.CONFIRMED, State.CLOSED)
    said = [(a.kind, a.by, a.why, a.at, a.when) for a in two.acts("confirmed", "closed_before")]
    assert said == [
        ("confirmed", "login himaya", "one tool", AT, round((FOUND + DAY_S) * 1e6)),
        ("closed_before", "eve", "they stopped", AT, round((FOUND + 2 * DAY_S) * 1e6)),
    ]
    assert not two.assessments
    ((by, why),) = [(a.by, a.why) for a in one.acts("note")]
    assert by == "eve"
    assert why.endswith("Z compared: letter 4")
    assert store.states() == {"g-1": Stage.CONFIRMED, "g-2": Stage.CLOSED}
    with pytest.raises(InputError, match="its people were not counted"):
        register.add(act("closed", "g-1", at=AT + 1))


def test_an_unconfirmed_one_that_was_closed_comes_in_closed(register, store):
    """An old error is an old error."""
    store.move("g-1", Stage.CLOSED, why="our partner", by="eve", at=FOUND + DAY_S)
    mirror(register, store, AT)
    mirror(register, store, AT + 1)
    assert register.case("g-1").state is State.CLOSED
    assert store.states()["g-1"] is Stage.CLOSED


def test_a_group_closed_by_an_earlier_himaya_is_not_brought_back(register, store):
    """Who went back a version closed it there; the register does not take that away from them."""
    mirror(register, store, AT)
    register.add(act("confirmed", "g-1", at=AT + 1))
    mirror(register, store, AT + 1)
    store.move("g-1", Stage.CLOSED, why="old version", by="eve", at=AT / 1e6 + 60)
    mirror(register, store, AT + 120_000_000)
    assert store.states()["g-1"] is Stage.CLOSED


def test_groups_follow_the_case_that_has_them(register, store):
    """After a merge the group is confirmed with the case that took it; after a split with the new one."""
    mirror(register, store, AT)
    register.add(opened("c-1"))
    for name in ("g-1", "g-2"):
        one, into = register.case(name), register.case("c-1")
        register.add_all(merging(one, into, act("merged", name, role="legal")))
    register.add(act("confirmed", "c-1"))
    mirror(register, store, AT + 1)
    assert store.states() == {"g-1": Stage.CONFIRMED, "g-2": Stage.CONFIRMED}
    source = register.case("c-1")
    register.add_all(splitting(source, "c-2", ["g-2"], [], act("split", "c-1", role="legal")))
    for step in (State.CONTAINED, State.ASSESSED, State.NOTIFIED, State.CLOSED):
        register.add_all(way("c-2")[step])
    mirror(register, store, AT + 2)
    assert store.states() == {"g-1": Stage.CONFIRMED, "g-2": Stage.CLOSED}
    store.put(group("g-1", 8), FOUND + 60)
    mirror(register, store, AT + 3)
    assert [a.data["group"] for a in register.case("c-1").acts("joined")] == ["g-1"]


def test_cases_without_groups_leave_the_store_alone(register, store):
    """A case opened by hand has nothing there."""
    bring(register, State.CLOSED, "c-9")
    mirror(register, store, AT)
    assert store.states() == {"g-1": Stage.SUSPECTED, "g-2": Stage.SUSPECTED}


def test_two_who_open_at_once_take_a_group_over_once(register, store, monkeypatch):
    """When somebody else was a moment earlier, theirs stands and nothing is said."""
    mirror(register, store, AT)
    monkeypatch.setattr(register, "cases", list)
    mirror(register, store, AT + 1)
    monkeypatch.undo()
    assert len(register.entries()) == 4


def test_a_hold_is_no_case_and_ends_with_its_case(register, store):
    """A group that holds the actors of a case opens none, stays as it was made, and is closed when the case closes."""
    store.put(group("held-g-1-1"), FOUND + 60)
    mirror(register, store, AT)
    register.add(act("confirmed", "g-1"))
    hold = {"group": "held-g-1-1", "way": "budget", "actors": 1}
    register.add(act("blocked", "g-1", data=hold))
    mirror(register, store, AT + 1)
    assert [one.id for one in register.cases()] == ["g-1", "g-2"]
    assert store.states()["held-g-1-1"] is Stage.SUSPECTED
    acts = way("g-1")
    for state in WAY[2:]:
        register.add_all(acts[state])
    mirror(register, store, AT + 2)
    assert store.states()["held-g-1-1"] is Stage.CLOSED


def test_two_who_look_at_the_same_moment_agree(register, store, monkeypatch):
    """When somebody else moved the group since it was looked at, that is no error."""
    mirror(register, store, AT)
    register.add(act("confirmed", "g-1"))
    seen = store.states()
    mirror(register, store, AT + 1)
    monkeypatch.setattr(store, "states", Mock(side_effect=[seen, store.states()]))
    mirror(register, store, AT + 2)
    assert store.get("g-1").state is Stage.CONFIRMED
