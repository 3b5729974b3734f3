"""Large files: every row is counted, and memory does not grow with rows that are not ours."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.analysis.attribution.world import ledger
from tests.ledger.making import NOON, disclosed

READ = """
import resource, sys
from pathlib import Path
from himaya.analysis.attribution import FileRows, Wanted, gather
from himaya.ledger.reader import Reader
with Reader.open(Path(sys.argv[1])) as reader:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = gather(FileRows(Path(sys.argv[2]), Wanted(("id",)), "csv"), reader.identities)
    people, _ = found.people(())
    told = found.counted(len(people), 0)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(told.rows, told.matched, told.unmatched, told.unusable, told.people, grown)
"""
ROWS = 10_000_000 if os.environ.get("HIMAYA_SOAK") == "1" else 200_000
#: Growth in KiB that reading may take, whatever the size: one piece of rows, the cache of the map, the people found.
MOST = 200 * 1024


def read(directory: Path, rows: int) -> list[int]:
    """Read a file of so many rows, every tenth ours and every hundredth without an id; return counts and growth."""
    people = [f"p{n}" for n in range(2000)]
    where = ledger(directory, disclosed(NOON, "u1", *people))
    file = directory / "found.csv"
    with file.open("w") as out:
        out.write("id,name\n")
        for n in range(0, rows, 100):
            ours = (f"p{(n + k) % 2000},x\n" for k in range(10))
            others = (f"foreign-{n + k},y\n" for k in range(89))
            out.write("".join(ours) + "".join(others) + ",no id\n")
    done = subprocess.run(
        [sys.executable, "-c", READ, where, file], capture_output=True, text=True, check=True
    )
    return [int(word) for word in done.stdout.split()]


def test_a_large_file_fits_in_little_memory(tmp_path):
    """Of 200,000 rows, with `make soak` 10,000,000, each is counted once, within the same bound of memory."""
    total, matched, unmatched, unusable, people, grown = read(tmp_path, ROWS)
    assert total == matched + unmatched + unusable == ROWS
    assert (matched, unusable, people) == (ROWS // 10, ROWS // 100, 200)
    assert grown < MOST
