"""MUSA-A3: a drill leaves a dated record with the time of each step."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from tests.acceptance.gate import HIMAYA
from tests.acceptance.promise import broken, require


def a_drill_leaves_a_record(out: Path) -> None:
    """A drill is held into a directory, and what it leaves there is read."""
    words = [HIMAYA, "case", "drill", "--out", out]
    began = datetime.now(UTC).date().isoformat()
    subprocess.run(words, capture_output=True, check=False)
    file = out / "drill.json"
    require(file.exists(), "a drill leaves a record")
    record = json.loads(file.read_text())
    days = {began, datetime.now(UTC).date().isoformat()}  # midnight may lie between
    require(record["date"][:10] in days, "with its date")
    require(all(one["took_s"] >= 0 and one["at"] for one in record["steps"]), "and its times")
    require(
        {"contained", "notified", "closed"} <= {one["step"] for one in record["steps"]},
        "to the end",
    )
    require(record["mark"] in (out / "drill.txt").read_text(), "marked as practice")


def test_musa_a3_a_drill_leaves_a_record(tmp_path):
    """`himaya case drill` leaves a dated record with what each step took, marked as practice."""
    a_drill_leaves_a_record(tmp_path / "drill")


def test_musa_a3_twin_a_drill_leaves_a_record(tmp_path):
    """Where something else lies already no drill is held, and there is no record."""
    (tmp_path / "something").touch()
    with broken("a drill leaves a record"):
        a_drill_leaves_a_record(tmp_path)
