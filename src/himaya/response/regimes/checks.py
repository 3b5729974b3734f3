"""What must hold of a regime beyond its types."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from zoneinfo import ZoneInfo

from himaya.config.decode import Problem
from himaya.config.words import nearest
from himaya.response.cases.rules import CLOCKS
from himaya.response.regimes.contents import CONTENTS
from himaya.response.regimes.regime import GROUPS, Calendar, Limit, Mark, Notice, Regime

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_COUNTRY = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")
#: A limit longer than this is a mistake of the unit.
_MOST = 3660
_WEEK = 7

_Place = tuple[str | int, ...]


def problems_of(regime: Regime, name: str) -> Iterator[Problem]:
    """Yield what is wrong with a regime that was read from the file `name`.toml."""
    yield from _head(regime, name)
    yield from _dates(regime)
    yield from _notice(regime, regime.to_authority, "to_authority")
    yield from _notice(regime, regime.to_people, "to_people")
    yield from _calendar(regime.calendar)
    if regime.records.counted_from and regime.records.counted_from not in CLOCKS:
        said = f'"{regime.records.counted_from}" is no clock of a case.'
        yield Problem(("records", "counted_from"), said)
    yield from _evidence(regime.evidence, ("evidence",))
    for group in GROUPS:
        if group not in regime.evidence:
            yield Problem(("evidence",), f'"{group}" has no mark.', "Say how it is known.")
    for at, version in enumerate(regime.versions):
        place = ("versions", at)
        yield from _limits(regime, version.authority or (), (*place, "authority"))
        yield from _limits(regime, version.people or (), (*place, "people"))
        yield from _evidence(version.evidence, (*place, "evidence"))


def _head(regime: Regime, name: str) -> Iterator[Problem]:
    if not _ID.fullmatch(regime.id):
        yield Problem(("id",), "expected small letters, digits and hyphens.")
    elif regime.id != name:
        yield Problem(("id",), f'"{regime.id}" does not fit its file, {name}.toml.')
    if not regime.countries:
        yield Problem(("countries",), "a regime is of at least one country.")
    for at, code in enumerate(regime.countries):
        if not _COUNTRY.fullmatch(code):
            hint = 'Write "ES", or "CA-QC" for a part.'
            yield Problem(("countries", at), f'"{code}" is no code of ISO 3166.', hint)
    if not _is_zone(regime.time_zone):
        yield Problem(("time_zone",), f'"{regime.time_zone}" is not known to this system.')
    if not regime.sources:
        yield Problem(("sources",), "an entry names at least one source.")
    for at, source in enumerate(regime.sources):
        if not source.url.startswith(("https://", "http://")):
            yield Problem(("sources", at, "url"), "expected http://... or https://...")


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # ZoneInfoNotFoundError is a KeyError
        return False
    return True


def _dates(regime: Regime) -> Iterator[Problem]:
    if regime.review_days < 1:
        yield Problem(("review_days",), "expected at least one day.")
    if regime.review_by is not None and regime.review_by < regime.as_of:
        yield Problem(("review_by",), f"it lies before as_of, {regime.as_of}.")
    days = [version.valid_from for version in regime.versions]
    for at, (before, day) in enumerate(pairwise(days), 1):
        if day <= before:
            place = ("versions", at, "valid_from")
            yield Problem(place, f"versions stand in order; it is not after {before}.")


def _notice(regime: Regime, notice: Notice, name: str) -> Iterator[Problem]:
    for at, content in enumerate(notice.contents):
        if content not in CONTENTS:
            hint = nearest(content, list(CONTENTS))
            yield Problem((name, "contents", at), f'"{content}" is no element of a notice.', hint)
    if notice.form_url and not notice.form_url.startswith(("https://", "http://")):
        yield Problem((name, "form_url"), "expected http://... or https://...")
    if notice.least_people < 0:
        yield Problem((name, "least_people"), "expected 0 or more.")
    yield from _limits(regime, notice.limits, (name, "limits"))


def _limits(regime: Regime, limits: tuple[Limit, ...], place: _Place) -> Iterator[Problem]:
    for at, limit in enumerate(limits):
        yield from _limit(regime, limit, (*place, at))


def _limit(regime: Regime, limit: Limit, place: _Place) -> Iterator[Problem]:
    if limit.clock not in CLOCKS:
        hint = nearest(limit.clock, list(CLOCKS)) or f"There are: {', '.join(CLOCKS)}."
        yield Problem((*place, "clock"), f'"{limit.clock}" is no clock of a case.', hint)
    if bool(limit.unit) != bool(limit.amount):
        yield Problem((*place, "amount"), "a number has a unit, and words have neither.")
    elif not 0 <= limit.amount <= _MOST:
        yield Problem((*place, "amount"), f"expected 0 to {_MOST}, got {limit.amount}.")
    if limit.unit == "business_days" and not regime.calendar.holidays:
        hint = "Name the country of its holidays in [calendar] holidays."
        yield Problem((*place, "unit"), "business days need a calendar.", hint)


def _calendar(calendar: Calendar) -> Iterator[Problem]:
    days = calendar.weekend
    is_week = all(0 <= day < _WEEK for day in days) and len(set(days)) == len(days) < _WEEK
    if not is_week:
        place = ("calendar", "weekend")
        yield Problem(place, "expected days from 0 (Monday) to 6, each once, and not all of them.")
    if calendar.subdivision and not calendar.holidays:
        yield Problem(("calendar", "subdivision"), "a part needs its country in holidays.")


def _evidence(evidence: dict[str, Mark], place: _Place) -> Iterator[Problem]:
    for group in evidence:
        if group not in GROUPS:
            hint = nearest(group, list(GROUPS)) or f"There are: {', '.join(GROUPS)}."
            yield Problem((*place, group), "there is no such group of fields.", hint)
