from __future__ import annotations

from pathlib import Path

from himaya.analysis.attribution.rates import false_rate, read_rates


def test_the_page_says_what_was_measured(root: Path):
    """The table in the documentation is the data that comparisons print, kind by kind, with the interval of all."""
    rates = read_rates()
    page = (root / "docs/attribute.md").read_text()
    for one in (*rates.elsewhere, rates.taken):
        assert f"| {one.kind} | {one.files} | {one.named} |" in page
    rate = false_rate(rates)
    told = f"{rate.named} of {rate.files} files from elsewhere ({rate.low:.1%} to {rate.high:.1%}, exact 95 % interval)"
    assert told in page
    assert rate.files >= 400
