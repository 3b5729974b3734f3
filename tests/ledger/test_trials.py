from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

#: How often writers are killed; `make soak` does it as often as the promise says.
TRIALS = 200 if os.environ.get("HIMAYA_SOAK") == "1" else 8


@pytest.mark.timeout(7200 if TRIALS == 200 else 900)
@pytest.mark.slow
def test_writers_killed_under_load_lose_nothing(tmp_path: Path, root: Path):
    """Three writers that keep house, killed at random: what was acknowledged is there once, no batch is torn.

    So it is in a copy that was made meanwhile.
    """
    done = subprocess.run(
        [sys.executable, "-m", "tests.ledger.trials", tmp_path / "l", str(TRIALS), "7"],
        capture_output=True,
        text=True,
        check=False,
        cwd=root,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["acknowledged"] > 0
    assert found["not_copied"] == 0
    assert (found["lost"], found["doubled"], found["torn"], found["problems"]) == (0, 0, [], [])
    assert found["unclean"] == found["killed"] >= TRIALS
    assert found["gaps"] >= found["killed"]
