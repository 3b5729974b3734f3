"""Run one program and print what it used, from a process so small that its own memory hides nothing.

    python -m tools.bench.timed OUTPUT PROGRAM ARGUMENT...

A program's peak memory, as Linux counts it, is never less than that of the process which started it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path


def timed(command: list[str], output: Path) -> dict[str, float]:
    """Run `command` with its standard output in a file; return seconds, CPU seconds, peak bytes, exit code."""
    start = time.perf_counter()
    with output.open("wb") as out:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out)
        _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return {
        "wall_s": time.perf_counter() - start,
        "cpu_s": used.ru_utime + used.ru_stime,
        "peak": used.ru_maxrss * 1024,
        "code": child.returncode,
    }


if __name__ == "__main__":
    print(json.dumps(timed(sys.argv[2:], Path(sys.argv[1]))))
