"""Sharing: one credential is used from many networks within a short time.

The joint statement of 2023 names the same credentials in several places, close in time. Networks are /24 (IPv4)
or /48 (IPv6). A telephone that moves from Wi-Fi to a mobile network shows two or three.
"""

from __future__ import annotations

from collections import OrderedDict

from himaya.core.actor import Actor, prefix_of
from himaya.core.detectors import Observation
from himaya.core.finding import Finding
from himaya.core.policy import Sharing


class SharingDetector:
    """Keeps, per account or key, the networks of the window with the time each was last used."""

    name = "sharing"

    def __init__(self, settings: Sharing, max_actors: int = 100_000) -> None:
        """Take the thresholds; past `max_actors` the credential unseen for longest is forgotten."""
        self._settings = settings
        self._max = max_actors
        self._networks: OrderedDict[str, dict[str, float]] = OrderedDict()

    def observe(self, seen: Observation) -> Finding | None:
        """Note the network; find a credential on more networks than the threshold."""
        if not (seen.actor.account or seen.actor.key) or not seen.actor.address:
            return None
        networks = self._note(seen.name, prefix_of(seen.actor.address), seen.now)
        if networks <= self._settings.networks:
            return None
        return Finding(
            detector=self.name,
            actor=seen.name,
            at=seen.now,
            value=networks,
            threshold=self._settings.networks,
            why=(
                f"one credential was used from {networks} networks within"
                f" {self._settings.window_s // 60} minutes; the threshold is"
                f" {self._settings.networks}"
            ),
        )

    def _note(self, name: str, network: str, now: float) -> int:
        held = self._networks.get(name)
        if held is None:
            held = self._networks[name] = {}
            if len(self._networks) > self._max:
                self._networks.popitem(last=False)
        known = network in held
        held[network] = now
        if known and len(held) == 1:
            return 1
        self._networks.move_to_end(name)
        return self._prune(held, now)

    def _prune(self, held: dict[str, float], now: float) -> int:
        floor = now - self._settings.window_s
        for network in [n for n, at in held.items() if at < floor]:
            del held[network]
        # A credential on thousands of networks needs no more than the proof that it is.
        while len(held) > 4 * self._settings.networks + 64:
            del held[next(iter(held))]
        return len(held)

    def level(self, actor: Actor) -> float | None:
        """Return how many networks a credential was used from of late, None without one."""
        held = self._networks.get(actor.name)
        return float(len(held)) if held is not None else None

    def tracked(self) -> int:
        """Return how many credentials are held."""
        return len(self._networks)
