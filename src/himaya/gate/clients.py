"""How many connections each client holds, so that none can take all places of a door."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv6Address

#: Connections past a client's bound that are told so before they are closed; further ones are cut.
_TOLD = 8


class Clients:
    """Counts connections by address, IPv6 by /64: whoever has one address of a /64 has all of them.

    There are as many entries as connections at most. `exempt` tells whose connections are not counted: a front door
    brings everybody's.
    """

    def __init__(self, most: int, exempt: Callable[[str], bool]) -> None:
        self.most = most
        self._exempt = exempt
        self._held: dict[str, int] = {}

    def enter(self, peer: str) -> str:
        """Count a connection; return what `leave` wants, "" when it is not counted."""
        if not peer or self._exempt(peer):
            return ""
        client = client_of(peer)
        self._held[client] = self._held.get(client, 0) + 1
        return client

    def leave(self, client: str) -> None:
        """A counted connection is over."""
        left = self._held[client] - 1
        if left:
            self._held[client] = left
        else:
            del self._held[client]

    def excess(self, client: str) -> int:
        """Return 0 when a client may have what it holds, 1 when it is to be told that it may not, 2 to be cut."""
        over = self._held.get(client, 0) - self.most
        return 0 if over <= 0 else 1 if over <= _TOLD else 2


def client_of(peer: str) -> str:
    """Return the address, or the /64 of an IPv6 address.

    >>> client_of("192.0.2.7"), client_of("2001:db8:1:2:3:4:5:6"), client_of("::ffff:192.0.2.7")
    ('192.0.2.7', '2001:db8:1:2::', '192.0.2.7')
    """
    if ":" not in peer:
        return peer
    address = IPv6Address(peer)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(IPv6Address(int(address) >> 64 << 64))
