"""The register: one contract, kept on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import stat
import threading
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest
import sqlalchemy as sa
from tests.response.cases.conftest import KEYS
from tests.response.cases.making import AT, act, bring, counted, opened

from himaya.core.errors import ConfigError, HimayaError, InputError, ServiceError
from himaya.ledger.keys import Keys
from himaya.response.cases import Register, State
from himaya.response.cases.register import MAX_BODY
from himaya.response.cases.tables import connect
from himaya.response.places import register_path


def test_what_was_written_is_read_again(opener):
    """Acts come back as they were given, from another process too, and the witness is told of each in order."""
    seen = []
    acts = [
        opened(),
        act("note", why="Année, año, سنة", at=AT + 5),
        act("owner", data={"owner": "Dana"}),
    ]
    with opener(seen=seen) as first:
        first.add_all(acts)
    with opener() as second:
        assert [entry.act for entry in second.entries("c-1")] == acts
        assert second.entries("c-1") == seen
        assert second.newest() == seen[-1]
        assert [case.owner for case in second.cases()] == ["Dana"]
        assert second.problems() == []


def test_several_acts_are_all_written_or_none(register):
    """When the last of several acts is refused, the ones before it were not written."""
    with pytest.raises(InputError, match="is suspected"):
        register.add_all([opened(), act("contained")])
    assert register.entries() == []
    with pytest.raises(InputError, match="no case c-1"):
        register.case("c-1")


def test_a_case_is_opened_once(register):
    """A name that is taken is refused, and an act in a case that is not there says how to find the others."""
    register.add(opened())
    with pytest.raises(InputError, match="there is a case c-1 already"):
        register.add(opened())
    with pytest.raises(InputError, match="no case c-2; `himaya case list`"):
        register.add(act("note", "c-2"))


def test_two_people_deciding_at_once_are_one_after_the_other(opener):
    """Of many who confirm the same case at the same moment one is first; the others are told by whom it was."""
    with opener() as first:
        first.add(opened())
    people = [f"person{n}" for n in range(6)]
    ready = threading.Barrier(len(people))

    def confirm(name: str) -> str:
        with opener() as mine:
            ready.wait(30)
            try:
                mine.add(act("confirmed", by=name))
            except HimayaError as problem:
                return str(problem)
        return ""

    with ThreadPoolExecutor(len(people)) as pool:
        said = dict(zip(people, pool.map(confirm, people), strict=True))
    (winner,) = [name for name, words in said.items() if not words]
    refused = [words for words in said.values() if words]
    assert all(f"is confirmed (by {winner})" in words for words in refused), said
    with opener() as last:
        assert last.case("c-1").state is State.CONFIRMED
        assert len(last.entries()) == 2


def test_nothing_is_lost_when_many_write_at_once(opener):
    """Every note of eight who write at once is there, and the chain of entries holds."""
    with opener() as first:
        first.add(opened())

    def write(name: str) -> None:
        with opener() as mine:
            for n in range(5):
                mine.add(act("note", by=name, why=f"{name} {n}"))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, [f"p{n}" for n in range(8)]))
    with opener() as last:
        whys = {entry.act.why for entry in last.entries()[1:]}
        assert whys == {f"p{p} {n}" for p in range(8) for n in range(5)}
        assert last.problems() == []


def test_several_begin_a_register_at_once(opener):
    """Whoever opens a register first makes its tables; whoever opens it at the same moment waits for that."""
    ready = threading.Barrier(4)

    def begin(n: int) -> int:
        ready.wait(30)
        with opener() as mine:
            return mine.add(opened(f"c-{n}")).number

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(begin, range(4))) == [1, 2, 3, 4]


def test_the_database_refuses_to_change_or_remove_an_entry(register):
    """Triggers hold against whoever writes SQL; only a reason and its data may become nothing."""
    bring(register, State.CONFIRMED)
    wrong = [
        "UPDATE entry SET kind = 'closed'",
        "UPDATE entry SET at = 1",
        "UPDATE entry SET body = digest",
        "DELETE FROM entry",
    ]
    if register._engine.dialect.name == "postgresql":
        wrong[2] = "UPDATE entry SET body = 'x'::bytea"
        wrong.append("TRUNCATE entry")
    for statement in wrong:
        with pytest.raises(sa.exc.DBAPIError, match="only grows"), register._engine.begin() as db:
            db.exec_driver_sql(statement)
    assert register.problems() == []


def freely(register, *statements: str) -> None:
    """Change the database as somebody would who owns it: without triggers."""
    with register._engine.begin() as db:
        if db.dialect.name == "postgresql":
            db.exec_driver_sql("ALTER TABLE entry DISABLE TRIGGER ALL")
        else:
            for name in ("entry_stays", "entry_grows"):
                db.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")
        for statement in statements:
            db.exec_driver_sql(statement)


COLUMNS = {
    "case_id": "'c-9'",
    "kind": "'note'",
    "at": "at + 1",
    "happened": "happened + 1",
    '"by"': "'d'",
    "role": "'dpo'",
    "digest": "'00' || substr(digest, 3)",
    "link": "'00' || substr(link, 3)",
    "body": "NULL",
    "number": "99",
}


@pytest.mark.parametrize("column", COLUMNS)
def test_a_change_of_any_column_is_found(register, column):
    """Whatever is changed in an entry, `problems` says so; also in the newest one, which nothing follows."""
    for at in (2, 3):
        bring(register, State.CONTAINED, f"c-{at}")
        number = register.entries(f"c-{at}")[at - 1].number
        assert register.problems() == []
        before = column.strip('"')
        freely(
            register,
            f"CREATE TABLE kept{at} AS SELECT * FROM entry",
            f"UPDATE entry SET {column} = {COLUMNS[column]} WHERE number = {number}",
        )
        assert register.problems(), before
        freely(register, "DELETE FROM entry", f"INSERT INTO entry SELECT * FROM kept{at}")


def test_a_flip_of_any_byte_of_a_body_is_found(register):
    """Each byte of the reason and the data counts."""
    register.add_all([opened(), counted(ES=12)])
    body = register.entries()[1].act.body()
    literal = "'\\x{}'::bytea" if register._engine.dialect.name == "postgresql" else "x'{}'"
    freely(register)
    for at in range(len(body)):
        changed = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
        freely(
            register, f"UPDATE entry SET body = {literal.format(changed.hex())} WHERE number = 2"
        )
        assert register.problems() == ["case c-1: entry 2 was changed"]


def test_removed_entries_are_found(register):
    """An entry that is gone is missed by its number, and by the link of the one that follows."""
    bring(register, State.CONTAINED)
    freely(register, "DELETE FROM entry WHERE number = 2")
    assert register.problems() == [
        "register: entry 2 is missing",
        "case c-1: entry 3 does not fit its link",
    ]
    freely(register, "UPDATE entry SET number = 2 WHERE number = 3")
    assert register.problems() == ["case c-1: entry 2 does not fit its link"]


def test_a_history_without_the_key_does_not_hold(opener):
    """Whoever writes entries with another key writes links that do not fit."""
    with opener(keys=Keys(b"x" * 32)) as forged:
        forged.add(opened())
    with opener() as honest:
        assert honest.problems() == ["case c-1: entry 1 does not fit its link"]


def test_links_hold_after_a_change_of_key(opener):
    """Entries from before and after `himaya ledger rotate-key` are checked with the new ring."""
    with opener() as before:
        before.add(opened())
    ring = KEYS.next()
    with opener(keys=ring) as after:
        after.add(act("note"))
        assert after.problems() == []


def test_retention_takes_reasons_away_and_entries_stay(register):
    """Of a case that is over reasons and data go; who did what when stays, and can still be checked."""
    bring(register, State.CLOSED)
    before = register.entries()
    done = register.remove_bodies(act("expired", role="dpo", why="five years"))
    after = register.entries()
    assert done == len(before) - 1
    assert [entry.removed for entry in after] == [False, *[True] * done, False]
    assert [(e.number, e.act.by, e.act.at, e.link) for e in after[:-1]] == [
        (e.number, e.act.by, e.act.at, e.link) for e in before
    ]
    assert register.case("c-1").state is State.CLOSED
    assert register.problems() == []


def test_retention_waits_until_a_case_is_over(register):
    """A case that is open keeps everything; so does one whose expiry is not somebody's to say."""
    bring(register, State.CONFIRMED)
    with pytest.raises(InputError, match="'expired' is for one that is closed or merged"):
        register.remove_bodies(act("expired"))
    with pytest.raises(InputError, match="has the role analyst; 'expired' is for dpo or owner"):
        register.remove_bodies(act("expired", role="analyst"))
    assert not any(entry.removed for entry in register.entries())


