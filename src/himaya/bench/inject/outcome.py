"""What injecting attackers into past traffic tells, as it stands in the JSON."""

from __future__ import annotations

import msgspec


class LogWords(msgspec.Struct, rename={"start": "from", "end": "to"}):
    """What was read. `exchanges`: lines on surfaces; `left_out`: lines out of order; `people`: whom the log shows."""

    lines: int
    parsed: int
    malformed: int
    left_out: int
    start: str | None
    end: str | None
    exchanges: int
    actors: int
    people: int


class Spend(msgspec.Struct):
    """What an attacker spent, in all or per 1,000 people."""

    accounts: float
    addresses: float
    requests: float
    solved: float


class Harm(msgspec.Struct):
    """What the log's own actors met only because of an attacker: answers refused or trimmed, how many actors, who."""

    refused: int = 0
    trimmed: int = 0
    actors: int = 0
    first: list[str] = []


class Price(msgspec.Struct):
    """One attacker. `share` is of the population; `before` the people it had at its first refusal (at, in seconds).

    `everybody`: it ran out of people, `last_person_s` after it began. `per_1000` is None when it got nobody.
    """

    id: str
    title: str
    how: str
    people: int
    share: float
    refused: int
    first_refusal: str | None
    first_refusal_s: float | None
    before: int
    action: str
    why: str
    everybody: bool
    last_person_s: float | None
    spend: Spend
    per_1000: Spend | None
    harm: Harm


class Injection(msgspec.Struct):
    """The price of scraping a site. `without` is what the policy refuses of the log itself, nobody mixed in."""

    log: LogWords
    policy: str
    population: int
    declared: bool
    without: Harm
    attackers: list[Price]
    notes: list[str]


def per_thousand(spend: Spend, people: int) -> Spend | None:
    """Return what 1,000 people cost at the rate of those obtained; None when there are none."""
    if not people:
        return None
    rate = 1000 / people
    return Spend(*(round(value * rate, 2) for value in msgspec.structs.astuple(spend)))
