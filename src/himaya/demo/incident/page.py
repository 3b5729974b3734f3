"""The page of the story: what happened when, the counts, the comparisons, and every file."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from himaya.demo.incident.residents import RULED, UNKNOWN
from himaya.demo.incident.tale import Chapter, Tale

PAGE = Path("incident.html")
_ENV = Environment(
    loader=PackageLoader("himaya.demo.incident"), autoescape=True, undefined=StrictUndefined
)


@cache
def _template() -> Template:
    return _ENV.get_template("incident.html")


def write_page(tale: Tale, chapters: list[Chapter]) -> None:
    """Write the page into the directory of the story."""
    text = _template().render(
        tale=tale,
        chapters=chapters,
        countries=[_country(tale, one) for one in tale.counted["countries"]],
        deadlines=[
            {**one, "after": tale.after.get(one["id"], "")} for one in tale.deadlines["deadlines"]
        ],
        notices=[_notice(one) for one in tale.notices],
        letters=sorted(Path("letters").iterdir()),
        evidence=tale.annex["annex"]["evidence"],
        clock=_clock,
    )
    PAGE.write_text(text, "utf-8")


def _country(tale: Tale, one: dict[str, Any]) -> dict[str, Any]:
    """Return a line of the count, with what was decided."""
    authority, people = tale.assessed[one["country"]]
    kind = "a rule" if one["country"] in RULED else "no rule in our table"
    unknown = one["country"] == UNKNOWN
    return {
        "name": "unknown residence" if unknown else one["country"],
        "rule": "ask counsel" if unknown else kind,
        "people": one["people"],
        "authority": authority,
        "told": people,
    }


def _notice(one: dict[str, Any]) -> dict[str, Any]:
    """Return a notice with its files, by language and form."""
    files = [
        (language, [f"notices/{one['id']}.{language}.{form}" for form in ("html", "pdf", "txt")])
        for language in one["languages"]
    ]
    there = [(language, [one for one in forms if Path(one).exists()]) for language, forms in files]
    return {**one, "forms": there}


def _clock(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S")
