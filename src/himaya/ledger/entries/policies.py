"""Entries that say what policy was in force, and on what ground."""

from __future__ import annotations

from himaya.ledger.entries.base import Entry


class Config(Entry, frozen=True, tag_field="kind", tag="config"):
    """A configuration became active. `text` is sealed, and absent where an earlier entry has it.

    `mode`: shadow or enforce where a gate decides by it; "" where a log was read.
    """

    policy: str
    digest: str
    text: str = ""
    mode: str = ""


class Forecast(Entry, frozen=True, tag_field="kind", tag="forecast"):
    """What a policy would have done to past traffic, before it was enforced.

    `policy` is its hash when enforced. `source`: log or ledger; `lines` of it and `actors` in it, from `start` to
    `end` (microseconds). `low` and `high`: 95 % interval of the share of actors who stand out by nothing and would
    have been restricted. `summary` says it in words, without names; `by` is sealed.
    """

    policy: str
    source: str
    start: int
    end: int
    lines: int
    actors: int
    low: float
    high: float
    summary: str
    by: str


class Calibration(Entry, frozen=True, tag_field="kind", tag="calibration"):
    """Thresholds were taken from accounts later proven honest.

    `policy` is the hash, as enforced, of the policy that was calibrated, `calibrated` of the one with the new values.
    `receipt` is canonical JSON without identities, `digest` its SHA-256; `by` is sealed.
    """

    policy: str
    calibrated: str
    receipt: str
    digest: str
    by: str


class Unforecast(Entry, frozen=True, tag_field="kind", tag="unforecast"):
    """A policy is enforced without a forecast.

    `how`: waived (somebody took it upon them; `why` and `by` are sealed), warned (the configuration asks for no
    more), first (no configuration was in force in this ledger before).
    """

    policy: str
    how: str
    why: str = ""
    by: str = ""
