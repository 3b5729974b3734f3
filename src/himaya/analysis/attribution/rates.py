"""How often a comparison named somebody wrongly, as `tools/false_attribution.py` measured it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from himaya.core.rates import clopper_pearson

#: Where the tool writes its result.
DATA = Path(__file__).with_name("measured.json")


class Kind(msgspec.Struct, frozen=True):
    """Of so many `files` of one kind, `named` had a candidate (for `taken`: the right one first)."""

    kind: str
    files: int
    named: int


class Rates(msgspec.Struct, frozen=True):
    """What was measured in simulation: files from elsewhere by kind, and files made of what a collector took."""

    seed: int
    elsewhere: tuple[Kind, ...]
    taken: Kind


class Rate(msgspec.Struct, frozen=True):
    """Files from elsewhere, for how many of them somebody was named, and the 95 % interval of that rate."""

    files: int
    named: int
    low: float
    high: float


def read_rates() -> Rates:
    """Return what was measured for this release."""
    return msgspec.json.decode(DATA.read_bytes(), type=Rates)


def false_rate(rates: Rates) -> Rate:
    """Return the rate over all kinds of files from elsewhere."""
    files = sum(one.files for one in rates.elsewhere)
    named = sum(one.named for one in rates.elsewhere)
    return Rate(files, named, *clopper_pearson(named, files))
