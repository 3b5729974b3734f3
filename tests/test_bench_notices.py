"""The measurement of notices runs: everybody is told, in four languages, by the real command and a real mail server."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.slow
def test_some_hundred_notices_go_out(tmp_path: Path):
    """A small run sends a mail with text and page to each of three hundred people, and prints what it took."""
    command = [sys.executable, ROOT / "tools/bench_notices.py", "--people", "300", "--runs", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode in {0, 1}, done.stderr
    told = json.loads(done.stdout)
    assert told["mails"] == 300
    assert told["bytes_each"] > 5_000
    assert told["per_second"] > 0
