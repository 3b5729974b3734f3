"""Measure what a ledger costs and how fast it answers, against a baseline timed in the same run.

    python tools/bench_ledger.py                      100 million rows; half an hour, 3 GB in a temporary directory
    python tools/bench_ledger.py --rows 1000000       the same with fewer rows; for a try, not for figures
    python tools/bench_ledger.py --keep DIR           make the ledger there, or ask the one that is there

The rows are made up (`tools/bench/ledger_rows.py`) and sealed by the product's own `put_days`. The baseline is
`count(distinct subject)` over all rows of the same files on DuckDB, warm; every question is timed beside one run of
it, and the medians of both are compared. Questions run on the reader's own engine. Writing is several
processes on one new ledger.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tools.bench.ledger_questions import measure_questions  # noqa: E402  the path above leads there
from tools.bench.ledger_rows import World  # noqa: E402
from tools.bench.ledger_store import erasure_rows, make, size_rows  # noqa: E402
from tools.bench.ledger_writing import writing_rows  # noqa: E402
from tools.bench.results import Row, as_json, machine, table  # noqa: E402


def main() -> int:
    """Measure and print; 1 when a goal is missed."""
    options = _options()
    world = World(rows=options.rows, actors=options.actors, people=options.people)
    with tempfile.TemporaryDirectory(prefix="himaya-bench-") as scratch:
        directory = options.keep or Path(scratch) / "ledger"
        make(world, directory)
        parts: dict[str, list[Row]] = {
            "sealed files": size_rows(directory),
            "questions": measure_questions(world, directory, options.runs),
        }
        if options.identities:
            parts["erasing"] = erasure_rows(Path(scratch) / "erase", options.identities)
        if options.seconds:
            parts["writing"] = writing_rows(options.seconds)
    print(as_json(parts) if options.json else f"{machine()}\n{table(parts)}")
    return any(row.met is False for rows in parts.values() for row in rows)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000_000)
    parser.add_argument("--actors", type=int, default=1_000_000)
    parser.add_argument("--people", type=int, default=5_000_000)
    parser.add_argument(
        "--identities", type=int, default=1_000_000, help="in the map; 0: no erasing"
    )
    parser.add_argument("--seconds", type=float, default=15.0, help="of writing; 0: none")
    parser.add_argument("--runs", type=int, default=5, help="of each question")
    parser.add_argument(
        "--keep", type=Path, metavar="DIR", help="of the ledger, made or used again"
    )
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
