from __future__ import annotations

from pathlib import Path

import pytest
from tests.ledger.making import DAY, NOON, disclosed, people, who, write

from himaya.core.actor import Actor
from himaya.core.errors import InputError
from himaya.ledger import erasure, holds, retention
from himaya.ledger.erasures import erasures
from himaya.ledger.matters import Matter
from himaya.ledger.reader import Reader
from himaya.ledger.schema import Kind, micros


def _forget(directory: Path, now: float = NOON, **whom) -> int:
    with Reader.open(directory) as reader:
        return erasure.forget(reader, why="art. 17", by="Dana", now=now, **whom).erased


def test_a_forgotten_person_is_a_number(tmp_path: Path):
    """After forgetting, nobody finds the person; answers count one erased; the chain says when."""
    directory = tmp_path / "l"
    write(directory, disclosed(NOON, "u1", "anna", "ben"))
    assert _forget(directory, subject="anna") == 1
    answer = who(directory, "account:u1")
    assert (answer.people, answer.erased) == (2, 1)
    assert [one.subject for one in answer.subjects] == ["ben"]
    assert who(directory, "subject:anna").count == 0
    with Reader.open(directory) as reader:
        (entry,) = [entry for entry in reader.log() if entry["kind"] == "forgotten"]
        assert entry["why"] == "art. 17"
        assert reader.verify() == []
    stored = (directory / "chain.jsonl").read_bytes()
    assert b"anna" not in stored
    assert b"art. 17" not in stored


def test_forgetting_works_while_a_writer_runs(tmp_path: Path):
    """A running writer gives a forgotten person a new number at the next view."""
    directory = tmp_path / "l"
    ledger = write(directory, disclosed(NOON, "u1", "anna"), close=False)
    _forget(directory, subject="anna")
    ledger.append(disclosed(NOON + 5, "u1", "anna"))
    ledger.flush()
    answer = who(directory, "account:u1")
    assert (answer.people, answer.erased, [one.times for one in answer.subjects]) == (2, 1, [1])
    assert people(directory, "account:u1") == ["anna"]
    ledger.close()


def test_an_account_is_forgotten_with_its_name(tmp_path: Path):
    """A forgotten account is known neither as account nor as actor; its rows count as erased."""
    directory = tmp_path / "l"
    write(directory, disclosed(NOON, "u1", "anna"), disclosed(NOON, "u2", "anna"))
    assert _forget(directory, account="u1") == 2
    assert who(directory, "account:u1").people == 0
    answer = who(directory, "subject:anna")
    assert (answer.count, answer.erased, [o.actor for o in answer.actors]) == (2, 1, ["account:u2"])


def test_who_nobody_knows_is_forgotten_already(tmp_path: Path):
    """Forgetting an unknown name does nothing and leaves no trace of the name."""
    directory = tmp_path / "l"
    write(directory, disclosed(NOON, "u1", "anna"))
    assert _forget(directory, subject="nobody") == 0
    with Reader.open(directory) as reader:
        assert [entry for entry in reader.log() if entry["kind"] == "forgotten"] == []
    with pytest.raises(InputError):
        _forget(directory)


def _hold(directory: Path, held: str, now: float = NOON, until: float = NOON + DAY) -> str:
    with Reader.open(directory) as reader:
        about = reader.facet(held) if ":" in held else reader.subject(held)
        placed = holds.place(
            reader, about, basis="case 12", by="Dana", until=micros(until), now=now
        )
    return placed.id


@pytest.mark.parametrize("held", ["account:u1", "anna"])
@pytest.mark.parametrize("whom", [{"subject": "anna"}, {"account": "u1"}])
def test_what_a_hold_needs_stays_and_goes_by_itself(tmp_path: Path, held: str, whom: dict):
    """What held rows need stays, with basis, decider and end named; nobody else's does; when the hold ends it goes."""
    directory = tmp_path / "l"
    write(directory, disclosed(NOON, "u1", "anna"), disclosed(NOON, "u2", "ben"))
    hold = _hold(directory, held)
    with Reader.open(directory) as reader:
        done = erasure.forget(reader, why="art. 17", by="Dana", now=NOON, **whom)
        assert done.erased == 0
        assert {(one.needs, one.basis, one.by) for one in done.kept} == {(hold, "case 12", "Dana")}
        assert {one.until for one in done.kept} == {"2025-06-16T12:00:00Z"}
        assert reader.verify() == []
        assert reader.subject("anna")[1]
        assert reader.facet("account:u1")[1]
        assert erasure.complete(reader, (), NOON + 60).identities == 0
        assert erasure.complete(reader, (), NOON + 2 * DAY).identities >= 1
        assert erasure.complete(reader, (), NOON + 2 * DAY).identities == 0
        assert reader.verify() == []
    assert _forget(directory, subject="ben") == 1
    assert _forget(directory, now=NOON + 2 * DAY, **whom) == 0


