#!/usr/bin/env python3
"""Put the matrix of `himaya bench --json` into docs/benchmarks.md.

    tools/bench_page.py build/bench.json

What stands between the two marks of the page is replaced; the rest is written by hand.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import msgspec

from himaya.bench.score.result import Result
from himaya.evidence.bench_table import bench_markdown

PAGE = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"
BEGIN, END = "<!-- matrix -->", "<!-- end of matrix -->"


def page_with(text: str, result: Result) -> str:
    """Return the page with the matrix of a result. Raises ValueError when the marks are missing."""
    if BEGIN not in text or END not in text:
        raise ValueError(f"{PAGE.name} has no place for the matrix: {BEGIN} and {END}")
    body = f"{BEGIN}\n\n{bench_markdown(result).strip()}\n\n{END}"
    return re.sub(f"{BEGIN}.*?{END}", lambda _: body, text, flags=re.DOTALL)


def main() -> None:
    """Write the page."""
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("result", type=Path)
    result = msgspec.json.decode(words.parse_args().result.read_bytes(), type=Result)
    PAGE.write_text(page_with(PAGE.read_text(), result))
    print(f"{PAGE.name}: the matrix of {len(result.defences)} defences")


if __name__ == "__main__":
    main()
