"""The JSON of a decision as bouncers read it, and durations as Go writes them.

Source: the swagger file of CrowdSec's local API (crowdsecurity/crowdsec, pkg/models/localapi_swagger.yaml).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import msgspec

from himaya.gate.feeds.block import Block

#: What bouncers show as the origin of our decisions.
ORIGIN = "himaya"

#: What a bouncer is answered without a valid key, and what it takes for that.
FORBIDDEN = b'{"message":"access forbidden"}'


def go_duration(seconds: float) -> str:
    """Return a duration as Go's `Duration.String` writes it, in whole seconds away from zero, never "0s".

    Bouncers read hours, minutes, seconds in this order. One of them reads a fraction as a block without end, another
    takes zero for one.

    >>> go_duration(3600.2), go_duration(61), go_duration(0.3), go_duration(-90)
    ('1h0m1s', '1m1s', '1s', '-1m30s')
    """
    sign = "-" if seconds < 0 else ""
    minutes, rest = divmod(max(1, math.ceil(abs(seconds))), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{sign}{hours}h{minutes}m{rest}s"
    return f"{sign}{minutes}m{rest}s" if minutes else f"{sign}{rest}s"


def decision(block: Block, now: float) -> dict[str, Any]:
    """Return a decision in force. No reason and no name leaves but one word."""
    return _words(block, go_duration(max(block.until - now, 1.0)))


def deletion(block: Block, ended: float, now: float) -> dict[str, Any]:
    """Return a decision that is over since `ended`; only there durations are negative."""
    return _words(block, go_duration(min(ended - now, -1.0)))


def _words(block: Block, duration: str) -> dict[str, Any]:
    return {
        "id": block.number,
        "uuid": block.uuid,
        "origin": ORIGIN,
        "type": block.remedy,
        "scope": block.scope,
        "value": block.value,
        "duration": duration,
        "scenario": block.scenario,
        "simulated": False,
    }


def listing(decisions: Iterable[dict[str, Any]]) -> bytes:
    """Return decisions as a list; none are the literal null, which some bouncers compare the whole body with."""
    return msgspec.json.encode(list(decisions) or None)


def stream(new: Iterable[dict[str, Any]], deleted: Iterable[dict[str, Any]]) -> bytes:
    """Return what is new and what is over; none are null."""
    return msgspec.json.encode({"new": list(new) or None, "deleted": list(deleted) or None})


def message(text: str) -> bytes:
    """Return an error as bouncers read it."""
    return msgspec.json.encode({"message": text})
