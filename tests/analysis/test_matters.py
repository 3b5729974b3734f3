"""What the ledger is told of cases: whose rows each needs, why, by whose decision, until when."""

from __future__ import annotations

from pathlib import Path

from tests.analysis.test_cases import AT, group
from tests.ledger.making import NOON, disclosed, write

from himaya.analysis.cases import CaseStore, State, cases_path, matters_of
from himaya.ledger import entries as e
from himaya.ledger import erasure
from himaya.ledger.reader import Reader
from himaya.ledger.schema import Kind, micros
from himaya.ledger.state import State as Ledger

DAY = 86400.0


def test_a_case_freezes_as_long_as_somebody_answers_for_it(tmp_path: Path):
    """Suspected: the days of others, in nobody's name. Confirmed: the longer days, by whom. Closed: nothing."""
    state = Ledger(days=31, classes=e.Classes(at="", confirmed_days=100))
    assert matters_of(tmp_path / "l", state) == ()
    with CaseStore(cases_path(tmp_path / "l")) as store:
        store.put(group(), AT)
        (matter,) = matters_of(tmp_path / "l", state)
        assert (matter.actors, matter.start) == (frozenset({1, 2, 3, 4}), micros(AT - 60))
        assert (matter.until, matter.by, matter.confirmed) == (
            *(micros(AT + 31 * DAY), "himaya", False),
        )
        store.move("g-1", State.CONFIRMED, why="one tool", by="dana", at=AT + DAY)
        (matter,) = matters_of(tmp_path / "l", state)
        assert (matter.until, matter.by, matter.confirmed) == (
            *(micros(AT + 101 * DAY), "dana", True),
        )
        assert matter.basis == "confirmed: one tool"
        store.move("g-1", State.CLOSED, why="over", by="dana", at=AT + 2 * DAY)
        (matter,) = matters_of(tmp_path / "l", state)
        assert (matter.until, matter.confirmed) == (0, True)


def test_an_open_case_is_not_destroyed_by_its_member(tmp_path: Path):
    """A member of a confirmed case who asks for erasure is kept, with basis and decider; after the closing it goes."""
    directory = tmp_path / "l"
    write(directory, disclosed(NOON, "u1", "anna"))
    with Reader.open(directory) as reader, CaseStore(cases_path(directory)) as store:
        made = group()
        made.first, made.members = (
            NOON - 60,
            {reader.identities.find(Kind.ACTOR, "account:u1"): None},
        )
        store.put(made, NOON)
        store.move("g-1", State.CONFIRMED, why="one tool", by="dana", at=NOON)
        cases = matters_of(directory, reader.state())
        said = {"why": "art. 17", "by": "dpo", "now": NOON}
        done = erasure.forget(reader, actor="account:u1", matters=cases, **said)
        assert done.erased == 0
        assert {(k.needs, k.basis, k.by) for k in done.kept} == {
            ("case g-1", "confirmed: one tool", "dana")
        }
        store.move("g-1", State.CLOSED, why="over", by="dana", at=NOON)
        cases = matters_of(directory, reader.state())
        assert erasure.complete(reader, cases, NOON).people == (("account", "u1"),)
