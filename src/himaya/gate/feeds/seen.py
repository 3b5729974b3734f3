"""Which accounts come from which address right now: what no row of the ledger says yet, or ever.

Rows are of people shown. Somebody who is signed in and looks at nobody has none, and would be shut out with the others.
"""

from __future__ import annotations

from collections import OrderedDict
from ipaddress import ip_address

from himaya.core.actor import Actor
from himaya.gate.feeds.block import Network

#: Addresses, accounts of one, and pairs of both that are remembered; whoever is unseen for longest leaves. A pair costs
#: about 350 bytes.
MOST_ADDRESSES, MOST_ACCOUNTS, MOST_PAIRS = 50_000, 100, 200_000


class _Place:
    """One address as a number, and who was seen there when."""

    __slots__ = ("accounts", "number", "version")

    def __init__(self, address: str) -> None:
        parsed = ip_address(address)
        self.version, self.number = parsed.version, int(parsed)
        self.accounts: OrderedDict[str, tuple[float, Actor]] = OrderedDict()


class Seen:
    """The last accounts of the last addresses, bounded. Belongs to one thread."""

    def __init__(
        self, most: int = MOST_ADDRESSES, accounts: int = MOST_ACCOUNTS, pairs: int = MOST_PAIRS
    ) -> None:
        """Remember nobody yet."""
        self._most, self._accounts, self._most_pairs = most, accounts, pairs
        self._places: OrderedDict[str, _Place] = OrderedDict()
        self.pairs = 0

    def note(self, actor: Actor, now: float) -> None:
        """Note who asks from where; only who is signed in counts, and only at an address."""
        if not actor.account or not actor.address:
            return
        there = self._place(actor.address)
        if there is None:
            return
        self.pairs += actor.account not in there
        there[actor.account] = (now, actor)
        there.move_to_end(actor.account)
        if len(there) > self._accounts:
            there.popitem(last=False)
            self.pairs -= 1
        while self.pairs > self._most_pairs or len(self._places) > self._most:
            _, gone = self._places.popitem(last=False)
            self.pairs -= len(gone.accounts)

    def _place(self, address: str) -> OrderedDict[str, tuple[float, Actor]] | None:
        """Return who was seen at an address, which is now the last one; None for what is no address."""
        there = self._places.get(address)
        if there is not None:
            self._places.move_to_end(address)
            return there.accounts
        try:
            there = self._places[address] = _Place(address)
        except ValueError:
            return None
        return there.accounts

    def at(self, network: Network, since: float) -> list[Actor]:
        """Return the accounts seen from an address or network since a time."""
        if network.prefixlen == network.max_prefixlen:
            place = self._places.get(str(network.network_address))
            places = [] if place is None else [place]
        else:
            places = self._within(network)
        found: dict[str, Actor] = {}
        for place in places:
            for name, (last, actor) in place.accounts.items():
                if last >= since:
                    found[name] = actor
        return list(found.values())

    def _within(self, network: Network) -> list[_Place]:
        """Return the addresses of a network; the loop waits for it, so numbers are compared, not texts."""
        version, shift = network.version, network.max_prefixlen - network.prefixlen
        wanted = int(network.network_address) >> shift
        return [
            place
            for place in self._places.values()
            if place.version == version and place.number >> shift == wanted
        ]

    def __len__(self) -> int:
        return len(self._places)
