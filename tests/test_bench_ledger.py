"""The measurement of the ledger runs, and its rows are those it was asked for."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tools.bench.ledger_rows import World

from himaya.ledger.schema import SCHEMA

ROOT = Path(__file__).resolve().parent.parent


def test_made_up_rows_are_as_many_as_asked_for():
    """A world has exactly so many rows, in the order of time, and the same ones for the same seed."""
    world = World(rows=5_001, actors=200, people=300, days=3)
    tables = list(world.tables())
    assert sum(map(len, tables)) == 5_001
    for table in tables:
        assert table.schema == SCHEMA
        times = table["time"].to_pylist()
        assert times == sorted(times)
    assert tables[1].equals(World(rows=5_001, actors=200, people=300, days=3).day(1, 1_667))


@pytest.mark.slow
def test_the_ledger_is_measured_beside_its_baseline(tmp_path: Path):
    """A small run prints bytes a row, every question with its ratio, the noise floor, and erasing."""
    words = ["--rows", "20000", "--actors", "500", "--people", "900", "--identities", "100"]
    words += ["--seconds", "1"]
    command = [sys.executable, ROOT / "tools/bench_ledger.py", *words, "--runs", "1", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode in {0, 1}, done.stderr
    rows = [row for part in json.loads(done.stdout)["parts"].values() for row in part]
    named = {row["what"]: row for row in rows}
    assert 10 < named["both"]["value"] < 60
    assert named["who saw one person"]["aim"] == "<= 0.05 x (0.01)"
    assert named["noise floor: baseline over itself"]["value"] > 0
    assert named["erase one person"]["value"] > 0
