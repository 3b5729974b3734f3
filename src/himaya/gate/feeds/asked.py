"""What a bouncer asks for: the filters of `/v1/decisions` and of `/v1/decisions/stream`.

Names and defaults are those of CrowdSec's local API. A filter we do not know is ignored, as newer bouncers send more.
"""

from __future__ import annotations

from ipaddress import ip_network
from urllib.parse import parse_qsl

import msgspec

from himaya.core.errors import InputError
from himaya.gate.feeds.block import Block, Network
from himaya.gate.feeds.wire import ORIGIN

#: Scopes that a stream is of when nothing is said.
_SCOPES = ("ip", "range")

#: Filters in one question; what has more is no question of a bouncer.
_MOST = 64


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The filters of one question. Scopes and types are in lower case; empty filters let everything pass."""

    startup: bool = False
    scopes: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    containing: tuple[str, ...] = ()
    not_containing: tuple[str, ...] = ()
    value: str = ""
    network: Network | None = None
    contains: bool = True

    def takes(self, block: Block) -> bool:
        """Tell whether a decision is asked for."""
        return (
            (not self.scopes or block.scope.lower() in self.scopes)
            and (not self.origins or ORIGIN in self.origins)
            and (not self.types or block.remedy in self.types)
            and (not self.value or block.value == self.value)
            and (not self.containing or any(w in block.scenario for w in self.containing))
            and not any(word in block.scenario for word in self.not_containing)
            and (self.network is None or self._touches(ip_network(block.value), self.network))
        )

    def _touches(self, listed: Network, asked: Network) -> bool:
        if listed.version != asked.version:
            return False
        wide, narrow = (listed, asked) if self.contains else (asked, listed)
        return (
            wide.prefixlen <= narrow.prefixlen
            and narrow.network_address in wide  # both are of one version
        )


def read_stream(query: str) -> Asked:
    """Return what a stream question asks for. Raises InputError."""
    told = _pairs(query)
    return Asked(
        startup=_truth(told, "startup", default=False),
        scopes=tuple(one.lower() for one in _list(told, "scopes")) or _SCOPES,
        origins=_list(told, "origins"),
        containing=_list(told, "scenarios_containing"),
        not_containing=_list(told, "scenarios_not_containing"),
    )


def read_list(query: str) -> Asked:
    """Return what a question for a list asks for. Raises InputError."""
    told = _pairs(query)
    scopes = (*_list(told, "scope"), *_list(told, "scopes"))
    return Asked(
        scopes=tuple(one.lower() for one in scopes),
        origins=_list(told, "origins"),
        types=tuple(one.lower() for one in _list(told, "type")),
        containing=_list(told, "scenarios_containing"),
        not_containing=_list(told, "scenarios_not_containing"),
        value=told.get("value", ""),
        network=_network(told.get("ip") or told.get("range") or ""),
        contains=_truth(told, "contains", default=True),
    )


def _pairs(query: str) -> dict[str, str]:
    try:
        return dict(parse_qsl(query, max_num_fields=_MOST))
    except ValueError:
        raise InputError("too many filters") from None


def _list(told: dict[str, str], name: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in told.get(name, "").split(",") if part.strip())


def _truth(told: dict[str, str], name: str, *, default: bool) -> bool:
    """Return a boolean as Go's `strconv.ParseBool` reads it. Raises InputError."""
    word = told.get(name, "")
    if not word:
        return default
    if word in {"1", "t", "T", "TRUE", "true", "True"}:
        return True
    if word in {"0", "f", "F", "FALSE", "false", "False"}:
        return False
    raise InputError(f"{name} is neither true nor false")


def _network(text: str) -> Network | None:
    if not text:
        return None
    try:
        return ip_network(text, strict=False)
    except ValueError:
        raise InputError("ip or range is no address and no network") from None
