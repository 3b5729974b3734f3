from __future__ import annotations

import os
import shutil
import threading
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

from himaya.core.errors import LedgerError
from himaya.ledger.identities import Identities
from himaya.ledger.keys import Keys
from himaya.ledger.schema import Kind
from himaya.ledger.shredding import Places
from himaya.ledger.slots import PLACES, create_slots, open_slots, passing_slots

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


def _bytes(path: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(path.iterdir()))


def _secrets(path: Path) -> list[bytes]:
    """Return the secrets of all slots."""
    slots = open_slots(path / "identities.slots")
    found = [slots.secret(slot) for slot in range(2 * PLACES)]
    slots.close()
    return found


def _rows(identities: Identities) -> tuple[dict[int, bytes], list[tuple[bytes, bytes]]]:
    """Return the names by number, sealed, and the look-up rows."""
    db = identities._db
    names = dict(db.execute("SELECT surrogate, sealed FROM identity").fetchall())
    return names, db.execute("SELECT place, number FROM lookup").fetchall()


def _opens(places: Places, numbers: list[int], rows: tuple) -> int:
    """Return how many rows, as they were, open with any secret of the map as it is."""
    count, (names, look_ups) = 0, rows
    by_tag = {(shred := places.at(slot)).tag: shred for slot in range(PLACES)}
    for number in numbers:
        with suppress(LedgerError):
            places.number(number).open_name(number, names[number])
            count += 1
    for row, sealed in look_ups:
        shred = by_tag.get(row[:8])
        if shred is not None and shred.pointed(row, sealed)[0] in numbers:
            count += 1
    return count


def test_what_a_name_was_sealed_with_leaves_no_bytes(tmp_path: Path):
    """After forgetting, the secrets of a person's rows are in no file, and copies of these rows open with nothing."""
    identities = _map(tmp_path)
    numbers = _resolve(identities, *[f"person-{n}" for n in range(400)])
    gone, before, rows = numbers[:140], _secrets(tmp_path), _rows(identities)
    assert _opens(identities._now(), gone, rows) == 2 * len(gone)
    assert identities.forget(gone) == len(gone)
    stored, after = _bytes(tmp_path), _secrets(tmp_path)
    replaced = [was for was, now in zip(before, after, strict=True) if was != now]
    assert len(gone) <= len(replaced) <= 2 * len(gone)
    assert not any(secret in stored for secret in replaced)
    assert _opens(identities._now(), gone, rows) == 0
    names = {f"person-{n}" for n in range(140, 400)}
    assert set(identities.names(numbers).values()) == names
    assert set(identities.find_all(Kind.SUBJECT, names).values()) == names
    assert not any(identities.find(Kind.SUBJECT, f"person-{n}") for n in range(140))
    assert identities.problems() == []


@pytest.mark.parametrize("run", range(10))
def test_many_names_that_end_leave_no_bytes(tmp_path: Path, run):
    """Many names that end at once leave none of their rows in any file of the map, wherever these had moved before.

    Surrogates are random, and about one map in twenty-five leaves copies behind when SQLite only overwrites rows.
    """
    identities = _map(tmp_path)
    numbers = _resolve(identities, *[f"person-{n}" for n in range(600)])
    numbers += _resolve(identities, *[f"person-{n}" for n in range(600, 800)], day=9)
    names, look_ups = _rows(identities)
    assert identities.remove_before(9, set()) == 600
    kept = {row for row, _ in _rows(identities)[1]}
    stored = _bytes(tmp_path)
    assert not any(names[number] in stored for number in numbers[:600])
    assert not any(row in stored for row, _ in look_ups if row not in kept)
    assert sorted(identities.names(numbers).values()) == sorted(
        f"person-{n}" for n in range(600, 800)
    )
    assert identities.problems() == []


def test_no_row_of_a_look_up_tells_whose_it_is(tmp_path: Path):
    """Without the secrets, who has the key and every row cannot find a name among the look-ups."""
    identities = _map(tmp_path)
    _resolve(identities, "anna")
    _, ((row, _),) = _rows(identities)
    places = Places(KEYS, passing_slots(tmp_path), set())
    digest = KEYS.digest(b"%d:anna" % Kind.SUBJECT)
    assert identities._now().look_up(digest).row(digest) == row
    assert all(places.at(slot).row(digest) != row for slot in range(PLACES))


