"""`tools/bench_page.py` puts a matrix into docs/benchmarks.md and leaves the rest of the page alone."""

from __future__ import annotations

import pytest
from tests.evidence.bench_samples import sample
from tools.bench_page import BEGIN, END, PAGE, page_with


def test_only_what_stands_between_the_marks_is_replaced():
    """Everything outside the marks stays; twice is the same as once; every defence is in."""
    text = PAGE.read_text()
    once = page_with(text, sample())
    assert once.split(BEGIN)[0] == text.split(BEGIN)[0]
    assert once.split(END)[1] == text.split(END)[1]
    assert page_with(once, sample()) == once
    body = once.split(BEGIN)[1].split(END)[0]
    assert all(row.title in body for row in sample().defences[0].attackers)


def test_a_page_without_marks_says_so():
    """A page that lost its marks is an error, not a page without a matrix."""
    with pytest.raises(ValueError, match="has no place for the matrix"):
        page_with("# Benchmarks\n", sample())
