"""The words of `himaya bench --json`; `docs/bench.md` explains each, a test keeps both equal.

Shares and rates are in 0..1. `ci95` holds `[low, high]` by the name of the figure it belongs to: over seeds for shares,
Wilson's interval over members for rates. Nothing here depends on how fast the machine was, except `timings`.
"""

from __future__ import annotations

import msgspec

Interval = tuple[float, float]


class WorldWords(msgspec.Struct, omit_defaults=True):
    """Under which circumstances was measured."""

    people: int
    days: float
    seeds: list[int]
    ids: str = "sequential"
    graph: str = "communities"
    crowd: int = 0
    intensity: float = 1.0
    policy: str = ""
    policy_file: str = ""
    mode: str = "virtual"


class Truth(msgspec.Struct):
    """The ledger's answer beside the attacker's disk: people, and (person, field) pairs."""

    precision: float
    recall: float
    field_precision: float
    field_recall: float


class Case(msgspec.Struct):
    """The group with most of an operation: the part of its actors in it, and of its members that belong to it.

    The mean over the seeds in which the record has anybody of the operation.
    """

    share: float
    purity: float


class HonestRow(msgspec.Struct, omit_defaults=True):
    """What one group went through: shares of its members who ever met each rung."""

    group: str
    size: int
    challenged: float
    slowed: float
    redacted: float
    denied: float
    title: str = ""
    natural: float = 0.0
    ci95: dict[str, Interval] = {}


class Harm(msgspec.Struct, omit_defaults=True):
    """Everybody honest, weighted by natural shares, and the worst group."""

    challenged: float
    slowed: float
    redacted: float
    denied: float
    worst_group: str
    worst_denied: float
    worst_challenged_group: str
    worst_challenged: float
    ci95: dict[str, Interval] = {}


class AttackerRow(msgspec.Struct, omit_defaults=True):
    """One attacker against one defence. `id` is A1 ..., H1 ... for incidents, `all` for the joint run.

    `variant` is plain, informed or unlinked. `share_*` are people obtained / people on the site, `weighted` counts
    fields by sensitivity. `contained_after_s` is None when it never was, `share_contained` what it had by then. `curve`
    are pairs of hours and share. `ledger` is None where the defence keeps no record; `groups` are separate names under
    which the record holds the operation, and `case` is the largest of them. `honest` is what the crowd went through in
    these runs; None where there was none.
    """

    id: str
    people_lost: float
    share_lost: float
    share_1h: float | None
    share_24h: float | None
    share_72h: float | None
    weighted: float
    contained_after_s: float | None
    share_contained: float | None
    spend: dict[str, float]
    per_1000: dict[str, float] | None
    ledger: Truth | None
    groups: float
    title: str = ""
    variant: str = "plain"
    runs: int = 1
    curve: list[tuple[float, float]] = []
    case: Case | None = None
    honest: Harm | None = None
    ci95: dict[str, Interval] = {}


class Intensity(msgspec.Struct):
    """The crowd alone, busier or calmer: `factor` times the visits."""

    factor: float
    honest: list[HonestRow]
    overall: Harm


class DefenceRow(msgspec.Struct, omit_defaults=True):
    """One defence with one setting. `rule` says what a model models; `best` marks a rival's best setting."""

    name: str
    modelled: bool
    attackers: list[AttackerRow]
    honest: list[HonestRow]
    overall: Harm | None = None
    intensity: list[Intensity] = []
    family: str = ""
    setting: str = ""
    rule: str = ""
    best: bool = False


class Incident(msgspec.Struct):
    """What happened then and what would have happened with himaya: a simulation, and it says so."""

    id: str
    title: str
    then: str
    scaling: str
    simulated: str


class Removed(msgspec.Struct):
    """One attacker with one control off: people obtained, beside those with all controls on.

    `single_point`: without this control it takes more than three times the people.
    """

    control: str
    attacker: str
    people_lost: float
    people_with_all: float
    factor: float
    single_point: bool


class Varied(msgspec.Struct):
    """One attacker in one variation, behind himaya; the one that others are compared with is called "as written".

    `worst_denied` and `worst_challenged` are what the worst group of honest people met meanwhile.
    """

    variation: str
    attacker: str
    people_lost: float
    share_lost: float
    worst_denied: float
    worst_challenged: float


class Problem(msgspec.Struct, omit_defaults=True):
    """Something from outside that could not be run: the rest of the matrix was."""

    what: str
    problem: str
    file: str = ""
    line: int = 0


class Timings(msgspec.Struct):
    """How long it took; the only part of a result that differs between two runs."""

    seconds: float
    cells: int
    processes: int


class Result(msgspec.Struct, omit_defaults=True):
    """A whole result."""

    world: WorldWords
    defences: list[DefenceRow]
    incidents: list[Incident] = []
    ablation: list[Removed] = []
    variations: list[Varied] = []
    problems: list[Problem] = []
    tools: list[str] = []
    timings: Timings | None = None
