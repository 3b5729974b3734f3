"""Measure himaya's doors against nginx `proxy_pass` to the same small upstream, and print aims and misses.

python tools/bench_gate.py                  all of it; about eight minutes
python tools/bench_gate.py --quick          the same with little work; for a test, not for figures
python tools/bench_gate.py --json FILE      write the figures to a file, too
python tools/bench_gate.py --page           put the table into docs/benchmarks.md
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from importlib import import_module, util
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tools.bench.gate_doors import COMPILED, PARTS, QUICK, Size  # noqa: E402  the path above leads there
from tools.bench.gate_site import Site  # noqa: E402
from tools.bench.gate_upload import upload  # noqa: E402
from tools.bench.results import Row, as_json, figure, machine, table  # noqa: E402
from tools.bench_page import PAGE, page_with  # noqa: E402

MARKS = ("<!-- gate -->", "<!-- end of gate -->")

#: A part of the measurement: what it is called, and what measures it.
Part = tuple[str, Callable[[Site, Size], list[Row]]]


def parts() -> dict[str, Part]:
    """Return everything that can be measured here, by its short name; HAProxy where its measurement is there."""
    found: dict[str, Part] = {**PARTS, "upload": ("a large upload", upload)}
    if util.find_spec("tools.bench.gate_haproxy") is not None:
        found["haproxy"] = ("HAProxy", import_module("tools.bench.gate_haproxy").haproxy)
    return found


def measure(names: list[str], size: Size) -> dict[str, list[Row]]:
    """Measure parts, each with programs of its own, and return their rows."""
    found: dict[str, list[Row]] = {}
    for name in names:
        title, work = parts()[name]
        print(f"measuring: {title}", file=sys.stderr, flush=True)
        with (
            tempfile.TemporaryDirectory(prefix="himaya-bench-") as directory,
            Site(Path(directory)) as site,
        ):
            found[title] = work(site, size)
    return found


def about() -> str:
    """Return what the figures were measured with, in one line."""
    core = "compiled" if COMPILED else "pure Python"
    return ", ".join([f"core {core}", *(f"{key} {value}" for key, value in machine().items())])


def markdown(found: dict[str, list[Row]], size: Size) -> str:
    """Return the figures as a Markdown table."""
    lines = [
        f"Measured with: {about()}. Medians of {size.rounds} interleaved runs of {size.seconds:g} s.",
        "",
        "| figure | value | aim | | seen |",
        "|---|---:|---|---|---|",
    ]
    for title, rows in found.items():
        lines.append(f"| **{title}** | | | | |")
        lines += [
            f"| {row.what} | {figure(row.value)} {row.unit} | {row.aim} | {row.verdict.lower()} | {row.detail} |"
            for row in rows
        ]
    return "\n".join(lines)


def main() -> None:
    """Measure what was asked for, print it and write it down."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--quick", action="store_true", help="little work, for a test")
    options.add_argument("--json", type=Path, metavar="FILE", help="write the figures to a file")
    options.add_argument(
        "--page", action="store_true", help="put the table into docs/benchmarks.md"
    )
    options.add_argument("--only", choices=list(parts()), action="append", help="only this part")
    chosen = options.parse_args()
    if chosen.page and (chosen.quick or chosen.only):
        options.error("--page wants the whole measurement, without --quick and --only")
    size = QUICK if chosen.quick else Size()
    found = measure(chosen.only or list(parts()), size)
    print(about(), "\n", table(found), sep="\n")
    if chosen.json:
        chosen.json.write_text(as_json(found))
    if chosen.page:
        PAGE.write_text(page_with(PAGE.read_text(), MARKS, markdown(found, size)))


if __name__ == "__main__":
    main()
