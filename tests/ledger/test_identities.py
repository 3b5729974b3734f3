from __future__ import annotations

from pathlib import Path

import pytest

from himaya.core.errors import LedgerError
from himaya.ledger.identities import Identities
from himaya.ledger.keys import Keys
from himaya.ledger.schema import Kind

KEYS = Keys(b"k" * 32)


def _map(path: Path, *, cache: int = 100) -> Identities:
    return Identities(path / "identities.sqlite", KEYS, cache=cache, create=True)


def _resolve(identities: Identities, *names: str, day: int = 1) -> list[int]:
    identities.refresh()
    identities.resolve({Kind.SUBJECT: dict.fromkeys(names, day)})
    return [identities.cache(Kind.SUBJECT)[name][0] for name in names]


def test_surrogates_are_random_and_stay(tmp_path: Path):
    """A name has one positive 63-bit surrogate, also for the next process; two names differ."""
    first = _resolve(_map(tmp_path), "anna", "ben")
    again = _resolve(_map(tmp_path), "anna", "ben", "cleo")
    assert again[:2] == first
    assert len(set(again)) == 3
    assert all(0 < number < 2**63 for number in again)


def test_kinds_do_not_meet(tmp_path: Path):
    """A subject and an account of one name have different surrogates."""
    identities = _map(tmp_path)
    identities.resolve({Kind.SUBJECT: {"anna": 1}, Kind.ACCOUNT: {"anna": 1}})
    assert identities.find(Kind.SUBJECT, "anna") != identities.find(Kind.ACCOUNT, "anna")


def test_names_that_are_stored_alike_share_a_surrogate(tmp_path: Path):
    r"""An undecodable byte and its written form are one stored name, and neither breaks a batch."""
    one, other = _resolve(_map(tmp_path), "x\udcff", "x\\udcff")
    assert one == other


def test_no_name_is_in_the_file(tmp_path: Path):
    """The map holds names only sealed."""
    identities = _map(tmp_path)
    _resolve(identities, "anna.schmidt@example.org")
    identities.close()
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"anna.schmidt" not in stored


@pytest.mark.parametrize("run", range(25))
def test_a_forgotten_name_leaves_no_bytes(tmp_path: Path, run):
    """After forgetting, the sealed name and its look-up are in no file of the map, wherever rows had moved before.

    Surrogates are random, and about one map in twenty-five leaves copies behind when SQLite only overwrites rows.
    """
    identities = _map(tmp_path)
    numbers = _resolve(identities, *[f"person-{n}" for n in range(300)])
    db = identities._db
    rows = dict(db.execute("SELECT surrogate, sealed FROM identity").fetchall())
    looked = dict(db.execute("SELECT surrogate, lookup FROM identity").fetchall())
    assert identities.forget(numbers[:150]) == 150
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert not any(rows[number] in stored for number in numbers[:150])
    assert not any(looked[number] in stored for number in numbers[:150])
    assert sorted(identities.names(numbers).values()) == sorted(
        f"person-{n}" for n in range(150, 300)
    )


def test_another_process_forgets(tmp_path: Path):
    """A writer notices at its next batch that somebody was forgotten, and makes a new surrogate."""
    writer, other = _map(tmp_path), _map(tmp_path)
    (old,) = _resolve(writer, "anna")
    other.forget([old])
    (new,) = _resolve(writer, "anna")
    assert new != old


def test_the_cache_is_bounded(tmp_path: Path):
    """However many names come, the cache keeps to its bound."""
    identities = _map(tmp_path, cache=100)
    for start in range(0, 1000, 50):
        _resolve(identities, *[f"p{n}" for n in range(start, start + 50)])
        identities.trim()
        assert len(identities.cache(Kind.SUBJECT)) <= 100
    assert identities.count() == 1000


def test_unused_identities_go(tmp_path: Path):
    """Identities last used before a day go, unless rows that stay still use them."""
    identities = _map(tmp_path)
    old, kept = _resolve(identities, "old", "kept", day=3)
    _resolve(identities, "new", day=9)
    _resolve(identities, "old then new", day=3)
    _resolve(identities, "old then new", day=9)
    assert identities.remove_before(9, {kept}) == 1
    assert identities.names([old]) == {}
    assert identities.find(Kind.SUBJECT, "old then new")
    assert identities.find(Kind.SUBJECT, "kept") == kept


def test_another_key_is_refused(tmp_path: Path):
    """A map opens only with its own key."""
    _map(tmp_path).close()
    with pytest.raises(LedgerError, match="not the key of this ledger"):
        Identities(tmp_path / "identities.sqlite", Keys(b"x" * 32))


def test_a_damaged_map_is_named(tmp_path: Path):
    """A map that is no database is an error with its path, not a traceback."""
    path = tmp_path / "identities.sqlite"
    path.write_bytes(b"no database at all, whatever the name says" * 100)
    with pytest.raises(LedgerError, match=r"identities\.sqlite"):
        Identities(path, KEYS)