def test_a_reason_that_vanished_without_retention_is_found(register):
    """Reasons are missed where no act says that they were removed, or they came after it."""
    bring(register, State.CLOSED)
    register.remove_bodies(act("expired"))
    register.add(act("note"))
    freely(register, "UPDATE entry SET body = NULL")
    number = len(register.entries())
    assert register.problems() == [
        f"case c-1: entry {one} has lost its reason and data, and not by retention"
        for one in (1, number - 1, number)
    ]


def test_what_no_register_writes_is_an_error_in_words(register):
    """A row whose body is no act is named when the case is read; the others can be read still."""
    register.add_all([opened(), opened("c-2"), act("note")])
    freely(
        register,
        "UPDATE entry SET body = (SELECT body FROM entry WHERE number = 3) WHERE number = 1",
    )
    assert register.case("c-1").title == ""
    for wrong in (b"{", b'{"why": 1, "data": {}}', b"\xff", b'{"why": "", "data": {"groups": 3}}'):
        literal = "'\\x{}'::bytea" if register._engine.dialect.name == "postgresql" else "x'{}'"
        freely(register, f"UPDATE entry SET body = {literal.format(wrong.hex())} WHERE number = 1")
        with pytest.raises(ServiceError, match="case c-1: entry 1"):
            register.case("c-1")
        assert register.case("c-2").title == "a crew"


