"""The past a calibration rests on: logs and a ledger tell the same, periods end where asked, cases count by state."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.watch.calibration import crowd
from tests.watch.logs import START

from himaya import cli
from himaya.analysis.cases import CaseStore, State, cases_path
from himaya.analysis.groups import Group
from himaya.config import load
from himaya.core.errors import InputError
from himaya.ledger.reader import Reader
from himaya.ledger.schema import Kind
from himaya.watch.calibration.outcome import Terms
from himaya.watch.calibration.past import Calibration, Honest, Span, names_in_cases
from himaya.watch.calibration.proven import Proof

NAMES = [f"account:r{n}" for n in range(40)]
AT_10 = Terms(rate=0.1, hold_out=0.2, seed="test")


@pytest.fixture(name="site", scope="module")
def _site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a configuration, a log, and the ledger of the same traffic."""
    site = tmp_path_factory.mktemp("site")
    crowd.config(site / "himaya.toml")
    log = crowd.log(site / "access.log", crowd.readers(40) + crowd.readers(5, "o", 2))
    with log.open("a") as file:
        file.write("nothing like a log line\n")
    words = ["scan", str(log), "--config", str(site / "himaya.toml"), "--ledger", str(site / "l")]
    done = CliRunner().invoke(cli.group, words)
    assert done.exit_code == 0, done.output
    return site


def calibration(site: Path, span: Span | None = None, in_cases: frozenset[str] | None = None):
    """Return a calibration in which all forty readers were proven a month later."""
    proofs = {name: Proof("payment", START + 30 * crowd.DAY, n) for n, name in enumerate(NAMES, 1)}
    config = load(site / "himaya.toml")
    return Calibration(config, None, Honest(proofs, in_cases), AT_10, span or Span())


def ledger(site: Path, span: Span | None = None):
    with Reader.open(site / "l") as reader:
        return calibration(site, span).ledger(reader)


def test_a_log_and_a_ledger_of_the_same_traffic_give_the_same(site):
    """Thresholds, counts and period agree; the source says what was read, and malformed lines are counted."""
    log, rows = calibration(site).logs([str(site / "access.log")]), ledger(site)
    assert log.thresholds == rows.thresholds
    assert (log.accounts, log.start, log.end) == (rows.accounts, rows.start, rows.end)
    assert (log.source["kind"], log.source["logs"], log.source["malformed"]) == ("log", 1, 1)
    assert rows.source["kind"] == "ledger"
    assert rows.source["rows"] == int(log.source["lines"]) - 1
    assert (rows.source["rows_while_enforcing"], rows.source["unobserved"]) == (0, 0)


def test_what_comes_after_the_period_is_not_read(site):
    """With an end in the middle fewer views count, from the log as from the ledger; with none of it nobody is seen."""
    half = Span(end=int((START + 3 * crowd.DAY) * 1e6))
    log, rows = calibration(site, half).logs([str(site / "access.log")]), ledger(site, half)
    assert log.thresholds == rows.thresholds
    assert log.end < calibration(site).logs([str(site / "access.log")]).end
    before = Span(end=int((START - crowd.DAY) * 1e6))
    nobody = calibration(site, before).logs([str(site / "access.log")])
    assert (nobody.accounts, nobody.proven.used, nobody.thresholds) == (0, 0, ())


def test_a_log_that_is_not_there_is_named(site):
    """A missing file is an error with its name."""
    with pytest.raises(InputError, match=r"no-such\.log"):
        calibration(site).logs([str(site / "no-such.log")])


def test_whether_cases_are_known_is_said(site):
    """Without cases nobody can be left out, and the receipt says so; with them those who stand in one are."""
    log = [str(site / "access.log")]
    unknown, known = calibration(site), calibration(site, in_cases=frozenset(NAMES[:3]))
    assert not unknown.logs(log).cases_known
    told = known.logs(log)
    assert (told.cases_known, told.proven.in_cases, told.proven.used) == (True, 3, 37)


def test_open_and_confirmed_cases_count_and_errors_do_not(site):
    """Suspected, confirmed, and closed after it was confirmed count; closed without that was an error."""
    names = NAMES[:3]
    with Reader.open(site / "l") as reader:
        assert names_in_cases(reader, site / "l", names) is None
        first, second = (reader.identities.find(Kind.ACTOR, name) for name in names[:2])
        with CaseStore(cases_path((site / "l").absolute())) as store:
            store.put(Group("g-1", START, START, members={first: None}), START)
            store.put(Group("g-2", START, START, members={second: None}), START)
            assert names_in_cases(reader, site / "l", names) == {*names[:2]}
            store.move("g-1", State.CONFIRMED, why="a farm", by="me", at=START)
            store.move("g-1", State.CLOSED, why="over", by="me", at=START)
            store.move("g-2", State.CLOSED, why="our own team", by="me", at=START)
        assert names_in_cases(reader, site / "l", names) == {names[0]}
