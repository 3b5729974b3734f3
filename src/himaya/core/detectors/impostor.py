"""Impostor: an agent string claims a known crawler, and the address is not one of that crawler's.

Anybody can write the name of a search engine's crawler into a header. Which names are known, and from which networks
they come, the site's configuration says. A claim without proof is reported, and nothing follows from it.
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from himaya.core.actor import canonical_address
from himaya.core.detectors import Observation
from himaya.core.finding import Finding
from himaya.core.policy import Impostor
from himaya.core.tables import make_room

#: Agent strings that are remembered with the crawler they claim.
_MOST = 4096

_Networks = tuple[IPv4Network | IPv6Network, ...]


class ImpostorDetector:
    """Keeps which crawler an agent string claims; holds nothing of actors."""

    name = "impostor"

    def __init__(self, settings: Impostor) -> None:
        """Take the names and networks of crawlers; without any nobody is judged."""
        self._crawlers: dict[str, _Networks] = {
            name: tuple([ip_network(each) for each in networks])
            for name, networks in settings.crawlers.items()
        }
        self._claims: dict[str, str] = {}

    def observe(self, seen: Observation) -> Finding | None:
        """Find a claim that the address does not bear out."""
        if not self._crawlers or not seen.agent:
            return None
        claimed = self._claimed(seen.agent)
        if not claimed or self._is_theirs(claimed, seen.actor.address):
            return None
        return Finding(
            detector=self.name,
            actor=seen.name,
            at=seen.now,
            value=1,
            threshold=0,
            why=f"the agent string claims {claimed}, and {seen.actor.address or 'no address'} is none of its addresses",
            claimed=claimed,
        )

    def _claimed(self, agent: str) -> str:
        claimed = self._claims.get(agent)
        if claimed is None:
            lower = agent.lower()
            claimed = next((name for name in self._crawlers if name.lower() in lower), "")
            make_room(self._claims, _MOST)
            self._claims[agent] = claimed
        return claimed

    def _is_theirs(self, claimed: str, address: str) -> bool:
        canonical = canonical_address(address)
        if not canonical:
            return False
        return any(ip_address(canonical) in network for network in self._crawlers[claimed])

    def tracked(self) -> int:
        """Return 0: nothing is held of actors."""
        return 0
