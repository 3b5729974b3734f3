"""A ticket: what one request in flight has reserved, with whom, until when."""

from __future__ import annotations

from himaya.core.budget import Principal
from himaya.core.clearances import Purse
from himaya.core.decision import Action
from himaya.core.exchange import Person, Request
from himaya.core.surface import Match
from himaya.core.window import PeopleWindow, Triple


class Ticket:
    """An open reservation over all principals of a request.

    `windows`, `limits`, `kinds`, `held` and `credit` run in parallel: `held` are units reserved in a window,
    `credit` units of it that a purse paid. `spent` is what the purse gave in all. `admitted` are the people
    `admit` let pass, None before. `deadline` is when the ticket is settled at its reserve.
    """

    __slots__ = (
        "action",
        "admitted",
        "credit",
        "deadline",
        "held",
        "kinds",
        "limits",
        "match",
        "name",
        "purse",
        "redacted",
        "request",
        "spent",
        "windows",
    )

    def __init__(self, request: Request, match: Match, deadline: float) -> None:
        """Open a ticket that holds nothing yet."""
        self.request = request
        self.match = match
        self.deadline = deadline
        self.name = ""
        self.kinds: list[str] = []
        self.windows: list[PeopleWindow] = []
        self.limits: list[Triple] = []
        self.held: list[int] = []
        self.credit: list[int] = []
        self.purse: Purse | None = None
        self.spent = 0
        self.admitted: tuple[Person, ...] | None = None
        self.redacted: tuple[str, ...] = ()
        self.action = Action.ALLOW

    def join(self, principals: list[Principal], windows: list[PeopleWindow]) -> None:
        """Take in all principals of the request and their windows, holding nothing."""
        self.windows = windows
        self.kinds = [kind for kind, _, _ in principals]
        self.limits = [limits for _, _, limits in principals]
        self.held = [0] * len(windows)
        self.credit = self.held.copy()

    def advance(self, bucket: int) -> None:
        """Move every window to `bucket`."""
        for window in self.windows:
            if bucket > window.bucket:
                window.advance(bucket)

    def hold(self, units: list[int]) -> None:
        """Reserve further units, one figure per principal."""
        for index, more in enumerate(units):
            self.windows[index].reserved += more
            self.held[index] += more

    def reserve(self, subject: str, weight: int) -> bool:
        """Reserve one person with every principal; False when one is short, and nothing changed."""
        windows, limits = self.windows, self.limits
        units = [w.price(subject, weight, limits[n]) for n, w in enumerate(windows)]
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

    def shortage(self, needs: list[Triple]) -> list[int]:
        """Return the units lacking per principal for `needs`, beside what is held."""
        return list(map(PeopleWindow.short, self.windows, self.limits, needs))

    def cover(self, lacking: list[int], purse: Purse | None) -> bool:
        """Let a purse pay what is lacking; False when it cannot, and then nothing changed."""
        most = max(lacking)
        if purse is None or purse.left < most:
            return False
        purse.left -= most
        self.purse, self.spent = purse, self.spent + most
        for index, units in enumerate(lacking):
            if units:
                self.windows[index].charge(-units)
                self.credit[index] += units
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