def test_retention_completes_an_erasure_that_waited(tmp_path: Path):
    """The upkeep of a running ledger erases what a hold kept, once the hold has ended; nobody asks again."""
    directory = tmp_path / "l"
    ledger = write(directory, disclosed(NOON, "u1", "anna"), close=False, clock=lambda: NOON)
    _hold(directory, "account:u1")
    assert _forget(directory, subject="anna") == 0
    assert retention.execute(ledger, NOON + 60).forgotten == ()
    assert retention.execute(ledger, NOON + 2 * DAY).forgotten == (("subject", "anna"),)
    ledger.append(disclosed(NOON + 2 * DAY, "u1", "anna"))
    ledger.flush()
    answer = who(directory, "account:u1")
    assert (answer.people, answer.erased) == (2, 1)
    ledger.close()


def _at(account: str, address: str, session: str, *subjects: str, at: float = NOON):
    actor = Actor(account=account, address=address, session=session)
    return disclosed(at, account, *subjects, actor=actor)


def test_an_actor_goes_with_what_was_its_alone(tmp_path: Path):
    """Sessions, addresses and networks seen only with an actor go with it; those that somebody else used stay."""
    directory = tmp_path / "l"
    write(
        directory,
        _at("u1", "203.0.113.9", "s1", "anna"),
        _at("u1", "198.51.100.7", "s2", "anna"),
        _at("u2", "203.0.113.9", "s3", "anna"),
        _at("u3", "198.51.100.8", "s4", "ben"),
    )
    # The account, its name, two sessions, one address; its network is u3's, too.
    assert _forget(directory, actor="account:u1") == 5
    with Reader.open(directory) as reader:
        gone = ("account:u1", "session:s1", "session:s2", "address:198.51.100.7")
        assert [reader.facet(one)[1] for one in gone] == [0, 0, 0, 0]
        stays = ("address:203.0.113.9", "prefix:198.51.100.0/24", "session:s3", "account:u2")
        assert all(reader.facet(one)[1] for one in stays)
        assert reader.verify() == []


def test_rows_that_nothing_needs_lose_a_name_that_is_kept(tmp_path: Path):
    """Of an erasure that must keep a name, rows outside the hold get other numbers with the next upkeep; once."""
    directory = tmp_path / "l"
    rows = [disclosed(NOON - n * DAY, "u1", f"p{n}", "anna") for n in range(4)]
    ledger = write(directory, *rows, close=False, clock=lambda: NOON)
    with Reader.open(directory) as reader:
        about, end = reader.facet("account:u1"), micros(NOON + 60)
        said = {"basis": "case 12", "by": "Dana", "until": micros(NOON + 9 * DAY)}
        holds.place(reader, about, now=NOON, start=micros(NOON - 60), end=end, **said)
        erasure.forget(reader, actor="account:u1", why="art. 17", by="Dana", now=NOON + 60)
        (told,) = erasures(reader, (), NOON + 60)
        assert "lose the name when retention runs next" in told.pending
        assert reader.who_actor("account:u1").people == 5
        ledger.append(disclosed(NOON + 120, "u1", "later"))
        retention.execute(ledger, NOON + 180)
        assert people(directory, "account:u1") == ["anna", "later", "p0"]
        answer = reader.who_subject("anna")
        assert (answer.count, answer.erased) == (2, 1)
        assert [one.times for one in answer.actors] == [1]
        assert "lose the name" not in erasures(reader, (), NOON + 180)[0].pending
        entries = reader.state().seq
        retention.execute(ledger, NOON + 240)
        assert reader.state().seq == entries
        assert reader.verify() == []
        retention.execute(ledger, NOON + 10 * DAY)
        assert reader.facet("account:u1")[1] == 0
    ledger.close()


