"""An alert: something that needs somebody, in words that name nobody.

An `Occurrence` is what happened once; it may hold names, which stay inside. An `Alert` is what is written down of one
or more occurrences; a `Message` is what a channel sends of it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Literal

import msgspec

from himaya.config.types import Severity

#: Severities, the weakest first.
SEVERITIES: tuple[Severity, ...] = ("low", "medium", "high")

#: Why a message is sent.
Event = Literal["opened", "escalated", "test"]

#: The longest text of an alert, in characters.
MAX_TEXT = 600

#: Names kept of one occurrence; a finding has more in its case.
MAX_NAMES = 100


class Kind(StrEnum):
    """What happened. `docs/alerts.md` explains each."""

    FINDING = "finding"
    FIELD = "field"
    SURGE = "surge"
    EXHAUSTION = "exhaustion"
    CASE = "case"
    SILENCE = "silence"
    GATE = "gate"
    FAIL_OPEN = "fail_open"
    GAP = "gap"
    LEDGER = "ledger"
    DISK = "disk"
    KEY = "key"
    ANCHOR = "anchor"
    DEADLINE = "deadline"
    LETTER = "letter"
    TEST = "test"


class Occurrence(msgspec.Struct, frozen=True):
    """Something that happened at `at` (epoch seconds).

    Occurrences of one `kind` and `what` are one alert. `text` says it in plain words without a name, address, session
    or path; `see` is the command that shows more inside. `names` are the actors it is about (`account:u777`); they
    are never sent. `again_s` overrides how long the same thing counts up (0: as configured). `to_owner`: it waited for
    somebody already, and is sent as escalated.
    """

    kind: Kind
    what: str
    severity: Severity
    at: float
    text: str
    see: str
    reference: str = ""
    names: tuple[str, ...] = ()
    again_s: float = 0.0
    to_owner: bool = False


class Alert(msgspec.Struct, frozen=True):
    """An alert as it is written down. Times are when it was noticed, epoch seconds, 0 for never."""

    id: int
    kind: str
    severity: Severity
    opened: float
    last: float
    count: int
    text: str
    see: str
    reference: str
    acknowledged: float = 0.0
    by: str = ""
    escalated: float = 0.0

    @property
    def is_open(self) -> bool:
        """Tell whether nobody has acknowledged it."""
        return not self.acknowledged


class Message(msgspec.Struct, frozen=True):
    """What a channel sends: the alert, why it is sent, and by which site. Times are ISO 8601 UTC."""

    event: Event
    site: str
    id: int
    kind: str
    severity: Severity
    opened: str
    last: str
    count: int
    text: str
    see: str
    reference: str

    @classmethod
    def of(cls, alert: Alert, event: Event, site: str) -> Message:
        """Return the message about an alert."""
        return cls(
            event,
            site,
            alert.id,
            alert.kind,
            alert.severity,
            iso(alert.opened),
            iso(alert.last),
            alert.count,
            alert.text,
            alert.see,
            alert.reference,
        )


def iso(at: float) -> str:
    """Return epoch seconds as ISO 8601 UTC, "" for 0."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds") if at else ""


def reaches(severity: Severity, least: Severity) -> bool:
    """Tell whether a severity is at least another."""
    return SEVERITIES.index(severity) >= SEVERITIES.index(least)
