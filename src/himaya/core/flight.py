"""Tickets in flight: open reservations by request id, and which of them are overdue."""

from __future__ import annotations

from collections import OrderedDict

from himaya.core.tables import make_room
from himaya.core.ticket import Ticket

_NEVER = float("inf")


class Flight:
    """Open tickets in the order they were opened.

    Tickets settled at their deadline are remembered (as many as may be open), so that an answer that comes
    later is still debited, and a log line that comes later does not write the same rows again.
    `check_at` is the earliest deadline.
    """

    def __init__(self) -> None:
        """Start with nothing in flight."""
        self._open: OrderedDict[str, Ticket] = OrderedDict()
        self._late: dict[str, Ticket] = {}
        self.check_at = _NEVER
        #: Tickets settled early because too many were open.
        self.evicted = 0

    def __len__(self) -> int:
        """Return how many tickets are open."""
        return len(self._open)

    def get(self, request_id: str) -> Ticket | None:
        """Return an open ticket, or None."""
        return self._open.get(request_id)

    def land(self, request_id: str) -> Ticket | None:
        """Take a ticket out because its exchange is over; None when there is none."""
        return self._open.pop(request_id, None)

    def keep(self, ticket: Ticket, most: int) -> list[Ticket]:
        """Open a ticket; return those that must be settled first: same id, or the oldest when full."""
        request_id = ticket.request.id
        displaced = [request_id] if request_id in self._open else []
        if not displaced and len(self._open) >= max(1, most):
            displaced = [next(iter(self._open))]
            self.evicted += 1
        tickets = [self._take_late(each, most) for each in displaced]
        if not self._open:
            self.check_at = ticket.deadline
        self._open[request_id] = ticket
        return tickets

    def due(self, now: float, most: int) -> list[Ticket]:
        """Take out and return the tickets whose deadline has come."""
        tickets = []
        self.check_at = _NEVER
        while self._open:
            request_id, ticket = next(iter(self._open.items()))
            if ticket.deadline > now:
                self.check_at = ticket.deadline
                break
            tickets.append(self._take_late(request_id, most))
        return tickets

    def _take_late(self, request_id: str, most: int) -> Ticket:
        make_room(self._late, most)
        ticket = self._open.pop(request_id)
        self._late[request_id] = ticket
        return ticket

    def late(self, request_id: str) -> Ticket | None:
        """Take out the ticket of an id that was settled at its deadline, once; None when there is none."""
        return self._late.pop(request_id, None)
