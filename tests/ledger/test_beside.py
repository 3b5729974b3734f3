"""Who else came from the networks of an actor."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledger.making import DAY, NOON, disclosed, disclosures, facet_of, half_sealed, write

from himaya.core.actor import Actor
from himaya.core.errors import InputError
from himaya.ledger import erasure
from himaya.ledger.answers import WhoBeside
from himaya.ledger.beside import who_beside
from himaya.ledger.reader import Reader
from himaya.ledger.schema import bounded, iso, micros


def _ask(directory: Path, name: str, *period: int) -> WhoBeside:
    with Reader.open(directory) as reader:
        return who_beside(reader, name, *period)


def _from(address: str, account: str = "") -> dict:
    return {"actor": Actor(account=account, address=address)}


def _ledger(directory: Path) -> Path:
    """u1 in three networks; u2 in two of them, a visitor in one; u3 elsewhere."""
    write(
        directory,
        disclosed(NOON, "", "anna", **_from("192.0.2.1", "u1")),
        disclosed(NOON + 60, "", "anna", "ben", **_from("198.51.100.1", "u1")),
        disclosed(NOON + 120, "", "anna", **_from("2001:db8:1::1", "u1")),
        disclosed(NOON + 180, "", "carl", **_from("192.0.2.9", "u2")),
        disclosed(NOON + 240, "", "carl", **_from("2001:db8:1:2::3", "u2")),
        disclosed(NOON + 300, "", "dora", **_from("192.0.2.1")),
        disclosed(NOON + 360, "", "dora", **_from("203.0.113.1", "u3")),
    )
    return directory


def test_networks_and_others_are_listed(tmp_path):
    """An actor's networks in the order of time; the others with their networks, those in most first."""
    answer = _ask(_ledger(tmp_path / "l"), "account:u1")
    assert [(one.network, one.first, one.times) for one in answer.networks] == [
        ("192.0.2.0/24", iso(micros(NOON)), 1),
        ("198.51.100.0/24", iso(micros(NOON + 60)), 2),
        ("2001:db8:1::/48", iso(micros(NOON + 120)), 1),
    ]
    assert [(one.actor, one.networks, one.times) for one in answer.others] == [
        ("account:u2", ["192.0.2.0/24", "2001:db8:1::/48"], 2),
        ("address:192.0.2.1", ["192.0.2.0/24"], 1),
    ]
    assert (answer.count, answer.erased) == (2, 0)


def test_a_period_limits_both(tmp_path):
    """Networks used outside of the period do not count, nor does who was there outside of it."""
    directory = _ledger(tmp_path / "l")
    answer = _ask(directory, "account:u1", 0, micros(NOON + 200))
    assert [(one.actor, one.networks) for one in answer.others] == [
        ("account:u2", ["192.0.2.0/24"])
    ]
    assert _ask(directory, "account:u1", micros(NOON + 150)).networks == []


def test_an_address_is_asked_for_like_an_account(tmp_path):
    """Whoever used the address itself is the one asked for; the rest of its network are others."""
    answer = _ask(_ledger(tmp_path / "l"), "address:192.0.2.1")
    assert [one.network for one in answer.networks] == ["192.0.2.0/24"]
    assert [one.actor for one in answer.others] == ["account:u2"]


def test_the_erased_are_counted_and_not_named(tmp_path):
    """Somebody who was forgotten still counts."""
    directory = _ledger(tmp_path / "l")
    with Reader.open(directory) as reader:
        erasure.forget(reader, why="art. 17", by="Dana", now=NOON, account="u2")
    answer = _ask(directory, "account:u1")
    assert (answer.count, answer.erased) == (2, 1)
    assert [one.actor for one in answer.others] == ["address:192.0.2.1"]


def test_the_unknown_have_no_networks(tmp_path):
    """Of an actor the ledger does not know it knows no network; a word that names none is refused."""
    directory = _ledger(tmp_path / "l")
    answer = _ask(directory, "account:nobody")
    assert (answer.networks, answer.others, answer.count) == ([], [], 0)
    assert "knows nothing of account:nobody" in answer.note
    with pytest.raises(InputError):
        _ask(directory, "nobody")


@settings(max_examples=15)
@given(
    items=st.lists(disclosures, max_size=8),
    seal_at=st.integers(0, 8),
    column=st.sampled_from(["account", "session", "key", "address", "prefix"]),
    period=st.tuples(st.floats(-3, 3), st.floats(-3, 3)),
)
def test_it_equals_a_naive_count(tmp_path_factory, items, seal_at, column, period):
    """For any disclosures, sealed and live, every actor's networks and others equal a count by hand."""
    directory = tmp_path_factory.mktemp("ledger") / "l"
    ledger = half_sealed(directory, items, seal_at)
    start, end = (micros(NOON + days * DAY) for days in sorted(period))
    with Reader.open(directory) as reader:
        seen = [row for row in reader.rows(start, end) if row.kind != "unobserved"]
        for name in {facet_of(item, column) for item in items} - {""}:
            known = bounded(name, 256)
            mine = [row for row in seen if facet_of(row, column) == known]
            networks = {facet_of(row, "prefix") for row in mine} - {""}
            others: dict[str, set[str]] = {}
            for row in seen:
                there = facet_of(row, "prefix")
                if there in networks and facet_of(row, column) != known:
                    others.setdefault(row.name, set()).add(there)
            answer = who_beside(reader, f"{column}:{name}", start, end)
            assert {one.network for one in answer.networks} == networks
            assert {one.actor: set(one.networks) for one in answer.others} == others
    ledger.close()
