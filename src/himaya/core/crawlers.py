"""Known crawlers: which one an agent string claims to be, and whether the address bears that out.

Names and networks are the configuration's (`detectors.impostor.crawlers`), taken from what each crawler's owner
publishes. Nothing is looked up.
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from himaya.core.actor import canonical_address
from himaya.core.policy import Impostor
from himaya.core.tables import make_room

#: Agent strings that are remembered with the crawler they claim, and what of a longer one is read: as much as doors do.
_MOST, _LONGEST = 4096, 512

_Networks = tuple[IPv4Network | IPv6Network, ...]


class Crawlers:
    """Keeps which crawler an agent string claims; holds nothing of actors."""

    def __init__(self, settings: Impostor) -> None:
        """Take the names and networks of crawlers; without any nobody claims, and nobody is verified."""
        self._networks: dict[str, _Networks] = {
            name: tuple([ip_network(each) for each in networks])
            for name, networks in settings.crawlers.items()
        }
        self._claims: dict[str, str] = {}

    def claimed(self, agent: str) -> str:
        """Return the crawler whose name an agent string holds, "" for none."""
        if not self._networks or not agent:
            return ""
        agent = agent[:_LONGEST]
        claimed = self._claims.get(agent)
        if claimed is None:
            lower = agent.lower()
            claimed = next((name for name in self._networks if name.lower() in lower), "")
            make_room(self._claims, _MOST)
            self._claims[agent] = claimed
        return claimed

    def comes_from(self, name: str, address: str) -> bool:
        """Tell whether an address is one of a crawler's."""
        canonical = canonical_address(address)
        if not canonical:
            return False
        return any(ip_address(canonical) in network for network in self._networks[name])

    def verified(self, agent: str, address: str) -> str:
        """Return the crawler that an agent string claims and the address bears out, "" for none."""
        claimed = self.claimed(agent)
        return claimed if claimed and self.comes_from(claimed, address) else ""

    def may_be_verified(self, address: str) -> bool:
        """Tell whether an address is any known crawler's, where no agent string is known."""
        return any(self.comes_from(name, address) for name in self._networks)
