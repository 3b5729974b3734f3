"""The page of a report: rendered from its data, written in one step."""

from __future__ import annotations

import os
from functools import cache, partial
from pathlib import Path

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from himaya._version import __version__
from himaya.core.errors import ServiceError
from himaya.evidence import words
from himaya.evidence.data import FindingRow, ReportData
from himaya.evidence.plots.actor_days import actor_days, day_budgets, sentence
from himaya.evidence.plots.obtained import drawn, obtained
from himaya.evidence.story import limits, story

#: Widths of the two drawings of each plot, in CSS pixels.
WIDE, NARROW = 984, 380
#: Column names under which figures stand, set flush right.
NUMERIC = frozenset(
    {
        *("People", "Disclosures", "Unattributed", "Addresses", "Requests", "Fastest hour"),
        *("Fastest day", "Value", "Threshold", "Raised", "Hour", "Day", "Month", "Line"),
        *("Without", "With"),
    }
)
#: No single text on a page is longer than this, wherever it came from.
LONGEST = 2000
_NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC


class Rows(msgspec.Struct, frozen=True):
    """The most rows a page shows of each table, so that hostile input cannot make it endless."""

    actors: int = 200
    findings_each: int = 8
    findings: int = 200
    groups: int = 100
    crawlers: int = 15
    notices: int = 30
    members: int = 12
    surfaces: int = 100
    periods: int = 100
    malformed: int = 20


class Drawing(msgspec.Struct, frozen=True):
    """One plot, drawn twice: for a desk or paper, and for a telephone."""

    wide: Markup
    narrow: Markup


def write_page(data: ReportData, path: Path, rows: Rows | None = None) -> None:
    """Write the page to `path`, readable by its owner alone, replacing it in one step.

    Raises ServiceError when the file cannot be written.
    """
    page = render(data, rows).encode()
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(beside, _NEW, 0o600), "wb") as file:
            file.write(page)
        beside.replace(path)
    except OSError as problem:
        beside.unlink(missing_ok=True)
        reason = problem.strerror or "no reason given"
        raise ServiceError(f"The report cannot be written to {path}: {reason}.") from problem


def render(data: ReportData, rows: Rows | None = None) -> str:
    """Return the page as text."""
    return (
        environment()
        .get_template("report.html.j2")
        .render(
            data=data,
            rows=rows or Rows(),
            version=__version__,
            story=story(data),
            stamp=partial(words.stamp, exact=data.exact),
            limits=limits(data),
            budgets=_budgets(data),
            findings=_findings(data),
            obtained=_both(obtained(data, WIDE), obtained(data, NARROW)),
            has_quiet=any(not series.found for series in drawn(data)),
            days=_both(actor_days(data, WIDE), actor_days(data, NARROW)),
            day_sentences=_day_sentences(data),
        )
    )


def _both(wide: Markup | None, narrow: Markup | None) -> Drawing | None:
    return Drawing(wide, narrow) if wide and narrow else None


def _findings(data: ReportData) -> list[tuple[str, FindingRow]]:
    found = [(actor.actor, finding) for actor in data.actors for finding in actor.findings]
    return sorted((pair for pair in found if pair[1].at is not None), key=_when) + [
        pair for pair in found if pair[1].at is None
    ]


def _when(pair: tuple[str, FindingRow]) -> float:
    return pair[1].at or 0.0


def _budgets(data: ReportData) -> list[tuple[str, dict[str, float]]]:
    """Return one row per principal with its windows."""
    found: dict[str, dict[str, float]] = {}
    for budget in data.budgets:
        found.setdefault(budget.principal, {})[budget.window] = budget.people
    return list(found.items())


def _day_sentences(data: ReportData) -> list[str]:
    return [sentence(k, day_budgets(data, k.kind)) for k in data.actor_days if k.counts]


@cache
def environment() -> Environment:
    """Return what fills the templates: everything is escaped, a missing name is an error."""
    made = Environment(
        loader=PackageLoader("himaya.evidence"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
    )
    filters = (words.number, words.iso, words.span, words.clip, words.counted, members)
    made.filters.update({one.__name__: one for one in filters})
    style = PackageLoader("himaya.evidence").get_source(made, "report.css")[0]
    made.globals["style"] = Markup(style)  # noqa: S704  our own file, nothing foreign in it
    made.globals["numeric"] = NUMERIC
    return made


def _shown(value: object) -> object:
    return words.visible(words.clip(value, LONGEST)) if type(value) is str else value


def members(names: tuple[str, ...], most: int) -> str:
    """Return the names of a group, at most `most` of them."""
    shown = ", ".join(words.clip(name, 80) for name in names[:most])
    left = len(names) - most
    return f"{shown} and {words.number(left)} more" if left > 0 else shown
