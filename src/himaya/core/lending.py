"""Lending: tickets that are held for workers, and what is drawn from them.

Rules:
- A lease holds the same units in every window of its actor, at the highest price of a person on its surface.
- What one worker has of one principal, over all its leases, is never more than `people` of the terms: so many are at
  stake when this memory is lost, for each worker.
- An exchange that is settled takes its units out of the lease, into a ticket of its own.
- A lease takes no more than a quarter of what is free; near a limit nothing is lent, and each request is decided.
- A lease lives as long as any ticket (`bounds.settle_s`, at most 300 s); what is left then is charged and named.
"""

from __future__ import annotations

from collections import OrderedDict

from himaya.core.effect import Effect
from himaya.core.exchange import Request
from himaya.core.ladder import Ladder
from himaya.core.lease import Draw, Lease, Terms
from himaya.core.opening import Opening
from himaya.core.policy import Policy
from himaya.core.settle import Settlement
from himaya.core.surface import Match
from himaya.core.ticket import Ticket
from himaya.core.watchers import Watchers
from himaya.core.weights import Weights
from himaya.core.window import UNIT

_NEVER = float("inf")

#: A lease takes at most this part of what is left of a budget, so that whoever comes near a limit is not refused
#: because some of it lies unused with a worker.
_PART = 4

#: Kinds whose route names the one person that is usually shown; listings and look-ups are asked about each time.
_KINDS = frozenset({"profile", "media"})


class Lent:
    """One lease: its ticket, who has it, what was not drawn yet, and under which policy it was given."""

    __slots__ = ("left", "policy", "price", "ticket", "worker")

    def __init__(self, ticket: Ticket, worker: str, left: int, price: int, policy: str) -> None:
        self.ticket = ticket
        self.worker = worker
        self.left = left
        self.price = price
        self.policy = policy


class Lending:
    """All leases of an engine, oldest first; at most as many as there may be open tickets."""

    def __init__(self) -> None:
        """Begin with nothing lent; `adopt` must follow."""
        self._open: OrderedDict[str, Lent] = OrderedDict()
        #: Units that each worker has of each principal, by its key.
        self._out: dict[str, dict[str, int]] = {}
        self.check_at = _NEVER

    def adopt(
        self,
        policy: Policy,
        opening: Opening,
        weights: Weights,
        watchers: Watchers,
        settlement: Settlement,
        ladder: Ladder,
    ) -> None:
        """Lend under a policy from now on; what was lent under another is no longer good, but stays held."""
        self._policy, self._hash = policy, policy.hash()
        self._opening, self._weights, self._watchers = opening, weights, watchers
        self._settlement, self._ladder = settlement, ladder

    def __len__(self) -> int:
        """Return how many leases are open."""
        return len(self._open)

    @property
    def workers(self) -> int:
        """Return how many workers have leases."""
        return len(self._out)

    def has(self, worker: str) -> bool:
        """Tell whether a worker has any lease."""
        return worker in self._out

    # lending ----------------------------------------------------------------------------------

    def lend(
        self, request: Request, match: Match, worker: str, terms: Terms, now: float
    ) -> Lease | None:
        """Return a lease that covers a request and more; None holds nothing: the request is to be decided."""
        price = self._weights.heaviest(match.surface)
        if not self._may_lend(request, match, terms, price):
            return None
        ticket = self._opening.open(request, match, now)
        units = self._room(ticket, worker, terms) // price * price
        if units and self._is_plain(ticket, now):
            ticket.hold([units] * len(ticket.windows))
            if self._ladder.near(ticket) is None:
                return self._keep(Lent(ticket, worker, units, price, self._hash), terms, now)
        self._settlement.abandon(ticket)
        return None

    def _may_lend(self, request: Request, match: Match, terms: Terms, price: int) -> bool:
        surface = match.surface
        return (
            bool(match.subject)
            and surface.kind in _KINDS
            and request.method == "GET"
            and request.sees_body
            and price <= terms.weight * UNIT
            and surface.id not in terms.never
            and request.id not in self._open
            and len(self._open) < self._policy.bounds.open_requests
        )

    def _room(self, ticket: Ticket, worker: str, terms: Terms) -> int:
        """Return the units that may be lent: a part of what is free everywhere, and what the worker may still have."""
        out = self._out.get(worker, {})
        has = max([out.get(key, 0) for _, key, _ in ticket.principals], default=0)
        return max(0, min(terms.people * UNIT - has, ticket.free() // _PART))

    def _is_plain(self, ticket: Ticket, now: float) -> bool:
        """Tell whether nothing but the budget decides about an actor: no surge, and no decision that stands."""
        return ticket.price == 1.0 and self._watchers.standing_for(ticket, now) is None

    def _keep(self, lent: Lent, terms: Terms, now: float) -> Lease:
        ticket = lent.ticket
        if not self._open:
            self.check_at = ticket.deadline
        self._open[ticket.request.id] = lent
        self._note(lent, lent.left)
        surface, hold_s = ticket.match.surface.id, max(0.0, ticket.deadline - now)
        return Lease(ticket.request.id, surface, lent.left, lent.price, terms.for_s, hold_s)

    def _note(self, lent: Lent, units: int) -> None:
        """Count units of a lease with its worker; negative ones came back."""
        out = self._out.setdefault(lent.worker, {})
        for _, key, _ in lent.ticket.principals:
            left = out.get(key, 0) + units
            if left > 0:
                out[key] = left
            else:
                out.pop(key, None)
        if not out:
            del self._out[lent.worker]

    # settling ---------------------------------------------------------------------------------

    def draw(self, draw: Draw, request: Request, match: Match | None, now: float) -> Ticket | None:
        """Return a ticket for an exchange that holds what it drew from its lease.

        None when the lease is over, or the surface is not the same any more: then it is counted as it happened.
        """
        lent = self._open.get(draw.lease)
        if lent is None:
            return None
        units = max(0, min(draw.units, lent.left))
        self._take(lent, units)
        if match is None or match.surface.id != lent.ticket.match.surface.id:
            return None
        return self._opening.drawn(lent.ticket, request, match, units, now)

    def _take(self, lent: Lent, units: int) -> None:
        """Let units go from a lease's windows; whoever takes them holds them at once."""
        lent.left -= units
        lent.ticket.hold([-units] * len(lent.ticket.windows))
        self._note(lent, -units)

    def is_over(self, lease: str, now: float) -> bool:
        """Tell whether a worker must not draw from a lease any more: it ended, or policy or a decision is new."""
        lent = self._open.get(lease)
        if lent is None or lent.policy != self._hash:
            return True
        if self._weights.heaviest(lent.ticket.match.surface) > lent.price:
            return True  # a protected class was told of since
        return self._watchers.standing_for(lent.ticket, now) is not None

    def take_back(self, lease: str) -> None:
        """End a lease of which nothing is under way any more: what was not drawn is free again."""
        lent = self._open.pop(lease, None)
        if lent is not None:
            self._note(lent, -lent.left)
            self._settlement.abandon(lent.ticket)

    def expire(self, now: float) -> list[Effect]:
        """Charge what is left of leases whose time is over: their workers are lost, and may have shown all of it."""
        effects: list[Effect] = []
        self.check_at = _NEVER
        while self._open:
            lease, lent = next(iter(self._open.items()))
            if lent.ticket.deadline > now:
                self.check_at = lent.ticket.deadline
                break
            del self._open[lease]
            self._note(lent, -lent.left)
            effects += self._settlement.lose(lent.ticket, lent.left, -(-lent.left // lent.price))
        return effects
