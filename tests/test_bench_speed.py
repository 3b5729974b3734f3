"""The speed measurement runs, and says what it missed."""

from __future__ import annotations

import doctest
import json
import subprocess
import sys
from pathlib import Path

import pytest
from tools.bench import results
from tools.bench.memory import fill, policy
from tools.bench.results import Row, table
from tools.bench.scan_speed import run
from tools.bench.workload import Traffic
from tools.bench.workload import policy as traffic_policy

from himaya.core.engine import Engine

ROOT = Path(__file__).resolve().parent.parent


def _bench(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, ROOT / "tools/bench_speed.py", "--quick", *options]
    return subprocess.run(command, capture_output=True, text=True, check=True)


def test_engine_and_memory_are_measured_against_their_yardsticks():
    """A quick run measures the engine beside the responder, its noise, and memory in fresh processes."""
    found = json.loads(_bench("--json", "--only", "engine", "--only", "memory").stdout)
    engine, memory = found["parts"].values()
    named = {row["what"]: row for row in [*engine, *memory]}
    assert named["ratio"]["aim"] == "<= 1.0 x"
    assert named["ratio"]["met"] is (named["ratio"]["value"] <= 1)
    assert named["ratio with every signal and budget"]["aim"] == "<= 2.0 x"
    assert named["bare responder, one request"]["value"] > 0.5
    assert 0.3 < named["noise floor: responder against itself"]["value"] < 3
    assert named["1M actors"]["value"] > 20
    assert found["machine"]["cores"] >= 1


@pytest.mark.slow
def test_scan_is_measured_on_a_generated_log():
    """A quick run scans a generated log as a whole process and says how many lines a second that is."""
    text = _bench("--only", "scan").stdout
    assert "himaya scan against GoAccess" in text
    assert "lines/s" in text


def test_a_miss_is_printed_as_a_miss():
    """An aim that was not reached stands in the table as MISSED, beside the aim."""
    rows = [Row("ratio", 1.7, "x", "<= 1.0 x", False), Row("other", 0.9, "x", "<= 1.0 x", True)]
    missed, met = table({"part": rows}).splitlines()[1:]
    assert "aim <= 1.0 x" in missed
    assert missed.endswith("MISSED")
    assert met.endswith("met")


def test_figures_are_written_as_in_the_examples():
    """The examples in the docstrings hold."""
    assert doctest.testmod(results).failed == 0


def test_the_traffic_is_the_same_for_a_seed_and_realistic():
    """The same seed gives the same traffic; two in five actors look at people, most requests show nobody."""
    steps = list(Traffic(actors=500).steps(4000))
    assert steps == list(Traffic(actors=500).steps(4000))
    engine = Engine(traffic_policy())
    matched = [s for s in steps if engine.surfaces.match(s.request.method, s.request.target)]
    actors = {s.request.actor for s in matched}
    assert 0.3 < len(actors) / len({s.request.actor for s in steps}) < 0.5
    assert 0.2 < len(matched) / len(steps) < 0.4


def test_memory_tracks_what_it_says():
    """The memory measurement leads to as many tracked actors and people as it counts."""
    engine = Engine(policy("account"))
    shown = fill(engine, "account", 300, 0.4)
    tracked = engine.stats()
    assert tracked["accounts"] == 300
    assert 300 * 0.4 * 3 < shown < 300 * 0.4 * 6


def test_a_program_that_fails_is_an_error(tmp_path):
    """A measured program that ends with an error is reported with its words, never timed."""
    command = [sys.executable, "-c", "import sys; sys.exit('no such log')"]
    with pytest.raises(RuntimeError, match="no such log"):
        run(command, tmp_path / "out")
