"""A ticket: what one request in flight has reserved, with whom, until when."""

from __future__ import annotations

import msgspec

from himaya.core.budget import Principal
from himaya.core.clearances import Purse
from himaya.core.decision import Action
from himaya.core.disclosure import Outcome, outcome
from himaya.core.exchange import Person, Request
from himaya.core.surface import Match
from himaya.core.window import PeopleWindow, Triple

#: A longer target or host is not kept: nobody asks for it again, and 100,000 of them would fill the memory.
_LONGEST = 1024


class Ticket:
    """An open reservation over all principals of a request.

    `principals`, `windows`, `held` and `credit` run in parallel: `held` are units reserved in a window,
    `credit` units of it that a purse paid in bucket `paid_at`. `spent` is what the purse gave in all.
    `toll`: every person is paid for by a purse, whatever is left of the budget. `asked`: the door asked who
    may pass; `admitted` are the people who may, None for unread. `deadline` is when the ticket is settled
    at its reserve (`evicted`: before that, to make room); `told` and `unnamed` are the people, and the number
    of people without a name, whose rows were written then. `price` is how many times as much far, cold people cost
    this ticket; `dear` says of everybody who was priced whether they are, once and for all, so that what is
    counted is never more than what was reserved. `counted` are people whom the door saw and could not name.
    """

    __slots__ = (
        "action",
        "admitted",
        "asked",
        "counted",
        "credit",
        "deadline",
        "dear",
        "evicted",
        "held",
        "match",
        "paid_at",
        "price",
        "principals",
        "purse",
        "redacted",
        "request",
        "spent",
        "told",
        "toll",
        "unnamed",
        "windows",
    )

    def __init__(self, request: Request, match: Match, deadline: float) -> None:
        """Open a ticket that holds nothing yet."""
        self.request = request
        self.match = match
        self.deadline = deadline
        self.principals: list[Principal] = []
        self.windows: list[PeopleWindow] = []
        self.held: list[int] = []
        self.credit: list[int] = []
        self.purse: Purse | None = None
        self.paid_at = 0
        self.spent = 0
        self.price = 1.0
        self.dear: dict[str, bool] | None = None
        self.toll = False
        self.asked = False
        self.evicted = False
        self.admitted: tuple[Person, ...] | None = None
        self.redacted: tuple[str, ...] = ()
        self.action = Action.ALLOW
        self.told: tuple[Person, ...] = ()
        self.unnamed = 0
        self.counted = 0

    def shows_nothing(self, status: int) -> bool:
        """Tell whether a response of this status discloses nobody."""
        method, kind = self.request.method, self.match.surface.kind
        return outcome(method, status, kind, sent=-1, aborted=False) is not Outcome.DISCLOSED

    def missed(self, people: tuple[Person, ...] | None) -> bool:
        """Tell whether a look-up answered that there is nobody; it costs what one person costs."""
        lookup = self.match.surface.kind == "lookup" and self.action is not Action.REDACT
        return lookup and people is not None and not people

    def unmet(self, people: tuple[Person, ...]) -> list[str]:
        """Return which of the people are not counted for the actor yet."""
        seen = self.windows[0].seen
        return [person.subject for person in people if person.subject not in seen]

    @property
    def name(self) -> str:
        """Return the name of the actor who asks."""
        return self.request.actor.name

    @property
    def group(self) -> str:
        """Return the group the actor belongs to, "" for none."""
        return next((key[1:] for kind, key, _ in self.principals if kind == "group"), "")

    def join(self, principals: list[Principal], windows: list[PeopleWindow]) -> None:
        """Take in all principals of the request and their windows, holding nothing."""
        self.principals = principals
        self.windows = windows
        for window in windows:
            window.flying += 1
        self.held = [0] * len(windows)
        self.credit = self.held

    def learn(self, account: str, principals: list[Principal], windows: list[PeopleWindow]) -> None:
        """Take over the account when only the response or the log told it, with what that makes of principals.

        The account names the row, and its own profile is free. What is shown counts in its windows too; what
        was reserved stays with the principals it was reserved for.
        """
        known = {id(window) for window in self.windows}
        more = [n for n, window in enumerate(windows) if id(window) not in known]
        for n in more:
            windows[n].flying += 1
        self.principals = [*(principals[n] for n in more), *self.principals]
        self.windows = [*(windows[n] for n in more), *self.windows]
        self.held = [0] * len(more) + self.held
        self.credit = [0] * len(more) + self.credit
        actor = msgspec.structs.replace(self.request.actor, account=account)
        self.request = msgspec.structs.replace(self.request, actor=actor)

    def inherit(self, late: Ticket) -> None:
        """Take over what was done about the same request when its time was over."""
        self.redacted, self.action = late.redacted, late.action
        self.told, self.unnamed, self.counted = late.told, late.unnamed, late.counted

    def close(self) -> None:
        """Keep only what a late answer needs: who asked for what, and which rows were written."""
        self.principals, self.windows, self.held, self.credit = [], [], [], []
        self.dear = None
        self.request = slim(self.request)

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
        """Free all units held and all credit: nothing was shown, or all is priced anew."""
        self.let_go()
        if self.purse is None:
            return
        for window, units in zip(self.windows, self.credit, strict=True):
            if units:
                window.charge(units, self.paid_at)
        self.purse.left += self.spent
        self._forget_purse()

    def _forget_purse(self) -> None:
        """Begin anew: what was paid is settled, and must not be given back a second time."""
        self.spent, self.purse = 0, None
        self.credit = [0] * len(self.windows)

    def free(self) -> int:
        """Return the units that every principal could still reserve."""
        if self.toll:
            return 0
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
        lacking = [
            window.short(limits, need)
            for (_, _, limits), window, need in zip(
                self.principals, self.windows, needs, strict=True
            )
        ]
        if self.toll:
            lacking[0] = max(lacking[0], needs[0][0])
        return lacking

    def cover(self, lacking: list[int], purse: Purse | None) -> bool:
        """Let a purse pay what is lacking; False when it cannot, and then nothing changed."""
        most = max(lacking)
        if not most:
            return True
        if purse is None or purse.left < most:
            return False
        purse.left -= most
        self.purse, self.spent = purse, self.spent + most
        self.paid_at = self.windows[0].bucket
        for window, units in zip(self.windows, lacking, strict=True):
            if units:
                window.charge(-units, self.paid_at)
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
                self.windows[index].charge(back, self.paid_at)
            kept = max(kept, units - back)
        self.purse.left += self.spent - kept if self.spent > kept else 0
        self._forget_purse()


def slim(request: Request) -> Request:
    """Return a request without a target and host so long that keeping them would cost memory."""
    if len(request.target) + len(request.host) <= _LONGEST:
        return request
    return msgspec.structs.replace(request, target=request.target[:_LONGEST], host="")
