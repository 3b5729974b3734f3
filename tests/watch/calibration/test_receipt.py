"""The receipt: canonical, with a digest that anybody can recompute, and without an identity."""

from __future__ import annotations

import hashlib
import json

import msgspec
import pytest
from tests.watch.calibration import crowd

from himaya.core.rates import clopper_pearson
from himaya.watch.calibration.outcome import Terms
from himaya.watch.calibration.receipt import Rate, Receipt, digest_of

NAMES = [f"reader-{n}-of-the-site" for n in range(30)]


@pytest.fixture(name="receipt", scope="module")
def _receipt() -> Receipt:
    views = [(at, f"reader-{name[1:]}-of-the-site", who) for at, name, who in crowd.readers(30)]
    return crowd.receipt(crowd.gauged(views, NAMES), NAMES, terms=Terms(rate=0.1, seed="seed"))


def test_the_text_is_canonical(receipt):
    """Keys in the order of the alphabet at every depth, no blanks: the same receipt has one text."""
    text = receipt.text()
    plain = json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert text == plain
    assert msgspec.json.decode(text, type=Receipt) == receipt


def test_the_digest_is_of_the_text_and_of_all_of_it(receipt):
    """It is the SHA-256 of the UTF-8 text, and one changed figure is another digest."""
    assert digest_of(receipt.text()) == hashlib.sha256(receipt.text().encode()).hexdigest()
    changed = msgspec.structs.replace(receipt, accounts=receipt.accounts + 1)
    assert digest_of(changed.text()) != digest_of(receipt.text())


def test_nobody_is_in_it(receipt):
    """Thresholds came out of thirty accounts, and no name, address or person of theirs is in the text."""
    assert any(one.value is not None for one in receipt.thresholds)
    assert receipt.proven.used == len(NAMES)
    text = receipt.text()
    assert not [name for name in NAMES if name in text]
    assert "192.0.2.1" not in text
    assert "account:" not in text


@pytest.mark.parametrize(("over", "of"), [(0, 0), (0, 30), (3, 30), (30, 30)])
def test_a_rate_has_its_exact_interval(over, of):
    """The interval is that of Clopper and Pearson, also at the ends and of nobody."""
    rate = Rate.count(over, of)
    assert (rate.over, rate.of, rate.ci95) == (over, of, clopper_pearson(over, of))
    low, high = rate.ci95
    assert 0 <= low <= (over / of if of else 0) <= high <= 1
