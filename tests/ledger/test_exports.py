"""The register of exports: files outside that name people, and what an erasure says of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.ledger.making import DAY, NOON, disclosed, write

from himaya import cli
from himaya.core.errors import InputError
from himaya.ledger import erasure, exports
from himaya.ledger.erasures import erasures
from himaya.ledger.reader import Reader
from himaya.ledger.schema import micros


def _register(reader: Reader, *names: str, until: float = NOON + DAY, **more) -> str:
    said = {"purpose": "complaint 12", "holder": "legal", "path": "/srv/anna.csv", "by": "dana"}
    people = [reader.subject(name)[1] for name in names]
    return exports.register(
        reader, subjects=people, until=micros(until), now=NOON, **{**said, **more}
    )


@pytest.fixture(name="ledger")
def _ledger(tmp_path: Path) -> Path:
    write(tmp_path / "l", disclosed(NOON, "u1", "anna", "ben"))
    return tmp_path / "l"


def test_an_export_is_listed_until_somebody_says_it_is_gone(ledger: Path):
    """An export has purpose, holder and end; past its end it is overdue, until its destruction is written down."""
    with Reader.open(ledger) as reader:
        name = _register(reader, "anna", "ben", "ben")
        (one,) = exports.listed(reader.state(), reader.keys, NOON)
        assert (one.purpose, one.holder, one.path, one.by) == (
            *("complaint 12", "legal", "/srv/anna.csv", "dana"),
        )
        assert (one.people, one.until, one.overdue) == (2, "2025-06-16T12:00:00Z", False)
        assert exports.overdue(reader.state(), NOON) == []
        assert exports.overdue(reader.state(), NOON + DAY) == [name]
        exports.destroy(reader, name, by="legal", now=NOON + 2 * DAY)
        (one,) = exports.listed(reader.state(), reader.keys, NOON + 3 * DAY)
        assert (one.overdue, one.destroyed_by) == (False, "legal")
        assert exports.overdue(reader.state(), NOON + 3 * DAY) == []
        with pytest.raises(InputError, match="already"):
            exports.destroy(reader, name, by="legal", now=NOON)
        with pytest.raises(InputError, match="no export"):
            exports.destroy(reader, "x", by="legal", now=NOON)
        with pytest.raises(InputError, match="holder"):
            _register(reader, "anna", holder=" ")
        with pytest.raises(InputError, match="past"):
            _register(reader, "anna", until=NOON)
        assert reader.verify() == []
    assert b"anna" not in b"".join(p.read_bytes() for p in ledger.rglob("*") if p.is_file())


def test_an_erasure_says_which_exports_still_name_the_person(ledger: Path):
    """Exports that name the erased person are listed by the erasure and in the chain; others are not."""
    with Reader.open(ledger) as reader:
        both, gone = _register(reader, "anna", "ben"), _register(reader, "anna")
        _register(reader, "ben")
        exports.destroy(reader, gone, by="legal", now=NOON)
        done = erasure.forget(reader, subject="anna", why="art. 17", by="dana", now=NOON)
        assert done.exports == (both,)
        (told,) = erasures(reader, (), NOON + 99 * DAY)
        assert [one.id for one in told.exports] == [both]
        (entry,) = [one for one in reader.log() if one["kind"] == "forgotten"]
        assert entry["exports"] == (both,)
        exports.destroy(reader, both, by="legal", now=NOON)
        assert erasures(reader, (), NOON)[0].exports == ()


def test_a_list_that_is_lost_may_name_anybody(ledger: Path):
    """When the list of an export is missing, verification says so and every erasure names that export."""
    with Reader.open(ledger) as reader:
        name = _register(reader, "ben")
        (ledger / "exports" / f"{name}.people").write_bytes(b"")
        assert any(f"{name}.people" in problem for problem in reader.verify())
        done = erasure.forget(reader, subject="anna", why="art. 17", by="dana", now=NOON)
        assert done.exports == (name,)


def test_an_erasure_is_pending_until_backups_are_too_old(ledger: Path):
    """Until backups are over, an erasure reads pending with that date; then it is complete."""
    with Reader.open(ledger) as reader:
        done = erasure.forget(reader, subject="anna", why="art. 17", by="dana", now=NOON)
        assert done.backups_until == "2025-07-20T12:00:00Z"  # 35 days
        (told,) = erasures(reader, (), NOON + 34 * DAY)
        assert (told.state, told.pending) == (
            "pending",
            "pending in backups until 2025-07-20T12:00:00Z",
        )
        (told,) = erasures(reader, (), NOON + 36 * DAY)
        assert (told.state, told.whom, told.identities, told.why) == (
            *("complete", "subject", 1, "art. 17"),
        )


def _run(*words: object, code: int = 0) -> str:
    done = CliRunner().invoke(cli.group, [str(word) for word in words])
    assert done.exit_code == code, done.output
    return done.stdout


def test_the_commands_of_the_register(ledger: Path):
    """`ledger exports` lists and records destruction, `forget` names what is out, `ledger erasures` says what waits."""
    with Reader.open(ledger) as reader:
        name = _register(reader, "anna")
    on = ("--ledger", ledger)
    assert "OVERDUE" in _run("ledger", "exports", *on, "--expired")
    said = _run("forget", *on, "--subject", "anna", "--why", "art. 17")
    assert f"export {name}, held by legal" in said
    assert "Pending in backups until" in said
    assert name in _run("ledger", "erasures", *on)
    words = ("ledger", "exports", *on, "--destroyed", name, "--by", "legal", "--json")
    (one,) = json.loads(_run(*words))["exports"]
    assert (one["destroyed_by"], one["overdue"]) == ("legal", False)
    assert _run("ledger", "exports", *on, "--expired") == "No export is overdue.\n"
    (told,) = json.loads(_run("ledger", "erasures", *on, "--json"))["erasures"]
    assert (told["state"], told["exports"]) == ("pending", [])


def test_an_export_about_an_actor_names_the_actor_too(ledger: Path, tmp_path: Path):
    """Erasing an actor lists the file that `who --actor` wrote, for it names them; a list of people does not."""
    about = ("who", "--ledger", ledger, "--actor", "account:u1", "--why", "t", "--json")
    said = ("--purpose", "claim", "--holder", "legal", "--until", "2999-01-01")
    _run(*about, "--output", tmp_path / "a.json", "--parquet", tmp_path / "a.parquet", *said)
    assert "account:u1" in (tmp_path / "a.json").read_text()
    with Reader.open(ledger) as reader:
        done = erasure.forget(reader, account="u1", why="t", by="dana", now=NOON)
        outside = {one.id: one.path for one in exports.listed(reader.state(), reader.keys, NOON)}
    assert [outside[one] for one in done.exports] == [str(tmp_path / "a.json")]
