"""What `[retention]` may say: classes of actors that do not contradict each other."""

from __future__ import annotations

import re

import pytest

from himaya.config import loads
from himaya.core.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("identified_days = 90\nconfirmed_days = 60", r"confirmed_days.*at least identified_days \(90\), got 60"),
        ('ordinary = "compact"\nthen = "seal"', r'ordinary.*then = "delete" only'),
        ('ordinary = "compact"\ncompact_days = 31', r"compact_days.*more than identified_days"),
        ("backup_days = 0", "backup_days.*at least 1"),
        ('ordinary = "keep"', "ordinary.*one of"),
    ],
)  # fmt: skip
def test_what_contradicts_itself_is_refused(text: str, words: str):
    """A shorter time for confirmed cases, a compact form of nothing or of sealed rows: named with key and reason."""
    with pytest.raises(ConfigError, match=words):
        loads(f"[retention]\n{text}\n")


def test_long_days_need_no_longer_ones_written():
    """Where only the days of ordinary viewers are written, however long, the file is valid."""
    assert loads("[retention]\nidentified_days = 3000\n").retention.confirmed_days == 730
    kept = loads('[retention]\nordinary = "compact"\nconfirmed_days = 31\n').retention
    assert (kept.ordinary, kept.confirmed_days) == ("compact", 31)


@pytest.mark.parametrize(
    ("retention", "budgets", "says"),
    [
        ("identified_days = 7", "account = { month = 900 }", r"identified_days = 7 .*\(30 days\)"),
        ("open_days = 2", "account = { month = 900 }", r"open_days = 2 .*\(30 days\)"),
        ("identified_days = 30", "account = { month = 900 }", ""),
    ],
)
def test_rows_that_end_before_the_longest_window_are_told(retention: str, budgets: str, says: str):
    """Where rows are readable for a shorter time than a budget's window, a restart gives it back: that is said."""
    said = loads(f"[retention]\n{retention}\n[budgets]\n{budgets}\n").short_memory
    assert re.search(says, said) if says else said == ""