def test_what_cannot_be_kept_is_refused(register):
    """Too long, no text, no name of a case: refused with words, and nothing is written."""
    register.add(opened())
    wrong = {
        "more than": act("note", why="x" * (MAX_BODY + 1)),
        "no text in UTF-8": act("note", why="\udcff"),
        "no name of a case": act("note", "c 1"),
        "cannot be written down": act("note", by="a\0b"),
        "does not say what it must": act("owner", data={}),
        "Object missing required field `clock`": act("clock", data={}),
        "no text": act("note", data={"a": "\udcff"}),
    }
    for words, one in wrong.items():
        with pytest.raises(InputError, match=words):
            register.add(one)
    assert len(register.entries()) == 1


def test_a_register_of_a_newer_himaya_is_refused(register, opener):
    """A schema that this version does not know is named, and left alone."""
    freely(register, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(ServiceError, match="has schema 9999; this himaya knows"):
        opener()


@pytest.mark.system
def test_a_database_that_dies_in_the_middle_leaves_nothing_half_done(postgres):
    """PostgreSQL is killed inside a transaction: a clear error, nothing of it is there, and work goes on after it."""
    address = postgres.new("dying")
    register = Register(connect(address, postgres.directory), KEYS)
    register.add(opened())
    put = register._put

    def dying(db, one):
        entry = put(db, one)
        if one.kind == "confirmed":
            postgres.kill()
        return entry

    register._put = dying
    with pytest.raises(ServiceError, match="nothing was written"):
        register.add_all([act("note"), act("confirmed"), act("note")])
    with pytest.raises(ServiceError, match="cannot be read"):
        register.entries()
    with pytest.raises(ServiceError, match="cannot be read"):
        connect(address, postgres.directory)
    postgres.start()
    assert [entry.act.kind for entry in register.entries()] == ["opened"]
    register._put = put
    register.add(act("confirmed"))
    assert register.problems() == []
    register.close()


@pytest.mark.system
def test_a_database_that_dies_at_the_last_step_is_said_to_leave_it_open(postgres):
    """When the end of the writing itself is lost, the error says that it may be there, and how to see."""
    register = Register(connect(postgres.new("ending"), postgres.directory), KEYS)
    register.add(opened())

    def killed(_) -> None:
        postgres.kill()

    sa.event.listen(register._engine, "commit", killed)
    with pytest.raises(ServiceError, match="see with `himaya case show`"):
        register.add(act("confirmed"))
    sa.event.remove(register._engine, "commit", killed)
    postgres.start()
    assert register.case("c-1").state is State.SUSPECTED
    register.close()


def test_an_address_that_is_none_is_a_mistake_in_the_configuration(tmp_path):
    """What is no address of a PostgreSQL is named by its key, and its password is not repeated."""
    for wrong in (
        "nonsense",
        "mysql://u:secret@h/d",
        "postgresql+nothing://u:secret@h/d",
        "sqlite:///x",
    ):
        with pytest.raises(ConfigError, match=r"^response\.database: cannot be used") as said:
            connect(wrong, tmp_path)
        assert "secret" not in str(said.value)


def test_a_database_that_is_not_there_is_named_without_its_password(tmp_path):
    """Nobody listens: the error says where, and what was not done."""
    address = f"postgresql+psycopg://me:secret@/cases?host={tmp_path}"
    with pytest.raises(ServiceError, match="cannot be read") as said:
        connect(address, tmp_path)
    assert "secret" not in str(said.value)


def test_the_file_is_its_owners_alone(tmp_path):
    """The register beside the ledger has mode 0600; one that is no database is refused and left as it is."""
    connect("", tmp_path / "l").dispose()
    path = register_path(tmp_path / "l")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    register_path(tmp_path / "m").write_bytes(b"something else " * 200)
    with pytest.raises(ServiceError, match="cannot be read"):
        connect("", tmp_path / "m")
    assert register_path(tmp_path / "m").read_bytes().startswith(b"something else")


def test_an_act_has_one_form():
    """The bytes under the digest do not depend on the order in which data were given."""
    one, other = act("note", data={"a": 1, "b": 2}), act("note", data={"b": 2, "a": 1})
    assert one.body() == other.body()
    assert msgspec.json.decode(one.body())["why"] == one.why
