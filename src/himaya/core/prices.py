"""What people cost: the units they need in every window of a ticket."""

from __future__ import annotations

from himaya.core.accounts import Accounts
from himaya.core.exchange import Person
from himaya.core.ticket import Ticket
from himaya.core.weights import Weights
from himaya.core.window import Triple

_NOTHING: Triple = (0, 0, 0)


class Prices:
    """Prices people for the principals of a ticket; oneself is free, and so is whoever shows no field."""

    def __init__(self, weights: Weights, accounts: Accounts) -> None:
        """Take what people weigh and who owns which profile."""
        self._weights = weights
        self._accounts = accounts

    def of(self, ticket: Ticket, person: Person) -> list[Triple]:
        """Return the units a person needs, per principal."""
        if person.fields == () or self._accounts.owns(ticket.request.actor, person.subject):
            return [_NOTHING] * len(ticket.windows)
        weight = self._weights.of(
            ticket.match.surface, person.subject, person.fields, ticket.request.actor.account
        )
        return [window.needs(person.subject, weight) for window in ticket.windows]

    def of_answer(self, ticket: Ticket) -> list[Triple]:
        """Return the units of a look-up's answer that tells of one person without showing anybody."""
        if ticket.match.subject:
            return self.of(ticket, Person(ticket.match.subject))
        weight = self._weights.of_fields(ticket.match.surface.fields)
        return [(weight, weight, weight)] * len(ticket.windows)

    def of_route(self, ticket: Ticket, *, unread: bool) -> list[Triple]:
        """Return the units that the route says may be needed.

        Its subject, and, where the answer is not read (`unread`) or the route names nobody, further people up
        to the declared `max_people`, whoever they are.
        """
        subject = ticket.match.subject
        needs = [_NOTHING] * len(ticket.windows)
        if subject:
            needs = self.of(ticket, Person(subject))
        if subject and not unread:
            return needs
        rest = unnamed_in(ticket) * self._weights.heaviest(ticket.match.surface)
        return [(hour + rest, day + rest, month + rest) for hour, day, month in needs]


def unnamed_in(ticket: Ticket) -> int:
    """Return how many people an answer may show beside the subject of its route; a look-up tells of one at least."""
    surface = ticket.match.surface
    if ticket.match.subject:
        return max(0, surface.max_people - 1)
    return max(1, surface.max_people) if surface.kind == "lookup" else surface.max_people
