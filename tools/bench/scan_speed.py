"""Lines per second of `himaya scan` and of Debian's GoAccess: whole processes, the same file."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Run:
    """One whole process: seconds on the clock, CPU seconds, peak resident bytes."""

    wall_s: float
    cpu_s: float
    peak: int


def run(command: list[str], output: Path) -> Run:
    """Run a program with its standard output in a file and return what it used.

    Raises RuntimeError with the program's own words when it fails.
    """
    start = time.perf_counter()
    complaints = output.with_suffix(".stderr")
    with output.open("wb") as out, complaints.open("wb") as err:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        _, status, used = os.wait4(child.pid, 0)
    wall_s = time.perf_counter() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError(f"{command[0]} ended with {child.returncode}: {complaints.read_text()}")
    return Run(wall_s, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)


def make_log(path: Path, lines: int) -> None:
    """Write a log in the combined format with the generator of this repository."""
    generator = [sys.executable, str(ROOT / "tools/make_log.py")]
    subprocess.run(
        [*generator, "--lines", str(lines), str(path)], check=True, stderr=subprocess.DEVNULL
    )


def himaya(log: Path, folder: Path) -> Run:
    """Scan a log as an operator would, with JSON as output."""
    command = Path(sys.executable).with_name("himaya")
    return run([str(command), "scan", str(log), "--json"], folder / "himaya.json")


def goaccess(log: Path, folder: Path) -> Run | None:
    """Let GoAccess read the same log into its JSON report; None where it is not installed."""
    program = shutil.which("goaccess")
    if program is None:
        return None
    report = folder / "goaccess.json"
    options = ["--log-format=COMBINED", "--no-global-config", f"--output={report}"]
    return run([program, str(log), *options], folder / "goaccess.out")


def count_lines(path: Path) -> int:
    """Return how many lines a file has."""
    with path.open("rb") as file:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))
