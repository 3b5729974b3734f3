"""The same views give the same groups, whatever the order of hashes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_RUN = """
from random import Random
from tests.analysis.crowds import World, crew, crowd, fed, search
world, rng, state = World(3000), Random(1), search(3000)
fed(state, crowd(world, 100, 20, rng, "u"))
fed(state, crew(3000, 30, 600, rng, "a", fingerprint="a", age_s=4e7))
fed(state, crew(3000, 30, 600, rng, "b", fingerprint="b", age_s=4e7))
for group in state.groups.values():
    print(group)
for slot, one in state.candidates.table.items():
    print(slot, one.test.value, one.coverage, one.mass)
"""


def test_a_run_repeats_byte_for_byte_under_any_hash_seed():
    """Two processes with different hash seeds print the same groups, grounds and values of tests."""
    said = [
        subprocess.run(
            [sys.executable, "-c", _RUN],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": f"{_ROOT / 'src'}:{_ROOT}"},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert said[0] == said[1]
    assert b"anti-birthday" in said[0]
