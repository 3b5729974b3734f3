"""What acts add up to, whatever they are and in whichever order."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.response.cases.conftest import KEYS
from tests.response.cases.making import AT, act, bring, opened, way
from tests.response.cases.test_rules import DATA

from himaya.core.errors import HimayaError, InputError
from himaya.response.cases import MACHINE, Entry, Register, State, read_case
from himaya.response.cases.moving import merging, splitting
from himaya.response.cases.rules import ACTS, REQUEST_WAY, WAY
from himaya.response.cases.tables import connect

KINDS = sorted(ACTS)
#: Acts as anybody may try them: any kind, case, role and data, earlier or now.
TRIED = st.builds(
    act,
    st.sampled_from(KINDS),
    st.sampled_from(["c-1", "c-2"]),
    by=st.sampled_from(["dana", "eve", MACHINE]),
    role=st.sampled_from(["", "owner", "analyst", "legal", "dpo", "auditor"]),
    why=st.sampled_from(["", "public", "because of this and that"]),
    when=st.sampled_from([0, AT - 10**9, AT + 1, 5]),
    data=st.one_of(
        st.sampled_from(list(DATA.values())),
        st.dictionaries(
            st.sampled_from(["groups", "actors", "clock", "countries", "kind", "start", "id"]),
            st.one_of(
                st.integers(-5, 5), st.text(max_size=3), st.lists(st.integers(0, 3)), st.none()
            ),
        ),
    ),
)
#: One that goes well, so that tries come further than the first state.
STEPS = [one for acts in way().values() for one in acts]


@settings(max_examples=20)
@given(tried=st.lists(st.one_of(TRIED, st.sampled_from(STEPS)), max_size=25))
def test_whatever_is_tried_a_case_goes_along_its_way(tried):
    """Random acts: each is taken or refused in words, nothing vanishes, states change only as the table says."""
    with tempfile.TemporaryDirectory() as directory:
        register = Register(connect("", Path(directory) / "l"), KEYS)
        count = 0
        for one in tried:
            before = states(register)
            try:
                register.add(one)
            except InputError:
                assert states(register) == before
            else:
                count += 1
                follows(before, one, states(register))
            assert len(register.entries()) == count
        assert register.problems() == []
        register.close()


def states(register: Register) -> dict[str, State]:
    """Return where each case stands."""
    return {case.id: case.state for case in register.cases()}


def follows(before: dict[str, State], one, after: dict[str, State]) -> None:
    """Check that one act moved its own case alone, and as the table of acts says."""
    name, rule = one.case, ACTS[one.kind]
    if one.kind == "opened":
        assert after[name] in {WAY[0], REQUEST_WAY[0]}
    elif rule.to is None:
        assert after[name] is before[name]
    else:
        assert before[name] in rule.states
        assert after[name] is rule.to
    assert {k: v for k, v in after.items() if k != name} == {
        k: v for k, v in before.items() if k != name
    }


@given(st.lists(st.sampled_from(STEPS), max_size=30), st.randoms(use_true_random=False))
def test_a_fold_of_any_entries_is_a_case_or_an_error_in_words(steps, random):
    """Entries in any order, with and without their data: they add up, or it is said that they do not."""
    random.shuffle(steps)
    entries = [
        Entry(n, one, "", "", random.random() < 0.3) for n, one in enumerate([opened(), *steps], 1)
    ]
    with suppress(HimayaError):
        case = read_case(entries)
        assert case.entries == entries
        assert case.state in State


@pytest.fixture
def register(tmp_path):
    """Give an empty register in a file."""
    with Register(connect("", tmp_path / "ledger"), KEYS) as opened_one:
        yield opened_one


def test_first_signals_are_the_machines_and_start_no_clock(register):
    """A machine's signal is kept as the first of them; the moments that laws count from are not set by it."""
    register.add_all(
        [
            opened(),
            act("signal", by=MACHINE, when=AT - 10**9, why="first row"),
            act("signal", by=MACHINE, when=AT - 10**8, why="second"),
        ]
    )
    clocks = register.case("c-1").clocks
    assert {name: one.when for name, one in clocks.items()} == {"first_signal": AT - 10**9}


