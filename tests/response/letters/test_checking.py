"""`himaya case letter check`: a signed annex, alone and beside the ledger that it came from."""

from __future__ import annotations

import json
import time
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from tests.analysis.ledgers import write
from tests.response.crew_case import START, Site, view
from tests.response.letters.test_letters import STOP, drafted

from himaya.cli import group
from himaya.core.errors import InputError
from himaya.ledger import Ledger, erasure, retention
from himaya.ledger.keys import default_key_file, read_key_file
from himaya.ledger.reader import Reader
from himaya.response.letters.annex import Annex, read, signed
from himaya.response.letters.checking import compare
from himaya.response.letters.evidence import Part

ANNEX = "letters/c-1-l-1-annex.json"


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """Make a site with a confirmed case and one drafted letter, once."""
    made = Site(tmp_path_factory.mktemp("checking"))
    made.opened()
    drafted(made, *STOP)
    return made


@pytest.fixture
def site(tmp_path, template):
    """Give a copy of it."""
    return Site(tmp_path, template)


def check(site: Site, *words: Any, ledger: bool = True) -> tuple[int, dict[str, Any]]:
    """Check the annex of `l-1`; return the exit code and what is said."""
    where = ("--ledger", site.ledger, "--config", site.config) if ledger else ()
    line = ["case", "letter", "check", site.directory / ANNEX, *where, *words, "--json"]
    done = CliRunner().invoke(group, list(map(str, line)))
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, json.loads(done.stdout)


def test_an_annex_is_checked_without_a_ledger(site):
    """Anybody with the file checks its signature, and with the site's key whose it is."""
    public = read_key_file(default_key_file(site.ledger)).public
    code, told = check(site, "--public", public, ledger=False)
    assert (code, told["problem"], told["letter"]) == (0, "", "c-1/l-1")
    code, told = check(site, "--public", "00" * 32, ledger=False)
    assert (code, "signed with another key" in told["problem"]) == (1, True)
    file = site.directory / ANNEX
    file.write_bytes(file.read_bytes().replace(b'"people":120', b'"people":121', 1))
    code, told = check(site, ledger=False)
    assert (code, "was changed" in told["problem"]) == (1, True)


def test_whose_key_it_is_is_said(template):
    """Without a key to compare with, the words say that nobody knows whose it is."""
    line = ["case", "letter", "check", str(template.directory / ANNEX)]
    done = CliRunner().invoke(group, line)
    assert done.exit_code == 0
    assert "as it was signed: letter c-1/l-1 of People" in done.output
    assert "name the site's key with --public" in done.output


def test_counts_are_still_the_ledgers(site):
    """Counted anew they are the same, also after further rows, and the access log has it."""
    later = [view(time.time() + 1, f"later-{n}", account="taker0") for n in range(3)]
    write(site.ledger, later)
    code, told = check(site)
    assert (code, told["verdict"], told["differences"]) == (0, "same", [])
    with Reader.open(site.ledger) as reader:
        used = [one["why"] for one in reader.log() if one.get("command") == "case letter check"]
    assert used == ["the annex of letter c-1/l-1"]


def test_what_retention_removed_is_said(site):
    """Rows that retention removed are counted, with the day before which they were; that is no fault."""
    later = START + 40 * 86400
    with Ledger.open(site.ledger, clock=lambda: later) as opened:
        retention.execute(opened, later)
    code, told = check(site)
    assert (code, told["verdict"], told["removed"]) == (0, "retention", 126)
    assert told["before"]
    assert {"what": "rows", "annex": 126, "ledger": 0} in told["differences"]


def test_rows_that_came_later_of_that_time_are_a_difference(site):
    """A row of the time of the annex that it does not count is a difference that nothing explains."""
    write(site.ledger, [view(START + 50, "nobody-counted", account="taker0", address="192.0.2.0")])
    code, told = check(site)
    assert (code, told["verdict"]) == (1, "other")
    assert {"what": "rows", "annex": 126, "ledger": 127} in told["differences"]


def test_an_erasure_is_named(site):
    """Somebody who was erased since stays counted."""
    with Reader.open(site.ledger) as reader:
        erasure.forget(reader, subject="person-3", by="dana", why="asked", now=time.time())
    code, told = check(site)
    assert (code, told["erased"]) == (0, 1)
    assert told["verdict"] in {"same", "erased"}


def test_another_annex_of_the_same_name_is_found(site):
    """A file that the site signed and the register does not know is not the annex of that letter."""
    file = site.directory / ANNEX
    annex = read(file.read_bytes()).annex
    other = msgspec.structs.replace(annex, evidence=msgspec.structs.replace(annex.evidence, rows=7))
    file.write_bytes(signed(other, read_key_file(default_key_file(site.ledger))))
    code, told = check(site)
    assert (code, "is not the annex of letter c-1/l-1" in told["problem"]) == (1, True)


@pytest.mark.parametrize(("name", "refused"), [("none.json", "cannot be read"), ("c-9", "c-9")])
def test_what_cannot_be_checked_is_refused(site, name, refused):
    """A file that is not there, and a letter of a case that the register does not have, are one sentence each."""
    file = site.directory / ANNEX
    if name == "c-9":
        annex = msgspec.structs.replace(read(file.read_bytes()).annex, letter="c-9/l-1")
        file.write_bytes(signed(annex, read_key_file(default_key_file(site.ledger))))
    else:
        file.unlink()
    with pytest.raises(InputError, match=refused):
        check(site)


def _days(annex: Annex, *days: Part) -> Any:
    rows = sum(one.rows for one in days)
    return msgspec.structs.replace(annex.evidence, days=list(days), rows=rows, digest=str(rows))


@pytest.mark.parametrize(
    ("now", "erased", "verdict"),
    [
        ((Part("2026-01-01", 2, 2, 1), Part("2026-01-02", 5, 5, 1)), 0, "retention"),
        ((Part("2026-01-02", 5, 5, 1),), 0, "retention"),
        ((Part("2026-01-01", 9, 9, 1), Part("2026-01-02", 5, 5, 1)), 0, "other"),
        ((Part("2026-01-02", 4, 4, 1),), 0, "other"),
        ((Part("2026-01-01", 3, 3, 1), Part("2026-01-02", 5, 6, 1)), 1, "erased"),
        ((Part("2026-01-01", 3, 3, 1), Part("2026-01-02", 5, 6, 1)), 0, "other"),
        ((Part("2026-01-02", 4, 4, 1),), 1, "other"),
    ],
)
def test_only_retention_and_erasure_explain(template, now, erased, verdict):
    """Fewer rows of days that retention was at, or other people in the same rows after an erasure; nothing else."""
    annex = read((template.directory / ANNEX).read_bytes()).annex
    then = _days(annex, Part("2026-01-01", 3, 3, 1), Part("2026-01-02", 5, 5, 1))
    assert compare(then, _days(annex, *now), "2026-01-02", erased).verdict == verdict
