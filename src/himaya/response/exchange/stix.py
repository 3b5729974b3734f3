"""Indicators as a STIX 2.1 bundle (OASIS, 10 June 2021). The same indicators give the same bytes and the same ids."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec

from himaya.response.exchange.indicators import Indicator, Indicators

#: Ids are UUIDv5 of a namespace of ours: section 2.9 keeps its own namespace for cyber-observable objects.
_NAMESPACE = uuid5(NAMESPACE_URL, "urn:himaya:indicators")


def bundle(told: Indicators, site: str) -> bytes:
    """Return the bundle, as JSON."""
    times = [one.first for one in told.found if one.first]
    first = _time(min(times, default="1970-01-01T00:00:00Z"))
    author = _identity(site, first)
    made = [author, *(_object(one, author["id"], first, told) for one in told.found)]
    ids = "".join(str(one["id"]) for one in made)
    whole = {"type": "bundle", "id": f"bundle--{_id(told.case, ids)}", "objects": made}
    return msgspec.json.format(msgspec.json.encode(whole), indent=1) + b"\n"


def _id(*parts: str) -> UUID:
    return uuid5(_NAMESPACE, "\n".join(parts))


def _identity(site: str, first: str) -> dict[str, Any]:
    return {
        "type": "identity",
        "spec_version": "2.1",
        "id": f"identity--{_id('identity', site)}",
        "created": first,
        "modified": first,
        "name": site,
        "identity_class": "organization",
    }


def _object(one: Indicator, author: str, first: str, told: Indicators) -> dict[str, Any]:
    kind = "indicator" if one.kind in {"address", "network", "provider"} else "tool"
    made = {
        "type": kind,
        "spec_version": "2.1",
        "id": f"{kind}--{_id(told.case, one.kind, one.value)}",
        "created_by_ref": author,
        "created": _time(one.first) if one.first else first,
        "modified": _time(one.last) if one.last else first,
        "name": f"{one.kind} {one.value}",
        "labels": ["scraping", *(["practice"] if told.practice else [])],
    }
    if kind == "tool":
        return made
    pattern = {"pattern": _pattern(one), "pattern_type": "stix", "valid_from": made["created"]}
    return made | {"indicator_types": ["anomalous-activity"]} | pattern


def _pattern(one: Indicator) -> str:
    if one.kind == "provider":
        return f"[autonomous-system:number = {int(one.value)}]"
    version = ip_network(one.value).version
    how = "ISSUBSET" if one.kind == "network" else "="
    return f"[ipv{version}-addr:value {how} '{one.value}']"


def _time(text: str) -> str:
    """Return a time as STIX writes it: RFC 3339, UTC, milliseconds (section 3.16)."""
    head, _, rest = text.removesuffix("Z").partition(".")
    return f"{head}.{(rest + '000')[:3]}Z"