def test_rows_in_segments_of_other_writers_lose_the_name_too(tmp_path: Path, monkeypatch):
    """Rows that another writer has in its open segment get other numbers as well, once it has ended it."""
    directory = tmp_path / "l"
    monkeypatch.setattr("himaya.ledger.writer._ASK_WAIT_S", 0.1)
    first = write(directory, disclosed(NOON, "u1", "anna"), close=False, clock=lambda: NOON)
    other = write(directory, disclosed(NOON - 99, "u1", "ben"), close=False, clock=lambda: NOON)
    with Reader.open(directory) as reader:
        about, end = reader.facet("account:u1"), micros(NOON + 60)
        said = {"basis": "case 12", "by": "Dana", "until": micros(NOON + 9 * DAY)}
        holds.place(reader, about, now=NOON, start=micros(NOON - 60), end=end, **said)
        erasure.forget(reader, actor="account:u1", why="art. 17", by="Dana", now=NOON + 60)
        retention.execute(first, NOON + 180)
        assert "lose the name" in erasures(reader, (), NOON + 180)[0].pending
        other.flush()
        retention.execute(first, NOON + 240)
        assert "lose the name" not in erasures(reader, (), NOON + 240)[0].pending
        assert people(directory, "account:u1") == ["anna"]
        assert reader.verify() == []
    other.close()
    first.close()


def test_the_two_sides_of_a_person_are_erased_apart(tmp_path: Path):
    """Erasing somebody as subject leaves the actor, and the other way round; both sides go when both are named."""
    for whom, left in (
        ({"subject": "anna"}, (0, 1)),
        ({"actor": "account:anna"}, (1, 0)),
        ({"subject": "anna", "actor": "account:anna"}, (0, 0)),
    ):
        directory = tmp_path / "-".join(whom)
        write(directory, disclosed(NOON, "anna", "ben"), disclosed(NOON, "ben", "anna"))
        _forget(directory, **whom)
        with Reader.open(directory) as reader:
            found = reader.subject("anna")[1], reader.facet("account:anna")[1]
        assert tuple(bool(number) for number in found) == tuple(map(bool, left))
        assert who(directory, "account:ben").people == who(directory, "subject:ben").count == 1


def test_a_network_is_nobody(tmp_path: Path):
    """A network cannot be erased as an actor: it is not a person."""
    write(tmp_path / "l", disclosed(NOON, "u1", "anna"))
    with pytest.raises(InputError, match="is a network"):
        _forget(tmp_path / "l", actor="prefix:203.0.113.0/24")


def _case(actors: set[int], until: float, *, confirmed: bool = True, start: float = 0.0) -> Matter:
    return Matter(
        case="g-1",
        actors=frozenset(actors),
        start=micros(start),
        until=micros(until) if until else 0,
        basis="confirmed: one customer",
        by="dana",
        confirmed=confirmed,
    )


def test_a_scraper_does_not_erase_its_case(tmp_path: Path):
    """An open case keeps what the rows of its members need, and only that; a closed one keeps nothing."""
    directory = tmp_path / "l"
    write(
        directory,
        _at("u1", "203.0.113.9", "old", "early", at=NOON - 9 * DAY),
        _at("u1", "198.51.100.7", "new", "anna", at=NOON),
    )
    with Reader.open(directory) as reader:
        actor = reader.identities.find(Kind.ACTOR, "account:u1")
        case = _case({actor}, NOON + 9 * DAY, start=NOON - DAY)
        said = {"why": "art. 17", "by": "Dana", "now": NOON}
        done = erasure.forget(reader, actor="account:u1", matters=[case], **said)
        assert done.erased == 3  # the early session, its address and network
        assert {one.what for one in done.kept} == {
            "account",
            "actor",
            "session",
            "address",
            "prefix",
        }
        assert {(one.needs, one.by) for one in done.kept} == {("case g-1", "dana")}
        done = erasure.forget(reader, subject="early", matters=[case], **said)
        assert (done.erased, done.kept) == (1, ())
        assert erasure.complete(reader, [case], NOON).identities == 0
        assert erasure.complete(reader, [_case({actor}, 0.0)], NOON).identities == 5


def test_a_half_done_forgetting_is_found(tmp_path: Path):
    """When a crash left the name although the chain says forgotten, verification names it."""
    directory = tmp_path / "l"
    write(directory, disclosed(NOON, "u1", "anna"))
    with Reader.open(directory) as reader:
        real, reader.identities.forget = reader.identities.forget, lambda numbers: 0
        erasure.forget(reader, subject="anna", why="x", by="y", now=NOON)
        assert any("still has a name" in problem for problem in reader.verify())
        reader.identities.forget = real
        assert erasure.forget(reader, subject="anna", why="x", by="y", now=NOON).erased == 1
        assert reader.verify() == []
