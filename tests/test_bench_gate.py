"""The measurement of the doors runs, and says what it missed."""

from __future__ import annotations

import doctest
import json
import subprocess
import sys
from pathlib import Path

import pytest
from tools import bench_gate
from tools.bench import gate_load
from tools.bench.gate_doors import COMPILED, Door, Size, _noise, _ratio
from tools.bench.results import Row
from tools.bench_page import PAGE, page_with

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.slow
@pytest.mark.system
@pytest.mark.timeout(300)
def test_every_door_of_nginx_is_measured_beside_its_yardstick(tmp_path):
    """A quick run starts every program, loads it, and writes figures with their aims; every answer was a 200."""
    file = tmp_path / "gate.json"
    command = [sys.executable, ROOT / "tools/bench_gate.py", "--quick", "--json", file]
    told = subprocess.run(
        [*command, "--only", "nginx", "--only", "upload"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"core {'compiled' if COMPILED else 'pure Python'}" in told.stdout
    nginx, upload = json.loads(file.read_text())["parts"].values()
    named = {row["what"]: row for row in nginx}
    for door in ("log watching", "auth_request", "edge"):
        assert named[door]["value"] > 0
        assert named[door]["aim"]
        assert "not 2xx" not in named[door]["detail"]
    assert sum("noise floor" in row["what"] for row in nginx) == 2
    assert named["auth_request adds"]["aim"] == "<= 250 us"
    assert named["edge adds"]["aim"] == "<= 60 us"
    assert named["edge: pages of people served on a pass"]["value"] > 0
    assert upload[0]["met"] is (upload[0]["value"] <= 32)


@pytest.mark.slow
@pytest.mark.system
@pytest.mark.timeout(300)
def test_application_and_proxy_are_measured(tmp_path):
    """A quick run measures the middleware and the reverse proxy."""
    file = tmp_path / "gate.json"
    names = ("middleware", "proxy")
    command = [sys.executable, ROOT / "tools/bench_gate.py", "--quick", "--json", file]
    words = [word for name in names for word in ("--only", name)]
    subprocess.run([*command, *words], capture_output=True, text=True, check=True)
    rows = [row for part in json.loads(file.read_text())["parts"].values() for row in part]
    named = {row["what"]: row for row in rows}
    assert named["middleware"]["value"] > 0
    assert named["reverse proxy"]["aim"] == ">= 0.25 x"


def test_a_ratio_is_taken_of_the_yardstick_around_it():
    """Each round's rate is divided by the yardstick of that round; the median counts, and a wrong answer is a miss."""
    plain, again = Door("plain", 1, rates=[100, 200, 100]), Door("again", 1, rates=[100, 200, 300])
    door = Door("edge", 1, rates=[80, 160, 160])
    row = _ratio(door, plain, again)
    assert (row.value, row.aim, row.met, row.detail) == (0.8, ">= 0.75 x", True, "0.80 to 0.80")
    door.wrong = 1
    assert _ratio(door, plain, again).met is False
    assert _noise([0.9, 1.0, 1.2]).value == 1.0


def test_the_table_stands_between_its_marks():
    """A miss is in the Markdown table with its aim, and docs/benchmarks.md has the place for it."""
    rows = {"nginx": [Row("edge", 0.7, "x", ">= 0.75 x", False, "0.60 to 0.80")]}
    text = page_with(PAGE.read_text(), bench_gate.MARKS, bench_gate.markdown(rows, Size()))
    assert "| edge | 0.70 x | >= 0.75 x | missed | 0.60 to 0.80 |" in text


def test_what_wrk_printed_is_read():
    """The examples in the docstrings hold; broken connections count as wrong answers."""
    assert doctest.testmod(gate_load).failed == 0
    text = "Socket errors: connect 1, read 2, write 0, timeout 4\nRequests/sec: 2.0\n"
    assert gate_load.parse(text) == gate_load.Load(2.0, 7)
    with pytest.raises(RuntimeError, match="no rate"):
        gate_load.parse("nothing")


@pytest.mark.parametrize("words", [("--page", "--quick"), ("--page", "--only", "nginx")])
def test_a_part_of_the_measurement_does_not_become_the_page(words):
    """Only a whole run writes docs/benchmarks.md."""
    command = [sys.executable, ROOT / "tools/bench_gate.py", *words]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == 2
    assert "whole measurement" in told.stderr
