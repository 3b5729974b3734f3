"""A ticket: what one request in flight has reserved, with whom, until when."""

from __future__ import annotations

import msgspec

from himaya.core.actor import Actor
from himaya.core.budget import Principal
from himaya.core.clearances import Purse
from himaya.core.decision import Action
from himaya.core.disclosure import Outcome, outcome
from himaya.core.exchange import Person, Request
from himaya.core.surface import Match
from himaya.core.window import PeopleWindow, Triple

#: Characters of a target that are kept; it was matched to its surface before.
_MAX_TARGET = 512


class Ticket:
    """An open reservation over all principals of a request.

    `principals`, `windows`, `held` and `credit` run in parallel: `held` are units reserved in a window,
    `credit` units of it that a purse paid. `spent` is what the purse gave in all. `partial`: less is
    reserved than the route may show. `admitted` are the people `admit` let pass, None before.
    `deadline` is when the ticket is settled at its reserve.
    """

    __slots__ = (
        "action",
        "admitted",
        "credit",
        "deadline",
        "held",
        "match",
        "partial",
        "principals",
        "purse",
        "redacted",
        "request",
        "spent",
        "windows",
    )

    def __init__(self, request: Request, match: Match, deadline: float) -> None:
        """Open a ticket that holds nothing yet; it may stay open long, so a long target is cut."""
        if len(request.target) > _MAX_TARGET:
            request = msgspec.structs.replace(request, target=request.target[:_MAX_TARGET])
        self.request = request
        self.match = match
        self.deadline = deadline
        self.principals: list[Principal] = []
        self.windows: list[PeopleWindow] = []
        self.held: list[int] = []
        self.credit: list[int] = []
        self.purse: Purse | None = None
        self.spent = 0
        self.partial = False
        self.admitted: tuple[Person, ...] | None = None
        self.redacted: tuple[str, ...] = ()
        self.action = Action.ALLOW

    def shows_nothing(self, status: int) -> bool:
        """Tell whether a response of this status discloses nobody."""
        method, kind = self.request.method, self.match.surface.kind
        return outcome(method, status, kind, sent=-1, aborted=False) is not Outcome.DISCLOSED

    def missed(self, people: tuple[Person, ...] | None) -> bool:
        """Tell whether a look-up answered that there is nobody; it costs what one person costs."""
        lookup = self.match.surface.kind == "lookup" and self.action is not Action.REDACT
        return lookup and people is not None and not people

    @property
    def name(self) -> str:
        """Return the name of the actor who asks."""
        return self.request.actor.name

    def learn(self, actor: Actor) -> None:
        """Take over the account when only the response or the log told it.

        It names the row, and its own profile is free; the budgets stay those the reservation was made with.
        """
        known = self.request.actor
        if actor.account and not known.account:
            told = msgspec.structs.replace(known, account=actor.account)
            self.request = msgspec.structs.replace(self.request, actor=told)

    def join(self, principals: list[Principal], windows: list[PeopleWindow]) -> None:
        """Take in all principals of the request and their windows, holding nothing."""
        self.principals = principals
        self.windows = windows
        for window in windows:
            window.flying += 1
        self.held = [0] * len(windows)
        self.credit = self.held

    def advance(self, bucket: int) -> None:
        """Move every window to `bucket`."""
        for window in self.windows:
            if bucket > window.bucket:
                window.advance(bucket)

    def hold(self, units: list[int]) -> None:
        """Reserve further units, one figure per principal."""
        for window, more in zip(self.windows, units, strict=True):
            window.reserved += more
        self.held = [held + more for held, more in zip(self.held, units, strict=True)]

    def reserve(self, subject: str, weight: int) -> bool:
        """Reserve one person with every principal; False when one is short, and nothing changed."""
        principals, windows = self.principals, self.windows
        units = [w.price(subject, weight, principals[n][2]) for n, w in enumerate(windows)]
        if -1 in units:
            return False
        for window, held in zip(windows, units, strict=True):
            window.reserved += held
        self.held = units
        return True

    def let_go(self) -> None:
        """Give back everything that is held; credit stays until `settle_credit`."""
        for window, held in zip(self.windows, self.held, strict=True):
            window.reserved -= held
        self.held = [0] * len(self.windows)

    def give_back(self) -> None:
        """Free all units held and all credit: nothing was shown."""
        saved = self.held
        self.let_go()
        self.settle_credit(saved)

    def free(self) -> int:
        """Return the units that every principal could still reserve."""
        rows = zip(self.principals, self.windows, strict=True)
        return min(window.free(limits) for (_, _, limits), window in rows)

    def land(self) -> None:
        """Give back everything that is held and leave the windows: the exchange is over."""
        for window, held in zip(self.windows, self.held, strict=True):
            window.reserved -= held
            window.flying -= 1
        self.held = [0] * len(self.windows)

    def shortage(self, needs: list[Triple]) -> list[int]:
        """Return the units lacking per principal for `needs`, beside what is held."""
        return [
            window.short(limits, need)
            for (_, _, limits), window, need in zip(
                self.principals, self.windows, needs, strict=True
            )
        ]

    def cover(self, lacking: list[int], purse: Purse | None) -> bool:
        """Let a purse pay what is lacking; False when it cannot, and then nothing changed."""
        most = max(lacking)
        if purse is None or purse.left < most:
            return False
        purse.left -= most
        self.purse, self.spent = purse, self.spent + most
        for window, units in zip(self.windows, lacking, strict=True):
            if units:
                window.charge(-units)
        self.credit = [held + more for held, more in zip(self.credit, lacking, strict=True)]
        return True

    def settle_credit(self, saved: list[int]) -> None:
        """Give back credit that was not used: `saved` are reserved units not disclosed."""
        if self.purse is None:
            return
        kept = 0
        for index, units in enumerate(self.credit):
            back = min(units, max(0, saved[index]))
            if back:
                self.windows[index].charge(back)
            kept = max(kept, units - back)
        self.purse.left += self.spent - kept if self.spent > kept else 0
        self.spent, self.purse = min(kept, self.spent), None
        self.credit = [0] * len(self.windows)
