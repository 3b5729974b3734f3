"""What a draft holds, and the two tables that it reads: incidents with their lags, and words of fields with risks."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import TypeVar

import msgspec

_T = TypeVar("_T")


class Incident(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An incident that became known `least_days` to `most_days` after the taking, with where that is from."""

    name: str
    when: str
    least_days: int
    most_days: int
    lag: str
    found: str
    source: str


class Field(msgspec.Struct, frozen=True):
    """A field that a surface shows: its weight in budgets, and the risks that its name points to."""

    name: str
    weight: float
    risks: tuple[str, ...]


class Shown(msgspec.Struct, frozen=True):
    """A surface: where it shows people, to whom by the site's own rules, and which fields."""

    id: str
    route: str
    kind: str
    scope: str
    fields: tuple[Field, ...]


class Kept(msgspec.Struct, frozen=True):
    """How long something is kept: of whom, days, what happens then. 0 days: without end."""

    what: str
    days: int
    then: str


class Safeguard(msgspec.Struct, frozen=True):
    """A measure, whether it is in force under this configuration, and the key that says so."""

    what: str
    on: bool
    key: str


class Missed(msgspec.Struct, frozen=True):
    """What a retention would have left of an incident when it was discovered: of ordinary viewers, of confirmed cases.

    Each is kept, partly (the shorter lags only), sealed or gone.
    """

    incident: Incident
    ordinary: str
    confirmed: str


class Judgement(msgspec.Struct, frozen=True):
    """What a person judged: `state` is current, stale (made for another configuration) or none."""

    state: str
    at: str = ""
    by: str = ""
    why: str = ""
    text: str = ""
    config: str = ""


class Draft(msgspec.Struct, frozen=True):
    """The draft. `note` says what it is and is not; `outside` are figures of the ledger, none where none was asked."""

    note: str
    made_at: str
    site: str
    owner: str
    population: int
    mode: str
    config: str
    policy: str
    purposes: tuple[str, ...]
    surfaces: tuple[Shown, ...]
    actors: tuple[str, ...]
    retention: tuple[Kept, ...]
    roles: tuple[str, ...]
    recipients: tuple[str, ...]
    safeguards: tuple[Safeguard, ...]
    incidents: tuple[Missed, ...]
    judgement: Judgement
    outside: dict[str, int | str] = {}


class _Incidents(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    incident: tuple[Incident, ...]


class _Risks(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    risks: dict[str, str]
    words: dict[str, tuple[str, ...]]


def _read(name: str, form: type[_T]) -> _T:
    text = (files(__package__) / name).read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), form)


@cache
def incidents() -> tuple[Incident, ...]:
    """Return the incidents whose lag was published, those that were found last first."""
    found = _read("incidents.toml", _Incidents).incident
    return tuple(sorted(found, key=lambda one: -one.most_days))


@cache
def risks() -> dict[str, str]:
    """Return the risks by name, in words."""
    return _read("risks.toml", _Risks).risks


@cache
def risks_of(field: str) -> tuple[str, ...]:
    """Return the risks that the name of a field points to, RISK-6 always.

    >>> risks_of("email")
    ('RISK-1', 'RISK-5', 'RISK-6')
    """
    words = set(re.split(r"[^a-z]+", field.lower()))
    known = _read("risks.toml", _Risks).words
    return (*(name for name, some in known.items() if words & set(some)), "RISK-6")
