"""Forecasts, waivers and versions in the chain."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from tests.ledger.making import NOON, write

from himaya import cli
from himaya.config import loads
from himaya.core.errors import InputError
from himaya.ledger import entries as e
from himaya.ledger import forecasts
from himaya.ledger.reader import Reader
from himaya.ledger.versions import earlier, versions

FORECAST = e.Forecast(
    at="2025-06-15T12:00:00Z",
    policy="aaaa",
    source="log",
    start=1,
    end=2,
    lines=10,
    actors=5,
    low=0.0,
    high=0.4,
    summary="0 of 5",
    by="dana",
)


def config(hour: int) -> str:
    return loads(f"[budgets]\naccount = {{ hour = {hour} }}\n").canonical


@pytest.fixture(name="ledger")
def _ledger(tmp_path: Path) -> Path:
    """Three configurations in force one after the other, and a restart under the second."""
    opened = write(tmp_path / "l", close=False)
    for number, (policy, mode) in enumerate(
        [
            ("aaaa", "shadow"),
            ("bbbbbbbb1", "enforce"),
            ("bbbbbbbb1", "enforce"),
            ("cccccccc1", "enforce"),
        ]
    ):
        hour = {"aaaa": 1, "bbbbbbbb1": 2, "cccccccc1": 3}[policy]
        opened.config_version(policy, config(hour), NOON + number, mode)
    opened.close()
    return tmp_path / "l"


def test_the_basis_of_a_policy(ledger: Path):
    """On record, in force before, or waived by somebody; a warning or a first start excuses nothing later."""
    with Reader.open(ledger) as reader:
        chain, keys = reader.chain, reader.keys
        forecasts.record(chain, msgspec.structs.replace(FORECAST, policy="p1"), keys)
        forecasts.record_without(chain, keys, "p2", "waived", NOON, why="an attack", by="dana")
        forecasts.record_without(chain, keys, "p3", "warned", NOON)
        state = reader.state()
        found = {p: forecasts.basis(state, p) for p in ("p1", "p2", "p3", "bbbbbbbb1", "aaaa")}
    assert found == {"p1": "forecast", "p2": "waived", "p3": "", "bbbbbbbb1": "before", "aaaa": ""}


def test_who_and_why_are_sealed(ledger: Path):
    """Names and reasons stand in the chain under the key; `ledger log` opens them, `ledger verify` finds nothing."""
    with Reader.open(ledger) as reader:
        forecasts.record(reader.chain, FORECAST, reader.keys)
        forecasts.record_without(
            reader.chain, reader.keys, "p2", "waived", NOON, why="an attack", by="dana"
        )
        told = {entry["kind"]: entry for entry in reader.log()}
        assert reader.verify() == []
    raw = (ledger / "chain.jsonl").read_bytes()
    assert b"dana" not in raw
    assert b"an attack" not in raw
    assert (told["forecast"]["by"], told["forecast"]["summary"]) == ("dana", "0 of 5")
    assert (told["unforecast"]["by"], told["unforecast"]["why"]) == ("dana", "an attack")


def test_versions_are_kept_and_dated(ledger: Path):
    """Each change is a version with its time, its end and its text; a restart under the same one is none."""
    with Reader.open(ledger) as reader:
        found = versions(reader.chain, reader.keys)
    assert [(one.policy, one.mode) for one in found] == [
        ("aaaa", "shadow"),
        ("bbbbbbbb1", "enforce"),
        ("cccccccc1", "enforce"),
    ]
    assert [one.at for one in found][1:] == [one.until for one in found][:-1]
    assert found[-1].until == ""
    assert [loads(one.text).hash for one in found] == [one.config for one in found]
    assert found[1].words() == "in force without a forecast on record"
    assert found[0].words() == "nothing is enforced"


def test_which_version_is_gone_back_to(ledger: Path):
    """The one before, or the one named by eight characters of a hash; what is not there is said."""
    with Reader.open(ledger) as reader:
        found = versions(reader.chain, reader.keys)
    assert earlier(found).policy == "bbbbbbbb1"
    assert earlier(found, "cccccccc").policy == "cccccccc1"
    assert earlier(found, found[0].config).policy == "aaaa"
    with pytest.raises(InputError, match="8 characters"):
        earlier(found, "aaaa")
    with pytest.raises(InputError, match="himaya config history"):
        earlier(found, "deadbeef")
    with pytest.raises(InputError, match="no earlier version"):
        earlier(found[:1])


def test_a_configuration_that_only_read_a_log_is_not_gone_back_to(tmp_path: Path):
    """What a scan noted is in the history, and never the version that a rollback takes by itself."""
    opened = write(tmp_path / "l", close=False)
    opened.config_version("bbbbbbbb1", config(1), NOON, "enforce")
    opened.config_version("scanned11", config(2), NOON + 1)
    opened.config_version("cccccccc1", config(3), NOON + 2, "enforce")
    opened.close()
    with Reader.open(tmp_path / "l") as reader:
        found = versions(reader.chain, reader.keys)
    assert [one.policy for one in found] == ["bbbbbbbb1", "scanned11", "cccccccc1"]
    assert earlier(found).policy == "bbbbbbbb1"
    assert found[1].words() == "read a log"


def test_the_history_is_printed(ledger: Path):
    """`config history` lists them in words and as JSON, without their texts."""
    with Reader.open(ledger) as reader:
        forecasts.record(
            reader.chain, msgspec.structs.replace(FORECAST, policy="cccccccc1"), reader.keys
        )
        forecasts.record_without(
            reader.chain, reader.keys, "bbbbbbbb1", "waived", NOON, why="an attack", by="dana"
        )
    words = ("config", "history", "--ledger", str(ledger))
    said = CliRunner().invoke(cli.group, words).stdout
    assert "forecast 2025-06-15T12:00:00Z: 0 of 5" in said
    assert "without a forecast (waived): an attack" in said
    told = msgspec.json.decode(CliRunner().invoke(cli.group, [*words, "--json"]).stdout)
    assert [one["policy"] for one in told["versions"]] == ["aaaa", "bbbbbbbb1", "cccccccc1"]
    assert told["versions"][2]["forecast"]["by"] == "dana"
    assert "text" not in told["versions"][0]
