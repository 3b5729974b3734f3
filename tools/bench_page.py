#!/usr/bin/env python3
"""Put the matrix of `himaya bench --json` into docs/benchmarks.md, and variations and ablations from smaller runs.

    tools/bench_page.py build/bench.json build/variations.json build/ablation.json

What stands between the marks of the page is replaced; the rest is written by hand.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import msgspec

from himaya.bench.score.result import Result
from himaya.evidence.bench_table import (
    ablation_markdown,
    bench_markdown,
    variations_markdown,
)

PAGE = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"
MATRIX = ("<!-- matrix -->", "<!-- end of matrix -->")
VARIATIONS = ("<!-- variations -->", "<!-- end of variations -->")
ABLATION = ("<!-- ablation -->", "<!-- end of ablation -->")


def page_with(text: str, marks: tuple[str, str], markdown: str) -> str:
    """Return the page with Markdown between its marks. Raises ValueError when the marks are missing."""
    begin, end = marks
    if begin not in text or end not in text:
        raise ValueError(f"{PAGE.name} has no place for it: {begin} and {end}")
    body = f"{begin}\n\n{markdown.strip()}\n\n{end}"
    return re.sub(f"{begin}.*?{end}", lambda _: body, text, flags=re.DOTALL)


def main() -> None:
    """Write the page."""
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("matrix", type=Path)
    words.add_argument("variations", type=Path)
    words.add_argument("ablation", type=Path)
    asked = words.parse_args()
    found = [
        msgspec.json.decode(path.read_bytes(), type=Result)
        for path in (asked.matrix, asked.variations, asked.ablation)
    ]
    text = page_with(PAGE.read_text(), MATRIX, bench_markdown(found[0]))
    text = page_with(text, VARIATIONS, variations_markdown(found[1]))
    PAGE.write_text(page_with(text, ABLATION, ablation_markdown(found[2])))
    print(f"{PAGE.name}: the matrix of {len(found[0].defences)} defences")


if __name__ == "__main__":
    main()
