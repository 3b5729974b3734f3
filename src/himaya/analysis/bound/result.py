"""What the audit answers, as values; numbers are people, weighted by the sensitivity of their fields."""

from __future__ import annotations

import msgspec

from himaya.ledger.answers import Period, Unobserved

#: Broken rows that are named; all are counted.
NAMED = 100


class Broken(msgspec.Struct, frozen=True):
    """A row that breaks the bound: `value` people of a principal in a window that allows `limit`, plus `bought`.

    `principal` is the principal's name. A clearance is broken in the window "bought".
    """

    at: str
    surface: str
    actor: str
    kind: str
    principal: str
    window: str
    value: float
    limit: float
    bought: float
    source: str


class Peak(msgspec.Struct, frozen=True):
    """The principal of a kind that came nearest to what it might obtain; `principals` were judged."""

    kind: str
    principals: int
    principal: str
    at: str
    window: str
    value: float
    limit: float
    bought: float


class Part(msgspec.Struct, frozen=True):
    """One part of the cover: the rows whose actors have these kinds of principals, and the kind that covers them.

    `budget` is the sum of its `principals` for the period, `people` those they obtained anew.
    """

    kinds: tuple[str, ...]
    by: str
    principals: int
    budget: float
    people: int
    rows: int


class Leased(msgspec.Struct, frozen=True):
    """What leases add to the bound: after each of `restarts`, `people` of each of `principals`.

    `workers` x `lease` is the most that was lent of one principal before a restart; `people` is their sum over all.
    """

    restarts: int
    workers: int
    lease: int
    principals: int
    people: float


class Inequality(msgspec.Struct, frozen=True):
    """`people` + `unattributed` <= (`budget` + `bought` + `leased.people`) / `lightest` = `bound`, in the whole period.

    `people` are distinct and new to whoever obtained them. `lightest` is what the lightest person weighs.
    """

    people: int
    unattributed: int
    budget: float
    bought: float
    lightest: float
    bound: float
    parts: tuple[Part, ...]
    rule: str
    leased: Leased = Leased(0, 0, 0, 0, 0.0)

    @property
    def holds(self) -> bool:
        """Tell whether the left side is not the larger one."""
        return self.people + self.unattributed <= self.bound + 1e-6


class Outside(msgspec.Struct, frozen=True):
    """Rows that the bound does not speak for, or that are less sure: how many, and how many people of whom."""

    what: str
    rows: int
    people: int
    why: str
    judged: bool


class Audit(msgspec.Struct, frozen=True):
    """The whole answer. `population` is 0 when nobody told it.

    `canaries` were shown, spent budgets, and are in no number of people.
    `meaningful`: a bound below the population says something; None without a population.
    """

    period: Period
    rows: int
    judged: int
    inequality: Inequality
    population: int
    meaningful: bool | None
    holds: bool
    broken: int
    named: tuple[Broken, ...]
    peaks: tuple[Peak, ...]
    outside: tuple[Outside, ...]
    unseen_surfaces: tuple[str, ...]
    unobserved: tuple[Unobserved, ...]
    cannot_know: tuple[str, ...]
    retention: str
    canaries: int = 0
