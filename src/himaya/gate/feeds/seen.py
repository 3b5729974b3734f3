"""Which accounts come from which address right now: what no row of the ledger says yet, or ever.

Rows are of people shown. Somebody who is signed in and looks at nobody has none, and would be shut out with the others.
"""

from __future__ import annotations

from collections import OrderedDict
from ipaddress import ip_address

from himaya.core.actor import Actor
from himaya.gate.feeds.block import Network

#: Addresses, and accounts of one, that are remembered; whoever is unseen for longest leaves.
MOST_ADDRESSES, MOST_ACCOUNTS = 50_000, 100


class Seen:
    """The last accounts of the last addresses, bounded. Belongs to one thread."""

    def __init__(self, most: int = MOST_ADDRESSES, accounts: int = MOST_ACCOUNTS) -> None:
        """Remember nobody yet."""
        self._most, self._accounts = most, accounts
        self._places: OrderedDict[str, OrderedDict[str, tuple[float, Actor]]] = OrderedDict()

    def note(self, actor: Actor, now: float) -> None:
        """Note who asks from where; only who is signed in counts."""
        if not actor.account or not actor.address:
            return
        there = self._places.get(actor.address)
        if there is None:
            there = self._places[actor.address] = OrderedDict()
            if len(self._places) > self._most:
                self._places.popitem(last=False)
        else:
            self._places.move_to_end(actor.address)
        there[actor.account] = (now, actor)
        there.move_to_end(actor.account)
        if len(there) > self._accounts:
            there.popitem(last=False)

    def at(self, network: Network, since: float) -> list[Actor]:
        """Return the accounts seen from an address or network since a time."""
        whole = network.prefixlen == network.max_prefixlen
        address = str(network.network_address)
        places = [address] if whole else [one for one in self._places if _is_in(one, network)]
        found: dict[str, Actor] = {}
        for place in places:
            for name, (last, actor) in self._places.get(place, {}).items():
                if last >= since:
                    found[name] = actor
        return list(found.values())

    def __len__(self) -> int:
        return len(self._places)


def _is_in(address: str, network: Network) -> bool:
    try:
        return ip_address(address) in network
    except ValueError:
        return False
