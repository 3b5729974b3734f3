"""`himaya case drill`: a dated practice case with times, marked everywhere, and never mixed with real ones."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from tests.response.crew_case import Sink, Site

from himaya.bootstrap.register import open_register
from himaya.cli import group
from himaya.core.errors import InputError


def practise(*words: object):
    return CliRunner().invoke(group, ["case", "drill", *map(str, words)])


@pytest.fixture(scope="module", name="held")
def _held(tmp_path_factory):
    """Hold one drill; return its directory and record."""
    out = tmp_path_factory.mktemp("drills") / "one"
    done = practise("--out", out)
    assert done.exit_code == 0, (done.output, done.exception)
    return out, json.loads((out / "drill.json").read_text())


def test_a_drill_leaves_a_dated_record_with_times(held):
    """The record has a date, every step with its time and role, and how long containment took."""
    out, record = held
    steps = [one["step"] for one in record["steps"]]
    assert steps[:3] == ["first signal", "acknowledged", "confirmed"]
    assert steps[-3:] == ["assessed", "notified", "closed"]
    assert record["date"].endswith("Z")
    assert (record["people"], record["rows"], record["problems"]) == (300, 300, [])
    assert 0 < record["contained_s"] <= record["whole_s"]
    times = [one["since_signal_s"] for one in record["steps"]]
    assert times == sorted(times)
    assert {one["role"] for one in record["steps"]} == {"analyst", "legal", "dpo"}
    assert "closed" in (out / "drill.txt").read_text()


def test_a_drill_is_marked_everywhere(held):
    """Record, letter, annex and case say practice; the case is one, and closed."""
    out, record = held
    assert record["practice"]
    for name in ("drill.txt", "letter.txt", "letter.html"):
        assert "PRACTICE" in (out / name).read_text()
    assert json.loads((out / "annex.json").read_text())["annex"]["evidence"]["practice"]
    with open_register(out / "ledger") as register:
        (case,) = register.cases()
    assert (case.practice, case.state, case.id) == (True, "closed", record["id"])


def test_a_drill_and_a_real_case_are_never_merged(tmp_path):
    """A real case does not go into a drill, nor a drill into a real one, from either side; two drills may."""
    site = Site(tmp_path)
    site.opened()
    for name in ("drill-1", "drill-2"):
        site.act(name, "opened", data={"practice": True})
    for one, other in (("c-1", "drill-1"), ("drill-1", "c-1")):
        with pytest.raises(InputError, match="never brought together"):
            site.act(one, "merged", why="same", data={"into": other})
        with pytest.raises(InputError, match="never brought together"):
            site.act(one, "took", data={"from_case": other})
    assert site.act("drill-1", "merged", why="same", data={"into": "drill-2"}).into == "drill-2"


def test_the_identity_system_is_told_that_it_is_practice(tmp_path):
    """With --tell the order is marked as practice and names invented accounts alone."""
    sink = Sink()
    secret = tmp_path / "secret"
    secret.write_text("s" * 40)
    secret.chmod(0o600)
    config = tmp_path / "himaya.toml"
    config.write_text(f'[response]\nrevoke_url = "{sink.url}"\nrevoke_secret_file = "secret"\n')
    done = practise("--out", tmp_path / "out", "--config", config, "--tell", "--json")
    sink.close()
    assert done.exit_code == 0, (done.output, done.exception)
    (order,) = sink.orders()
    assert order["practice"]
    assert all(name.startswith("practice-") for name in (*order["accounts"], *order["sessions"]))
    assert "sessions ended" in [one["step"] for one in json.loads(done.stdout)["steps"]]


def test_a_drill_has_a_directory_of_its_own(tmp_path):
    """A directory with something in it is refused, and --tell without an identity system is, too."""
    (tmp_path / "x").touch()
    assert "is not empty" in str(practise("--out", tmp_path).exception)
    assert "--tell needs" in str(practise("--out", tmp_path / "y", "--tell").exception)
    assert not (tmp_path / "y").exists()