def test_the_secrets_of_a_map_are_its_own(tmp_path: Path):
    """A map without its secrets, or beside another map's, is refused, and the file named."""
    _map(tmp_path).close()
    slots = tmp_path / "identities.slots"
    slots.unlink()
    with pytest.raises(LedgerError, match=r"identities\.slots: the secrets of the map are missing"):
        Identities(tmp_path / "identities.sqlite", KEYS)
    create_slots(slots)
    with pytest.raises(LedgerError, match=r"identities\.slots: .* of another map"):
        Identities(tmp_path / "identities.sqlite", KEYS)
    slots.write_bytes(b"no secrets")
    with pytest.raises(LedgerError, match=r"identities\.slots: this is no file"):
        Identities(tmp_path / "identities.sqlite", KEYS)


def _dies(path: Path, number: int, left: int) -> bool:
    """Forget somebody in a process that dies at its n-th statement or write; tell whether it died."""
    child = os.fork()
    if child == 0:
        identities = Identities(path / "identities.sqlite", KEYS)
        steps = count(1)

        def step(*_: object) -> None:
            if next(steps) == left:
                os._exit(77)

        real = os.pwrite
        os.pwrite = lambda *args: (step(), real(*args))[1]
        identities._db.set_trace_callback(step)
        identities.forget([number])
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 77


def test_death_at_any_step_of_an_erasure_is_mended(tmp_path: Path):
    """Wherever an erasure breaks off, everybody else keeps a name, and the next opening leaves no old secret."""
    base = tmp_path / "base"
    base.mkdir()
    identities = _map(base)
    numbers = _resolve(identities, *[f"person-{n}" for n in range(30)])
    identities.close()
    before = _secrets(base)
    left, whole, ended = 0, set(), False
    while not ended:
        left += 1
        place = tmp_path / str(left)
        shutil.copytree(base, place)
        ended = not _dies(place, numbers[0], left)
        identities = Identities(place / "identities.sqlite", KEYS)
        assert identities.problems() == []
        names = identities.names(numbers)
        assert set(names) >= set(numbers[1:])
        assert (identities.find(Kind.SUBJECT, "person-0") != 0) == (numbers[0] in names)
        identities.empty_log()
        stored = _bytes(place)
        whole.add(numbers[0] in names)
        replaced = [was for was, now in zip(before, _secrets(place), strict=True) if was != now]
        assert len(replaced) == (0 if numbers[0] in names else 2)
        assert not any(secret in stored for secret in replaced)
        identities.close()
    assert whole == {True, False}
    assert left > 15


def test_others_read_and_write_while_people_are_erased(tmp_path: Path):
    """Questions asked while others are erased miss nobody who stays, and new people get a number."""
    eraser, reader = _map(tmp_path), _map(tmp_path)
    numbers = _resolve(eraser, *[f"person-{n}" for n in range(200)])
    stays, failed = numbers[100:], []

    def erase() -> None:
        try:
            for number in numbers[:100]:
                eraser.forget([number])
        except BaseException as problem:
            failed.append(problem)
            raise

    thread = threading.Thread(target=erase)
    thread.start()
    names = [f"person-{n}" for n in range(100, 200)]
    while thread.is_alive():
        assert reader.numbers(Kind.SUBJECT, names) == stays
        assert len(reader.names(stays)) == 100
        while not reader.resolve({Kind.SUBJECT: {"anna": 1}}):
            assert not reader.cache(Kind.SUBJECT)
        assert reader.cache(Kind.SUBJECT)["anna"][0]
    thread.join()
    assert failed == []
    assert reader.problems() == []


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


def test_who_comes_back_while_names_end_keeps_theirs(tmp_path: Path, monkeypatch):
    """Another writer may use a name between the choice of what ends and its end: that name stays."""
    identities, other = _map(tmp_path), None
    (back,) = _resolve(identities, "back", day=3)
    _resolve(identities, "gone", day=3)
    other = Identities(tmp_path / "identities.sqlite", KEYS)
    settle = Identities.settle

    def late(self: Identities) -> None:
        settle(self)
        if self is identities:
            other.resolve({Kind.SUBJECT: {"back": 9}})

    monkeypatch.setattr(Identities, "settle", late)
    assert identities.remove_before(9, set()) == 1
    assert identities.names([back]) == {back: "back"}
    assert identities.find(Kind.SUBJECT, "gone") == 0
    other.close()


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
