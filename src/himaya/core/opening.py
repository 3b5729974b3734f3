"""Opening a ticket: who asks, which principals that makes, and their windows at the time."""

from __future__ import annotations

from himaya.core.accounts import Accounts
from himaya.core.actor import Actor
from himaya.core.book import Book
from himaya.core.budget import Principal, Principals
from himaya.core.detectors.surge import SurgeDetector
from himaya.core.exchange import Request
from himaya.core.groups import Groups
from himaya.core.policy import Policy
from himaya.core.surface import Match
from himaya.core.ticket import Ticket
from himaya.core.window import BUCKET_S, PeopleWindow


class Opening:
    """Opens tickets under one policy. No ticket lives longer than one bucket, whatever the policy says."""

    def __init__(
        self,
        policy: Policy,
        accounts: Accounts,
        book: Book,
        groups: Groups,
        surge: SurgeDetector,
    ) -> None:
        """Take the policy's budgets, what is known of accounts, the windows, who belongs together, and what surges."""
        self._principals = Principals(policy, groups)
        self._settle_s = min(policy.bounds.settle_s, BUCKET_S)
        self._accounts = accounts
        self._book = book
        self._surge = surge
        self._assets = accounts.assets
        self._assets.adopt(policy)
        #: Whether requests to no surface matter.
        self.looks = self._assets.on

    def ticket(self, request: Request, match: Match, now: float) -> Ticket:
        """Return a ticket that has joined the windows of its principals and holds nothing yet."""
        self._note(request, match, now)
        return self.open(request, match, now)

    def drawn(
        self, lease: Ticket, request: Request, match: Match, units: int, now: float
    ) -> Ticket:
        """Return a ticket over the windows of a lease, which holds `units` in each of them."""
        self._note(request, match, now)
        ticket = Ticket(request, match, now + self._settle_s)
        ticket.join(list(lease.principals), list(lease.windows))
        ticket.hold([units] * len(lease.windows))
        ticket.asked = True
        return ticket

    def _note(self, request: Request, match: Match, now: float) -> None:
        # A row that is recalled has no target: what was asked beside it then is not known.
        if self.looks and request.target and match.surface.kind != "media":
            self._assets.opened(request, now, member=self._is_member(request.actor, now))

    def look(self, request: Request, now: float) -> None:
        """See a request to no surface: whoever asks for an asset is no program, most likely."""
        self._assets.look(request, now)

    def _is_member(self, actor: Actor, now: float) -> bool:
        return bool(actor.account) and not actor.key and not self._accounts.is_new(actor, now)

    def open(self, request: Request, match: Match, now: float) -> Ticket:
        """Return a ticket as `ticket` does, without noting that a page was asked for."""
        ticket = Ticket(request, match, now + self._settle_s)
        ticket.join(*self.windows(request.actor, now, match.surface.id, request.agent))
        if self._surge.prices:
            ticket.price = self._price(request.actor, now)
        return ticket

    def _price(self, actor: Actor, now: float) -> float:
        accounts = self._accounts
        return self._surge.price(accounts.cohort(actor, accounts.age_s(actor, now)))

    def again(self, late: Ticket, now: float) -> Ticket:
        """Return a new ticket for a request whose ticket was settled before its answer came."""
        ticket = self.open(late.request, late.match, now)
        ticket.inherit(late)
        return ticket

    def learn(self, ticket: Ticket, actor: Actor, now: float) -> None:
        """Tell a ticket the account that only the response or the log knew."""
        known = ticket.request.actor
        if actor.account and not known.account:
            surface, agent = ticket.match.surface.id, ticket.request.agent
            ticket.learn(actor.account, *self.windows(actor, now, surface, agent))

    def windows(
        self, actor: Actor, now: float, surface: str = "", agent: str = ""
    ) -> tuple[list[Principal], list[PeopleWindow]]:
        """Return the actor's principals on a surface and their windows, at the bucket of `now`."""
        known = self._accounts.meet(actor, now)
        principals = self._principals.of(actor, known=known, surface=surface)
        principals = self._principals.with_group(principals, actor, known, now)
        if self.looks and self._assets.lacks(actor, agent, now):
            principals = self._principals.with_assetless(principals, actor, known)
        return principals, self._book.of(principals, int(now // BUCKET_S))
