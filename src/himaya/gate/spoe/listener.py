"""Where HAProxy asks: a Unix socket or a port, who may connect to it, and what is counted.

SPOP has no secret: whoever reaches the socket can speak for HAProxy. So it is a Unix socket, a port of loopback, or a
port that only named networks may ask at.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from ipaddress import ip_address, ip_network

from himaya.core.actor import canonical_address
from himaya.core.errors import ConfigError
from himaya.gate.limits import Limits
from himaya.gate.listener import Listening
from himaya.gate.spoe.agent import Agent
from himaya.gate.spoe.values import Status
from himaya.gate.verdicts import Verdicts

log = logging.getLogger(__name__)

_LOOPBACK = ("127.0.0.0/8", "::1/128")


class SpoeListener(Listening[Agent]):
    """Listens for HAProxy; `networks` may ask beside loopback.

    `counts`: connections, checks, questions, unclear questions, idle ends, broken connections and `broken_STATUS`.
    """

    key = "gate.spoe_listen"

    def __init__(self, verdicts: Verdicts, limits: Limits, networks: Sequence[str] = ()) -> None:
        super().__init__(limits)
        self.verdicts = verdicts
        self.counts: Counter[str] = Counter()
        self._networks = [ip_network(text, strict=False) for text in (*_LOOPBACK, *networks)]

    def connection(self) -> asyncio.Protocol:
        """Return the protocol of a new connection."""
        return Agent(self)

    def count(self, what: str, status: Status = Status.NORMAL) -> None:
        """Count something that happened; the first broken connection of each status is logged."""
        self.counts[what] += 1
        if status is not Status.NORMAL:
            kind = f"broken_{status.name.lower()}"
            self.counts[kind] += 1
            if self.counts[kind] == 1:
                log.warning("a connection of SPOE was ended with status %d", status)

    def lets_in(self, peer: str) -> bool:
        """Tell whether a peer ("" on a Unix socket) may ask."""
        if not peer:
            return True
        address = ip_address(canonical_address(peer) or "::")
        return any(address in one for one in self._networks if one.version == address.version)


def check_place(listen: str, networks: Sequence[str], file: str = "") -> None:
    """Refuse a port that others can reach where no network is named. Raises ConfigError."""
    if listen.startswith("unix:") or networks or _is_loopback(listen):
        return
    raise ConfigError(
        f"SPOE has no secret, and {listen} can be reached from elsewhere: whoever does could speak for HAProxy.",
        file=file,
        key=SpoeListener.key,
        hint="Listen on unix:/path or 127.0.0.1:port, or name the networks of HAProxy in gate.spoe_from.",
    )


def _is_loopback(listen: str) -> bool:
    host = listen.rpartition(":")[0].strip("[]")
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
