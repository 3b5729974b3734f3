"""The receipt of a calibration: what was found, from how many, and how sure that is. It holds no identity."""

from __future__ import annotations

import hashlib

import msgspec

from himaya.core.rates import clopper_pearson


class Rate(msgspec.Struct, frozen=True):
    """How many of so many, and the exact 95 % interval of the share."""

    over: int
    of: int
    ci95: tuple[float, float]

    @classmethod
    def count(cls, over: int, of: int) -> Rate:
        """Return a rate with its interval."""
        return cls(over, of, clopper_pearson(over, of))


class Week(msgspec.Struct, frozen=True):
    """Held-out actors active in one ISO week, and how many of them passed the threshold in it."""

    week: str
    over: int
    of: int


class Drift(msgspec.Struct, frozen=True):
    """The newer half of the period against the older one, at the line that a rate of `rate` gives.

    `verdict` is "drifted", "no drift seen" or "cannot be told", with the reason in `why`.
    """

    rate: float
    verdict: str
    why: str = ""
    older: Rate | None = None
    newer: Rate | None = None
    p: float | None = None


class Threshold(msgspec.Struct, frozen=True):
    """The threshold of one statistic in one cohort; `value` is in the unit of the statistic.

    `calibration` actors set the threshold, the k-th smallest of their highest values; `hold_out` actors measured its
    rate. `measured` of both together ever had a value. Without a `value` `why` says what is missing, and
    `least_rate` is the lowest that so many actors can support.
    """

    cohort: str
    statistic: str
    calibration: int
    hold_out: int
    measured: int
    k: int
    least_rate: float
    value: float | None
    why: str
    realised: Rate | None
    weeks: tuple[Week, ...]
    drift: Drift


class Setting(msgspec.Struct, frozen=True):
    """One key of the policy: its present value and the new one (None: none can be claimed).

    `cohorts` have a threshold and are covered by the new value; `without` are too few for one, and only ever loosen it.
    `present_rate` is of all proven actors, `realised` of those held out.
    """

    key: str
    present: float
    value: float | None
    cohorts: tuple[str, ...]
    without: tuple[str, ...]
    present_rate: Rate
    realised: Rate | None


class Proven(msgspec.Struct, frozen=True):
    """What became of the accounts of the file.

    `early` were proven before the period ended, the first of them on line `first_early`; `in_cases` stand in a case;
    `unseen` were not in the traffic; `how` counts those that were used.
    """

    listed: int
    used: int
    early: int
    first_early: int
    in_cases: int
    unseen: int
    how: dict[str, int]


class Receipt(msgspec.Struct, frozen=True):
    """A calibration. Times are ISO 8601 UTC; `policy` and `calibrated` are hashes as enforced.

    `source` says what was read. `together` is how many held-out actors pass any of the new values. `cases_known`:
    somebody could be left out because of a case.
    """

    policy: str
    calibrated: str
    rate: float
    needs: int
    start: str
    end: str
    days: int
    source: dict[str, int | str]
    accounts: int
    seed: str
    hold_out: float
    proven: Proven
    cases_known: bool
    settings: tuple[Setting, ...]
    together: Rate
    thresholds: tuple[Threshold, ...]

    def text(self) -> str:
        """Return the receipt as canonical JSON: keys in order, no blanks."""
        return msgspec.json.encode(self, order="sorted").decode()


def digest_of(text: str) -> str:
    """Return the SHA-256 of a receipt's text."""
    return hashlib.sha256(text.encode()).hexdigest()
