"""Alerts of CrowdSec as `cscli alerts list -o json` prints them: whose addresses, which scenario, when.

Fields as in CrowdSec's local API, `Alert` and `Source` (MIT); what is not named here is passed over.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import msgspec

from himaya.core.errors import InputError
from himaya.ledger.names import parse_time
from himaya.response.exchange.found import Found, read

#: Scenarios that are named in words.
_NAMED = 5


class _Source(msgspec.Struct):
    scope: str = ""
    value: str = ""
    ip: str = ""
    range: str = ""


class _Alert(msgspec.Struct):
    scenario: str = ""
    start_at: str = ""
    stop_at: str = ""
    source: _Source | None = None


def read_alerts(path: Path) -> Found:
    """Return what a file of alerts names. Raises InputError with the file and what is wrong."""
    try:
        alerts = msgspec.json.decode(read(path), type=list[_Alert] | None)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise InputError(
            f"is no list of alerts as `cscli alerts list -o json` prints it: {problem}",
            file=str(path),
        ) from problem
    found, scenarios = Found(entries=len(alerts or [])), Counter[str]()
    for number, alert in enumerate(alerts or [], 1):
        _take(found, alert, path, number)
        scenarios[alert.scenario or "no scenario"] += 1
    if not found.names:
        raise InputError("names no address or network", file=str(path))
    found.about = [f"{name} ({times})" for name, times in scenarios.most_common(_NAMED)]
    return found


def _take(found: Found, alert: _Alert, path: Path, number: int) -> None:
    source = alert.source or _Source()
    scope = source.scope.casefold()
    try:
        if scope == "ip":
            found.add("address", source.ip or source.value)
        elif scope == "range":
            found.add("prefix", source.range or source.value)
        else:
            found.unusable += 1
            return
        found.seen(*(parse_time(at) for at in (alert.start_at, alert.stop_at) if at))
    except InputError as problem:
        raise InputError(f"alert {number}: {problem}", file=str(path)) from problem
