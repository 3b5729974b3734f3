"""What every defence offers, and what it is told of a run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import msgspec

from himaya.bench.asks import Answer, Ask, Client, Reply
from himaya.bench.world.site import World

#: Subject to the fields that a ledger says an actor was shown.
Exposed = dict[str, set[str]]


class Grouped(msgspec.Struct, frozen=True):
    """Under which names a record holds an operation.

    `names` are its groups, and each actor that is in none. `share` is the part of its actors in the group that has most
    of them, `purity` the part of that group's members that belong to the operation: 1 is a group without a bystander.
    """

    names: int
    share: float
    purity: float


#: Nobody of the operation stands in the record.
NOBODY = Grouped(0, 1.0, 1.0)


class Defence(Protocol):
    """Stands before the site of one world for one run. Times are epoch seconds and never go back."""

    def serve(self, client: Client, ask: Ask, now: float, answer: Answer | None = None) -> Reply:
        """Return what the client gets; `answer` is the site's answer when it is known already."""
        ...

    def solve(self, client: Client, now: float) -> bool:
        """Take the solution of a challenge; False when it buys nothing."""
        ...

    def exposed(self, actors: Iterable[str]) -> Exposed | None:
        """Return who was shown to these actors by this defence's own record; None when it keeps none.

        Called once, after the last request.
        """
        ...

    def grouped(self, actors: Iterable[str]) -> Grouped | None:
        """Return under which names the record holds these actors; None when it keeps none. Called after `exposed`."""
        ...

    def close(self) -> None:
        """Let go of files and processes."""
        ...


def passed(world: World, client: Client, ask: Ask, answer: Answer | None) -> Reply:
    """Return the site's answer as it is."""
    found = answer or world.answer(client, ask)
    return Reply(found.status, found.people, more=found.more)
