"""Which crawler an agent string claims to be. A claim is only a claim: a log proves none of them."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from importlib.resources import files

import msgspec

#: Agent strings of browsers have none of these; everything else is looked up in the table.
_HINT = re.compile(
    r"bot|crawl|spider|slurp|fetch|archive|preview|monitor|check|scan|google|yandex|bing|face"
    r"|https?:|www\.|\+|@|feed|reader|index",
    re.IGNORECASE,
)

#: A crawler that is in no table but says what it is.
_SELF_NAMED = re.compile(
    r"((?!robot\b)[A-Za-z][\w.-]{0,30}(?:bot|crawler|spider))(?![a-z])", re.IGNORECASE
)

#: Where a crawler is not in the table.
OTHER = "other"


class _Table(msgspec.Struct):
    crawlers: list[tuple[str, str, str]]
    source: str
    licence: str


@cache
def _table() -> tuple[re.Pattern[str], list[tuple[str, str]]]:
    text = files("himaya.watch").joinpath("data/crawlers.json").read_bytes()
    table = msgspec.json.decode(text, type=_Table).crawlers
    pattern = re.compile("|".join(f"({each})" for _, _, each in table), re.IGNORECASE)
    return pattern, [(name, category) for name, category, _ in table]


@lru_cache(maxsize=20_000)
def claimed_crawler(agent: str) -> str:
    """Return the name of the crawler that an agent string claims to be, "" when it claims none."""
    if not _HINT.search(agent):
        return ""
    pattern, names = _table()
    found = pattern.search(agent[:500])
    if found and found.lastindex:
        return names[found.lastindex - 1][0]
    named = _SELF_NAMED.search(agent[:500])
    return named[1] if named else ""


def category_of(name: str) -> str:
    """Return what a crawler is for (search-engine, ai, social, ...), `other` when not in the table."""
    return _categories().get(name, OTHER)


@cache
def _categories() -> dict[str, str]:
    return dict(_table()[1])
