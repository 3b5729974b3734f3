"""The past that a forecast decides again: access logs, or the ledger; and the cases known in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from himaya.config import Config
from himaya.core.errors import InputError
from himaya.core.facts import Facts
from himaya.core.surface import Surface
from himaya.ledger.forecasts import ENFORCE
from himaya.ledger.names import FOREVER
from himaya.ledger.reader import Reader
from himaya.watch.beside import beside
from himaya.watch.forecast import Forecast, without_key
from himaya.watch.ledger_rows import LedgerRows
from himaya.watch.loglines import LogLines

#: Actors of known cases, by the name of the case.
Known = Mapping[str, Sequence[str]]


class Policies(msgspec.Struct, frozen=True):
    """What is compared: the new configuration, the old one if any, and what the application told."""

    new: Config
    old: Config | None = None
    facts: Facts | None = None

    @property
    def surfaces(self) -> tuple[Surface, ...]:
        """Return the surfaces of both."""
        return self.new.surfaces + (self.old.surfaces if self.old else ())


def forecast_logs(
    names: Sequence[str], policies: Policies, known: Known, *, form: str = ""
) -> dict[str, Any]:
    """Return the forecast from access logs. Raises InputError for a log that cannot be read."""
    new, old = policies.new.policy(), policies.old.policy() if policies.old else None
    forecast = Forecast(new, old, policies.facts)
    lines = LogLines(policies.new, policies.surfaces, [new, *([old] if old else [])])
    lines.read(names, beside(forecast.add, policies.surfaces, forecast.engines), form=form)
    return {"source": "log", **lines.figures(), **forecast.outcome(known)}


def forecast_ledger(
    reader: Reader, policies: Policies, known: Known, start: int = 0, end: int = FOREVER
) -> dict[str, Any]:
    """Return the forecast from the rows of a ledger in a period (microseconds). Raises LedgerError."""
    old = policies.old.policy() if policies.old else None
    forecast = Forecast(policies.new.policy(), old, policies.facts, solves=without_key)
    for engine in forecast.engines:
        engine.accounts.assets.blind = True
    enforcing = [entry.policy for entry in reader.state().configs if entry.mode == ENFORCE]
    rows = LedgerRows(policies.new.surfaces, enforcing)
    rows.read(reader.rows(start, end), forecast.add)
    gaps = [
        {"from": gap.start, "to": gap.end, "why": gap.why} for gap in reader.unobserved(start, end)
    ]
    return {
        "source": "ledger",
        **rows.figures(),
        "unobserved": gaps,
        **forecast.outcome(known),
    }


class _Case(msgspec.Struct, forbid_unknown_fields=True):
    """One line of the file of known cases."""

    case: str
    actors: tuple[str, ...]


def read_known(path: Path) -> dict[str, tuple[str, ...]]:
    """Return the known cases of a file: JSON lines with `case` and `actors` (as reports name them).

    A case that stands on several lines is joined. Raises InputError with file and line.
    """
    try:
        lines = path.read_bytes().splitlines()
    except OSError as problem:
        raise InputError(f"cannot be read: {problem.strerror}", file=str(path)) from None
    found: dict[str, tuple[str, ...]] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            one = msgspec.json.decode(line, type=_Case)
        except (msgspec.DecodeError, UnicodeDecodeError) as problem:
            raise InputError(f"not a known case: {problem}", file=str(path), line=number) from None
        joined = (*found.get(one.case, ()), *one.actors)
        found[one.case] = tuple(dict.fromkeys(joined))
    return found
