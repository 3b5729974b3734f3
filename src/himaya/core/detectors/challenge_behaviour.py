"""Behaviour after a challenge: whoever was asked to show that a person is there, and went on asking without.

A person who is challenged solves it, waits, or goes away. A program that cannot solve it keeps asking; many such
programs in one network, or of one fingerprint class, of which not one solves anything, are one operation.
"""

from __future__ import annotations

from collections import OrderedDict

from himaya.core.actor import Actor, prefix_of
from himaya.core.finding import Finding
from himaya.core.policy import ChallengeBehaviour

_DAY_S = 86400


class _Group:
    """Who of a group was challenged on a day and solved nothing; `solved`: somebody did."""

    __slots__ = ("day", "names", "solved")

    def __init__(self, day: int) -> None:
        self.day = day
        self.names: dict[str, None] = {}
        self.solved = False


class ChallengeBehaviourDetector:
    """Keeps unsolved challenges in a row per actor, and who was challenged today per group."""

    name = "challenge_behaviour"

    def __init__(self, settings: ChallengeBehaviour, max_actors: int = 100_000) -> None:
        """Take the thresholds; past `max_actors` the actor or group unseen for longest is forgotten."""
        self._settings = settings
        self._max = max_actors
        self._unsolved: OrderedDict[str, int] = OrderedDict()
        self._groups: OrderedDict[str, _Group] = OrderedDict()

    def challenged(self, actor: Actor, now: float) -> list[Finding]:
        """Note that an actor was challenged; find the actor, or a group none of whom solves anything."""
        found = []
        unsolved = self._unsolved[actor.name] = self._unsolved.get(actor.name, 0) + 1
        self._unsolved.move_to_end(actor.name)
        if len(self._unsolved) > self._max:
            self._unsolved.popitem(last=False)
        if unsolved >= self._settings.unsolved:
            why = f"was challenged {unsolved} times, solved nothing and went on asking"
            found.append(self._finding(actor.name, unsolved, self._settings.unsolved, why, now))
        for name in _groups(actor):
            finding = self._of_group(name, actor.name, now)
            if finding is not None:
                found.append(finding)
        return found

    def _of_group(self, name: str, actor: str, now: float) -> Finding | None:
        group, most = self._held(name, int(now // _DAY_S)), self._settings.actors
        if group.solved or (actor in group.names and len(group.names) < most):
            return None
        if len(group.names) < most:
            group.names[actor] = None
        if len(group.names) < most:
            return None
        why = f"{most} actors of it were challenged today, and none of them solved anything"
        return self._finding(name, most, most, why, now)

    def solved(self, actor: Actor, now: float) -> None:
        """Note that an actor solved a challenge: nothing is held against it or its groups today."""
        self._unsolved.pop(actor.name, None)
        for name in _groups(actor):
            group = self._held(name, int(now // _DAY_S))
            group.solved = True
            group.names.clear()

    def _held(self, name: str, day: int) -> _Group:
        group = self._groups.get(name)
        if group is None or group.day != day:
            group = self._groups[name] = _Group(day)
        self._groups.move_to_end(name)
        if len(self._groups) > self._max:
            self._groups.popitem(last=False)
        return group

    def _finding(self, who: str, value: int, threshold: int, why: str, now: float) -> Finding:
        return Finding(self.name, who, now, value, threshold, why)

    def tracked(self) -> int:
        """Return how many actors and groups are held."""
        return max(len(self._unsolved), len(self._groups))


def _groups(actor: Actor) -> list[str]:
    """Return the groups of an actor: its network and its fingerprint class."""
    groups = [f"prefix:{prefix_of(actor.address)}"] if actor.address else []
    return [*groups, f"fingerprint:{actor.fingerprint}"] if actor.fingerprint else groups
