"""Lines per second of `himaya scan` and of Debian's GoAccess: whole processes, the same file."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Run:
    """One whole process: seconds on the clock, CPU seconds, peak resident bytes."""

    wall_s: float
    cpu_s: float
    peak: float


def run(command: list[str], output: Path) -> Run:
    """Run a program with its standard output in a file and return what it used.

    Raises RuntimeError with the program's own words when it fails.
    """
    timed = [sys.executable, "-m", "tools.bench.timed", str(output), *command]
    done = subprocess.run(timed, cwd=ROOT, check=True, capture_output=True, text=True)
    used = json.loads(done.stdout)
    if used["code"]:
        raise RuntimeError(f"{command[0]} ended with {used['code']}: {done.stderr}")
    return Run(used["wall_s"], used["cpu_s"], used["peak"])


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
