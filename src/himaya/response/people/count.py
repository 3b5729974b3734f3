"""The people of a case, counted: by country, by category of data, by sensitivity, by risk. Nobody is dropped."""

from __future__ import annotations

import hashlib
import sys
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from himaya.ledger.answers import Exposed, Period, Unobserved
from himaya.response.people.categories import Categories
from himaya.response.people.residence import Residence
from himaya.response.people.risks import Risk, risk_map, worst
from himaya.response.people.whom import Whom

#: Tells whether the table of regimes has a rule for a country such as `ES` or `CA-QC`.
Rules = Callable[[str], bool]


class Country(msgspec.Struct, frozen=True):
    """The people of one country, "" for unknown residence. `rule`: whether the table has one, None: not asked."""

    country: str
    people: int
    categories: dict[str, int]
    first: str
    last: str
    rule: bool | None = None

    def words(self) -> str:
        """Return what has to be said of it beside the figures, "" for nothing."""
        whom = "1 person" if self.people == 1 else f"{self.people:,} people"
        if not self.country:
            return f"residence unknown, {whom}, ask counsel"
        return f"no rule in our table, {whom}, ask counsel" if self.rule is False else ""


class Counted(msgspec.Struct, frozen=True):
    """Whom a case concerns. `people` = those of all `countries`; `erased` ones are among those of unknown residence.

    `categories`, `sensitivity` (weight of the heaviest field, as in `[fields]`) and `risks` are of people who still
    have a name: of the others only the number is known. `digest` is the SHA-256 of the sorted surrogates of all.
    """

    case: str
    people: int
    erased: int
    countries: list[Country]
    categories: dict[str, int]
    sensitivity: dict[str, int]
    risks: list[Risk]
    severity: str
    residence: dict[str, int]
    repeated: int
    digest: str
    unattributed: int
    period: Period
    unobserved: list[Unobserved]
    note: str

    def data(self) -> dict[str, Any]:
        """Return what the act `counted` keeps: figures, and no name."""
        return {
            "countries": {one.country: one.people for one in self.countries},
            "people": self.people,
            "erased": self.erased,
            "categories": self.categories,
            "sensitivity": self.sensitivity,
            "risks": {one.risk: {"people": one.people, **one.levels} for one in self.risks},
            "severity": self.severity,
            "digest": self.digest,
        }


def count(
    case: str,
    whom: Whom,
    residence: Residence,
    categories: Categories,
    weights: Mapping[str, float],
    *,
    rules: Rules | None = None,
) -> Counted:
    """Return the people of a case, counted. `weights` is what each field weighs (`[fields]`), 1 where none is given."""
    answer = whom.answer
    people = answer.subjects
    risks = risk_map((one.fields for one in people), categories)
    return Counted(
        case=case,
        people=answer.people,
        erased=answer.erased,
        countries=_countries(people, answer.erased, residence, categories, rules),
        categories=_by_category(people, categories),
        sensitivity=_by_sensitivity(people, weights),
        risks=risks,
        severity=worst(risks),
        residence=residence.sources,
        repeated=residence.again,
        digest=digest_of(whom.numbers),
        unattributed=answer.unattributed,
        period=answer.period,
        unobserved=answer.unobserved,
        note=answer.note,
    )


def digest_of(numbers: Iterable[int]) -> str:
    """Return the SHA-256 (hex) of sorted surrogates, each eight bytes, the most significant first."""
    packed = array("q", sorted(numbers))
    if sys.byteorder == "little":
        packed.byteswap()
    return hashlib.sha256(packed.tobytes()).hexdigest()


def _countries(
    people: Sequence[Exposed],
    erased: int,
    residence: Residence,
    categories: Categories,
    rules: Rules | None,
) -> list[Country]:
    """Return the countries with most people first, the unknown one last."""
    found: dict[str, list[Exposed]] = {}
    for one in people:
        found.setdefault(residence.countries.get(one.subject, ""), []).append(one)
    if erased:
        found.setdefault("", [])
    told = [
        Country(
            country=code,
            people=len(some) + (erased if not code else 0),
            categories=_by_category(some, categories),
            first=min((one.first for one in some), default=""),
            last=max((one.last for one in some), default=""),
            rule=rules(code) if rules and code else None,
        )
        for code, some in found.items()
    ]
    return sorted(told, key=lambda one: (not one.country, -one.people, one.country))


def _by_category(people: Iterable[Exposed], categories: Categories) -> dict[str, int]:
    counts = Counter(name for one in people for name in categories.of_all(one.fields))
    return dict(sorted(counts.items()))


def _by_sensitivity(people: Iterable[Exposed], weights: Mapping[str, float]) -> dict[str, int]:
    """Return people by the weight of their heaviest field, the heaviest first."""
    heaviest = Counter(
        max((weights.get(field, 1.0) for field in one.fields), default=1.0) for one in people
    )
    return {f"{weight:g}": heaviest[weight] for weight in sorted(heaviest, reverse=True)}