def test_clocks_go_with_what_is_merged_and_split(register):
    """The earlier moment of each clock counts in the case that goes on, and a part that was split off has them all."""
    for name, hours in (("c-1", 5), ("c-2", 3)):
        register.add_all([opened(name), act("confirmed", name)])
        when = AT - hours * 3_600_000_000
        register.add(act("clock", name, role="legal", when=when, data={"clock": "aware"}))
    when = AT - 1_000_000
    register.add(act("clock", "c-1", role="dpo", when=when, data={"clock": "determined"}))
    register.add(act("joined", "c-1", data={"actors": [7, 8]}))
    one = register.case("c-1")
    register.add_all(splitting(one, "c-3", [], [7], act("split", role="legal")))
    assert {k: v.when for k, v in register.case("c-3").clocks.items()} == {
        k: v.when for k, v in one.clocks.items()
    }
    register.add_all(merging(one, register.case("c-2"), act("merged", role="legal")))
    clocks = register.case("c-2").clocks
    assert clocks["aware"].when == one.clocks["aware"].when
    assert clocks["aware"].corrects
    assert clocks["determined"].when == when


def test_a_period_grows_to_both_sides(register):
    """What joins makes a period longer, never shorter; one that is open to a side stays open there."""
    register.add(opened(start=15, end=18))
    register.add(act("joined", data={"actors": [1], "start": 10, "end": 16}))
    assert (register.case("c-1").start, register.case("c-1").end) == (10, 18)
    register.add(opened("c-2", end=20))
    register.add(act("joined", "c-2", data={"start": 10, "end": 30}))
    assert (register.case("c-2").start, register.case("c-2").end) == (0, 30)


def test_a_merged_case_goes_on_in_another(register):
    """Groups, actors and the longer period go over; whom it concerns is counted again there."""
    register.add(opened(groups=["g-1"], actors=[5], start=10, end=20))
    bring(register, State.ASSESSED, "c-2")
    one, two = register.case("c-1"), register.case("c-2")
    register.add_all(merging(one, two, act("merged", role="legal")))
    one, two = register.case("c-1"), register.case("c-2")
    assert (one.state, one.into) == (State.MERGED, "c-2")
    assert (two.groups, two.actors) == (["g-1"], [5])
    assert (two.start, two.end) == (0, 0), "an open period is the longest"
    assert two.countries is None
    with pytest.raises(InputError, match="is merged into c-2"):
        register.add(act("confirmed"))


def test_merging_hides_nothing(register):
    """Practice and real, unlike kinds, and what is sure in what is only suspected are not merged."""
    register.add_all(
        [opened(), opened("c-2", practice=True), opened("c-3", kind="access"), opened("c-4")]
    )
    register.add(act("confirmed"))
    one = register.case("c-1")
    for other, words in {
        "c-2": "a practice case and a real one are never merged",
        "c-3": "does not go on in one of access",
        "c-4": "c-4 only suspected: confirm c-4 first",
    }.items():
        with pytest.raises(InputError, match=words):
            merging(one, register.case(other), act("merged"))
    with pytest.raises(InputError, match="not merged into itself"):
        register.add_all(merging(one, one, act("merged")))


def test_what_is_split_off_has_the_same_way_to_go(register):
    """A part of a confirmed case is a confirmed case; what is not in the case cannot leave it."""
    register.add_all([opened(groups=["g-1", "g-2"], actors=[5], title="x"), act("confirmed")])
    one = register.case("c-1")
    register.add_all(splitting(one, "c-2", ["g-2"], [], act("split", role="legal")))
    one, two = register.case("c-1"), register.case("c-2")
    assert (one.groups, one.actors, two.groups, two.actors) == (["g-1"], [5], ["g-2"], [])
    assert two.state is State.CONFIRMED
    with pytest.raises(InputError, match="g-2 is not among its groups"):
        register.add_all(splitting(one, "c-3", ["g-2"], [], act("split")))
    with pytest.raises(InputError, match="that is all there is"):
        splitting(one, "c-3", ["g-1"], [5], act("split"))
    with pytest.raises(InputError, match="nothing to split off"):
        splitting(one, "c-3", [], [], act("split"))
