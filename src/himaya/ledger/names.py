"""How people name what they ask about: `account:u777`, `address:203.0.113.9`, dates and times."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from ipaddress import ip_network

from himaya.core.actor import canonical_address, prefix_of
from himaya.core.errors import InputError
from himaya.ledger.schema import micros

#: The facets an actor can be asked for.
FACETS = ("account", "key", "session", "address", "prefix")

#: Later than any row: periods do not include their end.
FOREVER = micros(float("inf")) + 1


def parse_actor(text: str) -> tuple[str, str]:
    """Return facet and name of an actor such as `account:u777`. Raises InputError."""
    facet, colon, name = text.partition(":")
    if facet not in FACETS or not colon or not name:
        forms = "account:NAME, key:NAME, session:NAME, address:203.0.113.9 or prefix:203.0.113.0/24"
        raise InputError(f"{text!r} names no actor; write {forms}")
    if facet == "address":
        name = canonical_address(name) or _refuse(text, "an address")
    if facet == "prefix":
        name = _network(text, name)
    return facet, name


def _network(text: str, name: str) -> str:
    """Return the network as rows name it: /24 for IPv4, /48 for IPv6."""
    try:
        network = ip_network(name if "/" in name else prefix_of(name), strict=False)
    except ValueError:
        return _refuse(text, "a network")
    if network.prefixlen != (24 if network.version == 4 else 48):
        return _refuse(text, "a /24 (IPv4) or /48 (IPv6) network")
    return str(network)


def _refuse(text: str, what: str) -> str:
    raise InputError(f"{text!r} is not {what}")


def parse_time(text: str | None, *, end: bool = False) -> int:
    """Return an ISO 8601 date or time as microseconds; without a zone it is UTC.

    None is the beginning, or with `end` the end, of all time. With `end` a bare date means the whole of that day.
    Raises InputError.
    """
    if text is None:
        return FOREVER if end else 0
    try:
        if len(text) == 10:
            day = date.fromisoformat(text) + timedelta(days=1 if end else 0)
            moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
        else:
            moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as problem:
        raise InputError(
            f"{text!r} is no time; write 2025-01-31 or 2025-01-31T12:00:00Z"
        ) from problem
    return micros((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
