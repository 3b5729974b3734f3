"""Indicators as one event in MISP's core format (draft-dulaunoy-misp-core-format): the same ones, the same bytes."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import msgspec

from himaya.response.exchange.indicators import Indicator, Indicators

_NAMESPACE = uuid5(NAMESPACE_URL, "urn:himaya:misp")

#: Type and category of each kind of indicator.
_TYPES = {
    "address": ("ip-src", "Network activity"),
    "network": ("ip-src", "Network activity"),
    "provider": ("AS", "Network activity"),
    "client class": ("text", "Other"),
    "tool": ("text", "Other"),
}


def event(told: Indicators, site: str) -> bytes:
    """Return the event, as JSON. It is for the receiver's organisation alone until somebody there says otherwise."""
    times = [one.first for one in told.found if one.first]
    practice = "PRACTICE: " if told.practice else ""
    at = _seconds(max((one.last for one in told.found if one.last), default=""))
    whole = {
        "Event": {
            "uuid": str(uuid5(_NAMESPACE, told.case)),
            "info": f"{practice}scraping of people's profiles, case {told.case} of {site}",
            "date": min(times, default="1970-01-01")[:10],
            "threat_level_id": "4",
            "analysis": "2",
            "distribution": "0",
            "published": False,
            "timestamp": at,
            "Attribute": [_attribute(one, told, at) for one in told.found],
        }
    }
    return msgspec.json.format(msgspec.json.encode(whole), indent=1) + b"\n"


def _attribute(one: Indicator, told: Indicators, at: str) -> dict[str, Any]:
    kind, category = _TYPES[one.kind]
    made = {
        "uuid": str(uuid5(_NAMESPACE, f"{told.case}\n{one.kind}\n{one.value}")),
        "type": kind,
        "category": category,
        "value": f"AS{one.value}" if kind == "AS" else one.value,
        "to_ids": one.kind == "address" and not told.practice,
        "comment": one.kind,
        "distribution": "5",
        "timestamp": _seconds(one.last) if one.last else at,
    }
    return made | ({"first_seen": one.first, "last_seen": one.last} if one.first else {})


def _seconds(text: str) -> str:
    return str(int(datetime.fromisoformat(text).timestamp())) if text else "0"
