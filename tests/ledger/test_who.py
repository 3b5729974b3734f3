from __future__ import annotations

import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledger.making import (
    DAY,
    NOON,
    actors,
    disclosed,
    disclosures,
    facet_of,
    half_sealed,
    shown,
    who,
    write,
)

from himaya.core.actor import Actor
from himaya.core.disclosure import Certainty
from himaya.core.errors import InputError
from himaya.ledger import Ledger
from himaya.ledger.names import parse_actor, parse_time
from himaya.ledger.reader import Reader
from himaya.ledger.schema import CERTAINTIES, bounded, iso, join_fields, micros, split_fields


def _naive(items, mine, by) -> dict[str, tuple]:
    """Count by hand: name -> fields, first, last, times, certainty."""
    found: dict[str, list] = {}
    for item in items:
        if mine(item):
            for person in item.shown:
                found.setdefault(by(item, person), []).append((item, person))
    return {
        name: (
            sorted({f for _, p in rows for f in split_fields(join_fields(p.fields))}),
            iso(min(micros(item.at) for item, _ in rows)),
            iso(max(micros(item.at) for item, _ in rows)),
            len(rows),
            max((p.certainty.value for _, p in rows), key=CERTAINTIES.index),
        )
        for name, rows in found.items()
    }


def _answered(entries, name: str) -> dict[str, tuple]:
    return {
        getattr(one, name): (one.fields, one.first, one.last, one.times, one.certainty)
        for one in entries
    }


@settings(max_examples=15)
@given(
    items=st.lists(disclosures, max_size=8),
    seal_at=st.integers(0, 8),
    column=st.sampled_from(["account", "session", "key", "address", "prefix"]),
    period=st.tuples(st.floats(-3, 3), st.floats(-3, 3)),
)
def test_answers_equal_a_naive_count(tmp_path_factory, items, seal_at, column, period):
    """For any disclosures, sealed and live, every actor's and subject's answer equals a count by hand."""
    directory = tmp_path_factory.mktemp("ledger") / "l"
    start, end = (micros(NOON + days * DAY) for days in sorted(period))
    ledger = half_sealed(directory, items, seal_at)
    inside = [item for item in items if start <= micros(item.at) < end]
    with Reader.open(directory) as reader:
        for name in {facet_of(item, column) for item in items} - {""}:
            mine = [item for item in inside if facet_of(item, column) == name]
            answer = reader.who_actor(f"{column}:{name}", start, end)
            wanted = _naive(mine, lambda _: True, lambda _, p: bounded(p.subject, 256))
            assert _answered(answer.subjects, "subject") == wanted
            assert answer.people == len(wanted)
            assert answer.misses == sum(item.miss for item in mine)
            assert answer.unattributed == sum(max(item.unattributed, 0) for item in mine)
        for name in {person.subject for item in items for person in item.shown}:
            mine = [
                item.__class__(
                    **{f: getattr(item, f) for f in item.__struct_fields__ if f != "shown"},
                    shown=tuple(
                        p for p in item.shown if bounded(p.subject, 256) == bounded(name, 256)
                    ),
                )
                for item in inside
            ]
            wanted = _naive(mine, lambda _: True, lambda i, _: _name(i))
            assert _answered(reader.who_subject(name, start, end).actors, "actor") == wanted
    ledger.close()


def _name(item) -> str:
    return "unknown" if item.actor.name == "address:" else bounded(item.actor.name, 256)


@given(actor=actors)
def test_names_of_actors_are_understood(actor: Actor):
    """Every facet an actor has can be asked for by name."""
    for column in ("account", "session", "key", "address"):
        if name := getattr(actor, column):
            assert parse_actor(f"{column}:{name}") == (column, name)


@pytest.mark.parametrize(
    "text", ["u777", "account:", "user:7", "address:nowhere", "prefix:10.0.0.0/8", "prefix:x"]
)
def test_what_names_no_actor_is_refused(text: str):
    """A name without a facet, or that is no address or network, is refused with an explanation."""
    with pytest.raises(InputError):
        parse_actor(text)


def test_networks_are_named_by_any_of_their_addresses():
    """A prefix may be named by its network or by an address in it."""
    assert parse_actor("prefix:203.0.113.7") == ("prefix", "203.0.113.0/24")
    assert parse_actor("prefix:2001:db8::/48") == ("prefix", "2001:db8::/48")


def test_times_are_read():
    """Dates and times are read as UTC; the end of a period given as a date includes that day."""
    assert parse_time("2025-06-15") == micros(NOON - 43200)
    assert parse_time("2025-06-15", end=True) == micros(NOON + 43200)
    assert (
        parse_time("2025-06-15T12:00:00Z")
        == parse_time("2025-06-15T14:00:00+02:00")
        == micros(NOON)
    )
    assert parse_time("2025-06-15T12:00:00") == micros(NOON)
    for text in ("yesterday", "2025-13-01", ""):
        with pytest.raises(InputError):
            parse_time(text)


