"""What a comparison answers, as values. Times are ISO 8601 UTC."""

from __future__ import annotations

import msgspec

from himaya.analysis.attribution.people import Counted
from himaya.analysis.attribution.rates import Rate
from himaya.ledger.answers import Period, Unobserved


class Network(msgspec.Struct, frozen=True):
    """A network (/24, /48) that a candidate came from, "" where rows name none.

    `people` and `overlap` as for candidates; on how many `days` it came from there. `usual`: on at least three.
    """

    network: str
    people: int
    overlap: int
    days: int
    usual: bool
    first: str
    last: str


class Version(msgspec.Struct, frozen=True):
    """How far the values of a field in the file are those that a candidate was shown.

    `varied`: people of the overlap with a value in the file, of whom different values were shown in the period; only
    these tell anything. `fits` of them were shown to the candidate as in the file, `expected` would be of any viewer.
    `log10_p` as for candidates, not corrected. `first` and `last` are rows that fit.
    """

    field: str
    varied: int
    fits: int
    expected: float
    log10_p: float
    first: str
    last: str


class Candidate(msgspec.Struct, frozen=True):
    """An actor or a case (all its members together) to whom more people of the file were shown than chance gives.

    `rank` is shared by candidates that cannot be told apart. `people` is how many people it was shown in the
    period, `overlap` how many of them are in the file, `expected` how many by chance. `coverage` is `overlap` by
    our people in the file; `novelty` are people of the overlap who were shown to nobody else. `p` is corrected;
    `log10_p` is its decimal logarithm, also where `p` is too small to be written. `first` and `last` are rows of
    the overlap. `members` is 1 for an actor.
    """

    rank: int
    kind: str
    name: str
    members: int
    people: int
    overlap: int
    expected: float
    coverage: float
    novelty: int
    p: float
    log10_p: float
    first: str
    last: str
    evidence: list[str]
    networks: list[Network]
    versions: list[Version] = []


class Marked(msgspec.Struct, frozen=True):
    """An actor whose choices of renderings the file has: `fits` of `marks`, by chance half; `p` is corrected."""

    name: str
    marks: int
    fits: int
    p: float
    log10_p: float


class Compared(msgspec.Struct, frozen=True):
    """The whole answer.

    `population` counts where `all_ours`: somebody said that every row of the file is about a person of this site.
    `shown` are our people in the file who were shown to anybody in the period. `tested`: actors and cases that were
    compared; `below` of those looked at closely stood out and explain less of the file than `share`; `beyond` were
    left out because there were too many. `false_rate`: for how many files from elsewhere somebody was named in
    simulation.
    """

    counted: Counted
    shown: int
    population: int
    all_ours: bool
    tested: int
    below: int
    beyond: int
    level: float
    share: float
    false_rate: Rate
    candidates: list[Candidate]
    period: Period
    unobserved: list[Unobserved]
    erased: int
    retention: str
    note: str
    marks: list[Marked] = []
