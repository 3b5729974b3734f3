"""`himaya ledger backup` and `restore`: cases, groups, waves and attached files go with the ledger and come back."""

from __future__ import annotations

import shutil
import sqlite3

import pytest
from click.testing import CliRunner
from tests.response.crew_case import Site
from tests.response.letters.test_letters import STOP, drafted

from himaya.bootstrap.beside import files_beside
from himaya.bootstrap.register import found_problems, open_register
from himaya.cli import group
from himaya.core.errors import HimayaError, InputError, LedgerError
from himaya.ledger.attachments import Attachments
from himaya.ledger.reader import Reader
from himaya.response.delivery.waves import Waves, waves_path


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """Make a site with a case, a wave of mail and an attached file, once, and a copy of it."""
    site = Site(tmp_path_factory.mktemp("beside"))
    site.opened()
    note = site.directory / "note.txt"
    note.write_text("found on a forum")
    with Reader.open(site.ledger) as reader:
        kept = Attachments(reader.layout, reader.chain, reader.keys)
        kept.attach(note, 30, 1.9e9, why="seen", by="dana", case="c-1")
    with Waves(waves_path(site.ledger)) as waves:
        waves.plan("c-1/n-1", 1, dict.fromkeys((1, 2, 3)), 10)
    site.said = run(
        "ledger",
        "backup",
        "--ledger",
        site.ledger,
        "--to",
        site.directory / "copy",
        "--keep-days",
        9,
    )
    return site


@pytest.fixture
def site(tmp_path, template):
    """Give a copy of the site with its backup."""
    return Site(tmp_path, template)


def run(*words: object) -> str:
    """Run himaya and return what it says."""
    done = CliRunner().invoke(group, list(map(str, words)))
    if isinstance(done.exception, HimayaError):
        raise done.exception
    assert done.exit_code == 0, (done.output, done.exception)
    return done.output


def restored(site: Site) -> str:
    """Take the copy into use beside the ledger."""
    shutil.copy2(f"{site.ledger}.key", site.directory / "back.key")
    words = (
        "ledger",
        "restore",
        "--ledger",
        site.directory / "back",
        "--from",
        site.directory / "copy",
    )
    return run(*words)


def test_what_lies_beside_comes_back(site, template):
    """Register, groups, waves and attached files are in the copy, and the restored ledger verifies with all of them."""
    assert "cases, register, waves, found" in template.said
    restored(site)
    back = site.directory / "back"
    assert found_problems(back, None, None) == []
    with open_register(back) as register:
        assert register.case("c-1").state == "confirmed"
    with Waves(waves_path(back)) as waves:
        assert len(waves.plan("c-1/n-1", 1, {}, 10)) == 3
    with Reader.open(back) as reader:
        assert reader.verify() == []
    for path in files_beside(back):
        assert not path.exists() or path.stat().st_mode & 0o777 == 0o600
    assert not (back / "beside").exists()


def test_a_copy_is_taken_while_somebody_writes(site):
    """A transaction that is open in the register meanwhile is in the copy not at all, and the copy is whole."""
    db = sqlite3.connect(site.directory / "ledger.register", isolation_level=None)
    db.execute("BEGIN IMMEDIATE")
    db.execute("CREATE TABLE half (one INTEGER)")
    shutil.rmtree(site.directory / "copy")
    run(
        "ledger",
        "backup",
        "--ledger",
        site.ledger,
        "--to",
        site.directory / "copy",
        "--keep-days",
        9,
    )
    db.execute("ROLLBACK")
    db.close()
    restored(site)
    assert found_problems(site.directory / "back", None, None) == []


@pytest.mark.parametrize("name", ["register", "found"])
def test_a_damaged_file_beside_is_not_restored(site, name):
    """One damaged file beside, and nothing is restored; the message names it."""
    path = site.directory / "copy/beside" / name
    file = path if path.is_file() else next(path.iterdir())
    data = bytearray(file.read_bytes())
    data[: len(data) // 2] = bytes(len(data) // 2)
    file.write_bytes(data)
    with pytest.raises(LedgerError, match=f"nothing was restored.*{name}"):
        restored(site)
    assert not (site.directory / "back").exists()


def test_nothing_beside_is_overwritten(site):
    """A register that lies where one would be brought back to is left alone, and the restore refused."""
    (site.directory / "back.register").write_text("theirs")
    with pytest.raises(InputError, match=r"back\.register: is there already"):
        restored(site)
    assert (site.directory / "back.register").read_text() == "theirs"


def test_a_register_in_a_database_is_named(site):
    """Where the register is in PostgreSQL the copy does not have it, and says so."""
    site.configure('[response]\ndatabase = "postgresql+psycopg://himaya@127.0.0.1:1/none"\n')
    words = ("--ledger", site.ledger, "--config", site.config, "--keep-days", 9)
    said = run("ledger", "backup", *words, "--to", site.directory / "other")
    assert "is in a database ([response] database) and is not in it" in said


def test_the_register_holds_after_a_new_key(site):
    """After `ledger rotate-key` register and letters hold and go on, and a changed byte is found as before."""
    drafted(site, *STOP)
    run("ledger", "rotate-key", "--ledger", site.ledger)
    site.act("c-1", "note", why="after the change")
    assert found_problems(site.ledger, None, None) == []
    assert "Collector Ltd" in site.run("letter", "show", "c-1", "l-1", "--why", "before sending")
    annex = site.directory / "letters/c-1-l-1-annex.json"
    told = run("case", "letter", "check", annex, "--ledger", site.ledger, "--config", site.config)
    assert "Its counts and its digest are those of the ledger" in told
    with sqlite3.connect(site.directory / "ledger.register") as db:
        for (trigger,) in db.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            db.execute(f"DROP TRIGGER {trigger}")
        db.execute("UPDATE entry SET by = 'somebody else' WHERE number = 1")
    assert "does not fit its link" in found_problems(site.ledger, None, None)[0]
