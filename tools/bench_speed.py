"""Measure himaya's speed against yardsticks of the same run, and print aims and misses.

    python tools/bench_speed.py            all of it; about ten minutes
    python tools/bench_speed.py --quick    the same with little work; for a test, not for figures

Three parts: `engine` (process CPU time per decide + record against a request to a bare uvloop + httptools
responder of 204), `scan` (lines per second against Debian's GoAccess), `memory` (bytes of a tracked actor).
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tools.bench import scan_speed  # noqa: E402  the path above leads there
from tools.bench.engine_cpu import EngineUnderTest  # noqa: E402
from tools.bench.responder_cpu import BareResponder  # noqa: E402
from tools.bench.results import Row, as_json, figure, machine, table  # noqa: E402

MIB = 1 << 20
ENGINE = "decide + record against a bare responder of 204"
SCAN = "himaya scan against GoAccess"
MEMORY = "memory of tracked actors"


@dataclass(frozen=True, slots=True)
class Size:
    """How much work is measured."""

    pairs: int = 7
    requests: int = 40_000
    lines: int = 1_000_000
    repeats: int = 3
    actors: int = 1_000_000


QUICK = Size(pairs=2, requests=2_000, lines=5_000, repeats=1, actors=5_000)


def measure_engine(size: Size) -> list[Row]:
    """Return CPU time per request of engine and responder, interleaved, and their ratio."""
    engine, full = EngineUnderTest(), EngineUnderTest(full=True)
    bare: list[float] = []
    floors: list[float] = []
    ratios: list[float] = []
    spent: list[float] = []
    signals: list[float] = []
    with BareResponder() as responder:
        responder.cpu_us(size.requests)
        for _ in range(size.pairs):
            before = responder.cpu_us(size.requests)
            spent.append(engine.cpu_us(size.requests))
            after = responder.cpu_us(size.requests)
            bare += [before, after]
            floors.append(after / before)
            ratios.append(spent[-1] / ((before + after) / 2))
            signals.append(full.cpu_us(size.requests) / ((before + after) / 2))
    ratio = statistics.median(ratios)
    seen = f"{size.pairs} pairs, {figure(min(ratios))} to {figure(max(ratios))}"
    rows = [
        Row("decide + record, mixed traffic", statistics.median(spent), "us CPU"),
        Row("bare responder, one request", statistics.median(bare), "us CPU"),
        Row("ratio", ratio, "x", "<= 1.0 x", ratio <= 1.0, seen),
        _with_signals(signals),
        Row(
            "noise floor: responder against itself",
            statistics.median(floors),
            "x",
            detail=(f"{figure(min(floors))} to {figure(max(floors))}"),
        ),
    ]
    return rows + [_one_kind(kind, size) for kind in ("page", "profile", "listing", "lookup")]


def _with_signals(ratios: list[float]) -> Row:
    ratio = statistics.median(ratios)
    seen = f"{figure(min(ratios))} to {figure(max(ratios))}"
    return Row("ratio with every signal and budget", ratio, "x", "<= 2.0 x", ratio <= 2.0, seen)


def _one_kind(kind: str, size: Size) -> Row:
    engine = EngineUnderTest(kind, warm=size.requests // 2)
    spent = statistics.median([engine.cpu_us(size.requests // 4) for _ in range(3)])
    words = {
        "page": "of it: a page that shows nobody",
        "profile": "of it: a profile",
        "listing": "of it: a listing of ten people",
        "lookup": "of it: a look-up",
    }
    return Row(words[kind], spent, "us CPU")


def measure_scan(size: Size) -> list[Row]:
    """Return lines per second of both programs, interleaved, and their ratio."""
    with tempfile.TemporaryDirectory(prefix="himaya-bench-") as name:
        folder = Path(name)
        log = folder / "access.log"
        scan_speed.make_log(log, size.lines)
        lines = scan_speed.count_lines(log)
        ours: list[scan_speed.Run] = []
        theirs: list[scan_speed.Run] = []
        for _ in range(size.repeats):
            ours.append(scan_speed.himaya(log, folder))
            other = scan_speed.goaccess(log, folder)
            theirs += [other] if other else []
        size_mb = log.stat().st_size / 1e6
    rows = _scan_rows("himaya scan", lines, ours)
    rows[0] = Row(
        rows[0].what, rows[0].value, rows[0].unit, detail=f"{lines:,} lines, {size_mb:.0f} MB"
    )
    if not theirs:
        return [*rows, Row("GoAccess is not installed", 0, "", ">= 4 x", met=False)]
    ratios = [b.wall_s / a.wall_s for a, b in zip(ours, theirs, strict=True)]
    ratio = statistics.median(ratios)
    seen = f"{len(ratios)} pairs, {figure(min(ratios))} to {figure(max(ratios))}"
    return [
        *rows,
        *_scan_rows("GoAccess", lines, theirs),
        Row("ratio of lines per second", ratio, "x", ">= 4 x", ratio >= 4, seen),
    ]


def _scan_rows(name: str, lines: int, runs: list[scan_speed.Run]) -> list[Row]:
    wall_s = statistics.median(run.wall_s for run in runs)
    return [
        Row(name, lines / wall_s, "lines/s"),
        Row(f"{name}, CPU", statistics.median(run.cpu_s for run in runs), "s"),
        Row(f"{name}, peak memory", statistics.median(run.peak for run in runs) / MIB, "MiB"),
    ]


def measure_memory(size: Size) -> list[Row]:
    """Return what tracked actors cost, each figure from a fresh process."""
    with_people = _memory(size.actors, 0.4, "account")
    without = _memory(size.actors, 0.0, "account")
    default = _memory(size.actors, 0.4, "default")
    total = _per_million(with_people, size.actors)
    alone = (without["after"] - without["before"]) / size.actors
    all_kinds = _per_million(default, size.actors)
    people = with_people["people"] / size.actors / 0.4
    seen = f"40 % with people, {people:.1f} on average; one budget per actor"
    return [
        Row("1M actors", total, "MiB", "<= 1,229 MiB", total <= 1.2 * 1024, seen),
        Row("1M actors, stretch", total, "MiB", "<= 600 MiB", total <= 600),
        Row("an actor without people", alone, "bytes", "<= 100 bytes", alone <= 100),
        Row(
            "1M actors, every default budget",
            all_kinds,
            "MiB",
            detail=(f"account, address and network: {default['principals']:,.0f} principals"),
        ),
    ]


def _per_million(found: dict[str, float], actors: int) -> float:
    """Return the MiB of a process with 1M actors; the process itself is counted once."""
    grown = found["after"] - found["before"]
    return (found["before"] + grown * 1_000_000 / actors) / MIB


def _memory(actors: int, share: float, shape: str) -> dict[str, float]:
    command = [sys.executable, "-m", "tools.bench.memory", "--actors", str(actors)]
    command += ["--share", str(share), "--shape", shape]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    found = json.loads(done.stdout)
    return {key: found[key] for key in ("before", "after", "people")} | {
        "principals": found["stats"]["principals"]
    }


PARTS: dict[str, tuple[str, Callable[[Size], list[Row]]]] = {
    "engine": (ENGINE, measure_engine),
    "scan": (SCAN, measure_scan),
    "memory": (MEMORY, measure_memory),
}


def main() -> None:
    """Measure what was asked for and print it."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--quick", action="store_true", help="little work, for a test")
    options.add_argument("--json", action="store_true", help="print JSON")
    options.add_argument("--only", choices=list(PARTS), action="append", help="only this part")
    chosen = options.parse_args()
    found: dict[str, list[Row]] = {}
    for name in chosen.only or PARTS:
        title, measure = PARTS[name]
        print(f"measuring: {title}", file=sys.stderr, flush=True)
        found[title] = measure(QUICK if chosen.quick else Size())
    if chosen.json:
        print(as_json(found))
        return
    print(", ".join(f"{key} {value}" for key, value in machine().items()))
    print()
    print(table(found))


if __name__ == "__main__":
    main()
