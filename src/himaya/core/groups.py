"""Who belongs together: actors that the slow path linked, and since when they spend one budget."""

from __future__ import annotations

from collections.abc import Iterable

from himaya.core.actor import Actor, prefix_of
from himaya.core.tables import make_room


class Groups:
    """Member name to group. At most `most` names are held; past that the oldest leave.

    A name is an actor's (`account:u1`, `key:k`, `address:192.0.2.1`), or a linking key, `fingerprint:CLASS` or
    `prefix:192.0.2.0/24`. A linking key covers only who has nothing better to go by: visitors without an account
    and new accounts. An old account is a member by its own name or not at all.
    """

    __slots__ = ("evicted", "members", "most")

    def __init__(self, most: int) -> None:
        """Start with nobody."""
        self.most = most
        self.evicted = 0
        self.members: dict[str, tuple[str, float]] = {}

    def join(self, group: str, members: Iterable[str], since: float) -> None:
        """Let members belong to a group from `since` on; whoever is in a group stays in it."""
        for name in members:
            if name not in self.members:
                self.evicted += make_room(self.members, self.most)
                self.members[name] = (group, since)

    def leave(self, group: str) -> None:
        """Let nobody belong to this group any more."""
        self.members = {n: known for n, known in self.members.items() if known[0] != group}

    def of(self, actor: Actor, now: float, *, new: bool) -> str:
        """Return the group an actor belongs to at `now`, "" for none; `new`: the account is new."""
        found = self._at(actor.name, now)
        if found or not (new or actor.access == "anonymous"):
            return found
        if actor.fingerprint:
            found = self._at(f"fingerprint:{actor.fingerprint}", now)
        return found or self._at(f"prefix:{prefix_of(actor.address)}", now)

    def _at(self, name: str, now: float) -> str:
        group, since = self.members.get(name, ("", 0.0))
        return group if since <= now else ""