def test_an_account_is_followed_over_addresses(tmp_path: Path):
    """An account's answer has its rows from every address, an address's those of every account."""
    one, two = (Actor(account="u1", address=f"203.0.113.{n}") for n in (1, 2))
    other = Actor(account="u2", address="203.0.113.1")
    write(
        tmp_path / "l",
        disclosed(NOON, "", "p1", actor=one),
        disclosed(NOON, "", "p2", actor=two),
        disclosed(NOON, "", "p3", actor=other),
    )
    asked = {name: sorted(o.subject for o in who(tmp_path / "l", name).subjects) for name in (
        "account:u1", "address:203.0.113.1", "prefix:203.0.113.0/24",
    )}  # fmt: skip
    assert asked == {
        "account:u1": ["p1", "p2"],
        "address:203.0.113.1": ["p1", "p3"],
        "prefix:203.0.113.0/24": ["p1", "p2", "p3"],
    }


def test_the_surest_row_is_said(tmp_path: Path):
    """A person's certainty is the strongest among the rows; fields are all that were shown."""
    write(
        tmp_path / "l",
        disclosed(NOON, "u1", "p1", fields=("email",), certainty=Certainty.AUTHORISED_ONLY),
        disclosed(NOON + 9, "u1", "p1", fields=("name",), certainty=Certainty.PARTIAL),
        disclosed(NOON + 3, "u1", "p2", certainty=Certainty.AUTHORISED_ONLY),
    )
    first, second = who(tmp_path / "l", "account:u1").subjects
    assert (first.fields, first.times, first.certainty) == (["email", "name"], 2, "partial")
    assert second.certainty == "authorised-only"


def test_what_nobody_could_name_is_never_a_person(tmp_path: Path):
    """Unattributed people and misses are counted beside, never among, the people."""
    listing = disclosed(NOON, "u1", kind="listing", unattributed=20)
    missed = disclosed(NOON, "u1", kind="lookup", status=404, miss=True)
    write(tmp_path / "l", listing, missed, disclosed(NOON, "u1", "p1"))
    answer = who(tmp_path / "l", "account:u1")
    assert (answer.people, answer.unattributed, answer.misses) == (1, 20, 1)


def test_nobody_is_said_to_be_not_exposed(tmp_path: Path):
    """An unknown name gets a count of nothing known, with period, gaps and retention; no more."""
    ledger = write(tmp_path / "l", disclosed(NOON, "u1", "p1"), close=False)
    ledger.note_gap(NOON - 60, NOON, "gate down")
    ledger.close()
    for answer in (who(tmp_path / "l", "account:u9"), who(tmp_path / "l", "subject:p9")):
        assert "knows nothing of" in answer.note
        assert "from 2025-06-15T12:00:00Z" in answer.note
        assert "1 unobserved period is listed" in answer.note
        assert "kept 31 days, then deleted" in answer.note
        assert "cannot speak for anything outside" in answer.note
        assert len(answer.unobserved) == 1
        assert "not exposed" not in answer.note


def test_an_empty_ledger_says_so(tmp_path: Path):
    """A ledger without rows answers with a count of 0 and says that it holds nothing."""
    Ledger.open(tmp_path / "l").close()
    answer = who(tmp_path / "l", "account:u1")
    assert (answer.people, answer.period.start) == (0, "")
    assert "holds no rows now" in answer.note


def test_actors_without_a_name_are_told(tmp_path: Path):
    """A subject shown to somebody of whom nothing is known is shown to `unknown`."""
    write(tmp_path / "l", disclosed(NOON, "", "p1", actor=Actor()))
    assert [one.actor for one in who(tmp_path / "l", "subject:p1").actors] == ["unknown"]


def test_answers_are_exact_while_rows_are_sealed(tmp_path: Path):
    """While a writer flushes, seals and merges, every answer has each flushed row exactly once."""
    ledger = Ledger.open(tmp_path / "l", clock=lambda: NOON + DAY)
    flushed, done = [0], threading.Event()

    def write_on() -> None:
        for number in range(150):
            ledger.append(disclosed(NOON, "u1", f"p{number}"))
            ledger.flush()
            flushed[0] = number + 1
            if number % 3 == 0:
                ledger.seal(NOON + DAY, everything=True)
        done.set()

    writing = threading.Thread(target=write_on)
    writing.start()
    with Reader.open(tmp_path / "l") as reader:
        while not done.is_set():
            least = flushed[0]
            answer = reader.who_actor("account:u1")
            assert least <= answer.people <= flushed[0] + 1
            assert {one.times for one in answer.subjects} <= {1}
    writing.join()
    ledger.close()
    assert who(tmp_path / "l", "account:u1").people == 150


def test_people_per_actor(tmp_path: Path):
    """Distinct people are counted per actor, most first."""
    write(
        tmp_path / "l",
        *[disclosed(NOON, "u1", "p1", "p1", "p2") for _ in range(3)],
        disclosed(NOON, "u2", "p1"),
    )
    with Reader.open(tmp_path / "l") as reader:
        assert list(reader.people_per_actor().items()) == [("account:u1", 2), ("account:u2", 1)]


def test_many_shown_in_one_exchange(tmp_path: Path):
    """Each person of a listing is a row of its own."""
    item = disclosed(NOON, "u1", kind="listing")
    write(tmp_path / "l", item.__class__(**{
        **{f: getattr(item, f) for f in item.__struct_fields__},
        "shown": shown(*[f"p{n}" for n in range(100)]),
    }))  # fmt: skip
    assert who(tmp_path / "l", "account:u1").people == 100
