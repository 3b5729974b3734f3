"""Closed sets: the only values that labels may have.

A label never holds what a visitor, an application or a worker sent: whatever is in none of these sets becomes
"other". So no person, actor, address or path can stand in a metric, and a hostile client makes no new series.
"""

from __future__ import annotations

from himaya.core.budget import KEY_OF
from himaya.core.policy import Detectors

OTHER = "other"
#: A surface that is none: the route shows nobody.
NONE = "none"

DETECTORS = frozenset(Detectors.__struct_fields__) | {"exhaustion"}
RULES = DETECTORS | {"budget"}
PRINCIPALS = frozenset(KEY_OF)
WINDOWS = frozenset({"", "hour", "day", "month"})

#: How gaps begin in words, and what class of reasons that is.
_GAPS = (
    ("switched off", "off"),
    ("the gate was not running", "stopped"),
    ("the writer stopped", "killed"),
    ("the ledger could not be written", "ledger"),
)
GAP_REASONS = frozenset({"off", "stopped", "killed", "ledger", "door", "log"})


def of(value: str, known: frozenset[str]) -> str:
    """Return a value that is in a closed set, else `other`.

    >>> of("budget", RULES), of("account:u777", PRINCIPALS)
    ('budget', 'other')
    """
    return value if value in known else OTHER


def gap_reason(why: str, door: str = "") -> str:
    """Return the class of an unobserved period: `why` in words, `door` where one could not ask.

    >>> gap_reason("switched off: an incident"), gap_reason("no answer", "wsgi"), gap_reason("nginx was told 502")
    ('off', 'door', 'log')
    """
    for begins, reason in _GAPS:
        if why.startswith(begins):
            return reason
    return "door" if door else "log"
