"""`tools/bench_page.py` puts a matrix into docs/benchmarks.md and leaves the rest of the page alone."""

from __future__ import annotations

import pytest
from tests.evidence.bench_samples import sample
from tools.bench_page import ABLATION, MATRIX, PAGE, VARIATIONS, page_with

from himaya.evidence.bench_table import ablation_markdown, bench_markdown, variations_markdown


@pytest.mark.parametrize(
    ("marks", "written"),
    [(MATRIX, bench_markdown), (VARIATIONS, variations_markdown), (ABLATION, ablation_markdown)],
)
def test_only_what_stands_between_the_marks_is_replaced(marks, written):
    """Everything outside the marks stays; twice is the same as once."""
    text, found = PAGE.read_text(), sample()
    once = page_with(text, marks, written(found))
    assert once.split(marks[0])[0] == text.split(marks[0])[0]
    assert once.split(marks[1])[1] == text.split(marks[1])[1]
    assert page_with(once, marks, written(found)) == once
    body = once.split(marks[0])[1].split(marks[1])[0]
    assert body.strip() == written(found).strip()


def test_a_page_without_marks_says_so():
    """A page that lost its marks is an error, not a page without a matrix."""
    with pytest.raises(ValueError, match="has no place for it"):
        page_with("# Benchmarks\n", MATRIX, "")
