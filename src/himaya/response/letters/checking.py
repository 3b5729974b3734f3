"""An annex beside the ledger it came from: the same counts, fewer by retention, or others.

The rows are counted anew, for the actors and the period that were asked for when the letter was drafted, up to that
moment. What retention removed since, and people who were erased since, explain a difference; nothing else does.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

import msgspec

from himaya.ledger.names import FOREVER
from himaya.ledger.reader import Reader
from himaya.ledger.schema import DAY_S, iso
from himaya.ledger.state import State
from himaya.response.letters.annex import Annex
from himaya.response.letters.evidence import About, Evidence, Part, gather

#: same: every count and the digest; retention: fewer rows, of days that retention was at; erased: the same rows, with
#: people who have other numbers since; other: anything else.
Verdict = Literal["same", "retention", "erased", "other"]
_WHOLE = ("people", "rows", "answers", "first", "last", "unattributed", "misses", "digest")
_PLACES = ("networks_in_all", "addresses_in_all")
_LISTS = ("access", "fields", "surfaces", "days", "terms")


class Difference(msgspec.Struct, frozen=True):
    """One figure: what the annex says and what the ledger says now."""

    what: str
    annex: int | str
    ledger: int | str


class Checked(msgspec.Struct, frozen=True):
    """What came of it. `removed` rows are gone, of days before `before` (an ISO date, "" where retention removed none).

    `erased`: how many erasures there were since the annex was made.
    """

    verdict: Verdict
    differences: list[Difference]
    removed: int
    before: str
    erased: int


def check_annex(reader: Reader, annex: Annex, asked: About) -> Checked:
    """Return how an annex stands to the ledger; whoever asks records the use. Raises LedgerError."""
    now = gather(reader, _until(asked, annex))
    return compare(annex.evidence, now, *_since(reader.state(), annex.made))


def _until(asked: About, annex: Annex) -> About:
    """Return what was asked for, without what came after the annex was made."""
    if asked.end != FOREVER:
        return asked
    last = max(_micros(annex.made), _micros(annex.evidence.last) + 1)
    return msgspec.structs.replace(asked, end=last)


def _micros(time: str) -> int:
    return int(datetime.fromisoformat(time).timestamp() * 1_000_000)


def _since(state: State, made: str) -> tuple[str, int]:
    """Return the day before which retention removed rows, "" for none, and the erasures since the annex was made."""
    day = max(state.removed, state.archived)
    before = iso(day * DAY_S * 1_000_000)[:10] if day else ""
    erased = sum(_micros(one.at) >= _micros(made) for one in state.erasures)
    return before, erased


def compare(then: Evidence, now: Evidence, before: str, erased: int) -> Checked:
    """Return how evidence of `then` stands to that of `now`; `before` and `erased` as `Checked` has them."""
    different = list(_differences(then, now))
    removed = max(0, then.rows - now.rows)
    verdict: Verdict = "other"
    if not different:
        verdict = "same"
    elif all(_is_explained(*pair, before, erased) for pair in _days(then, now)):
        verdict = "retention" if removed else "erased" if erased else "other"
    return Checked(verdict, different, removed, before, erased)


def _days(then: Evidence, now: Evidence) -> Iterator[tuple[Part, Part]]:
    """Yield each day as it was and as it is."""
    was, is_now = ({one.name: one for one in found.days} for found in (then, now))
    for day in sorted(was.keys() | is_now.keys()):
        none = Part(day, 0, 0)
        yield was.get(day, none), is_now.get(day, none)


def _is_explained(was: Part, is_now: Part, before: str, erased: int) -> bool:
    if was.name < before:
        return is_now.rows <= was.rows
    return was == is_now or (erased > 0 and was.rows == is_now.rows)


def _differences(then: Evidence, now: Evidence) -> Iterator[Difference]:
    was, is_now = dict(_figures(then)), dict(_figures(now))
    for what in dict.fromkeys((*was, *is_now)):
        pair = was.get(what, 0), is_now.get(what, 0)
        if pair[0] != pair[1]:
            yield Difference(what, *pair)


def _figures(found: Evidence) -> Iterator[tuple[str, int | str]]:
    """Yield each figure that is compared, by name. Periods that were not observed are known later at times."""
    for name in (*_WHOLE, *_PLACES):
        yield name, getattr(found, name)
    for name in _LISTS:
        for part in getattr(found, name):
            for count in ("rows", "people", "actors"):
                yield f"{name} {part.name or '-'}: {count}", getattr(part, count)
    for name, value in msgspec.structs.asdict(found.circumvention).items():
        yield f"circumvention: {name}", value
