"""What people cost: the units they need in every window of a ticket."""

from __future__ import annotations

from himaya.core.accounts import Accounts
from himaya.core.budget import WHOLE
from himaya.core.detectors.surge import SurgeDetector
from himaya.core.exchange import Person
from himaya.core.subjects import listed
from himaya.core.ticket import Ticket
from himaya.core.weights import Weights, times
from himaya.core.window import Triple

_NOTHING: Triple = (0, 0, 0)

#: A target can list more people than there is time to price before the request is let pass.
_PRICED_ONE_BY_ONE = 1000


class Prices:
    """Prices people for the principals of a ticket; oneself is free, and so is whoever shows no field.

    While a class surges, people who are far and cold cost its members more: nobody told that they are near the viewer,
    the actor was not shown them before, and nobody else was of late.
    """

    def __init__(self, weights: Weights, accounts: Accounts, surge: SurgeDetector) -> None:
        """Take what people weigh, who owns which profile, and what surges."""
        self._weights = weights
        self._accounts = accounts
        self._surge = surge

    def units(self, ticket: Ticket, subject: str, fields: tuple[str, ...] | None) -> list[int]:
        """Return the units of showing `fields` (None: the surface's own) of somebody, per window of a ticket."""
        viewer = ticket.request.actor.account
        units = self._weights.of(ticket.match.surface, subject, fields, viewer)
        if ticket.price == 1.0 or not self._is_dear(ticket, subject):
            return [units] * len(ticket.windows)
        return _priced(ticket, units)

    def _is_dear(self, ticket: Ticket, subject: str) -> bool:
        """Tell whether somebody is far and cold; it is decided once for each ticket."""
        if ticket.dear is None:
            ticket.dear = {}
        known = ticket.dear.get(subject)
        if known is None:
            known = ticket.dear[subject] = (
                subject not in ticket.windows[0].seen
                and self._surge.is_cold(subject)
                and not self._weights.is_near(ticket.request.actor.account, subject)
            )
        return known

    def of(self, ticket: Ticket, person: Person) -> list[Triple]:
        """Return the units a person needs, per principal."""
        if person.fields == () or self._accounts.owns(ticket.request.actor, person.subject):
            return [_NOTHING] * len(ticket.windows)
        subject = person.subject
        units = self.units(ticket, subject, person.fields)
        pairs = zip(ticket.windows, units, strict=True)
        return [window.needs(subject, each) for window, each in pairs]

    def _all(self, ticket: Ticket, needs: list[Triple], people: tuple[Person, ...]) -> list[Triple]:
        """Return `needs` and the units of all these people; of very many, as if none had been shown before."""
        if len(people) > _PRICED_ONE_BY_ONE:
            all_ = len(people) * self._weights.heaviest(ticket.match.surface)
            return [(n[0] + all_, n[1] + all_, n[2] + all_) for n in needs]
        for person in people:
            pairs = zip(needs, self.of(ticket, person), strict=True)
            needs = [(a[0] + b[0], a[1] + b[1], a[2] + b[2]) for a, b in pairs]
        return needs

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
        if named := listed(ticket.match.surface, ticket.request.target):
            ticket.counted = len(named)
            return self._all(ticket, needs, named)
        each, people = self._weights.heaviest(ticket.match.surface), unnamed_in(ticket)
        rest = [people * units for units in _priced(ticket, each)]
        return [
            (n[0] + more, n[1] + more, n[2] + more) for n, more in zip(needs, rest, strict=True)
        ]


def _priced(ticket: Ticket, units: int) -> list[int]:
    """Return units times the ticket's price, per window; where everybody of a class or page is counted, as they are."""
    if ticket.price == 1.0:
        return [units] * len(ticket.windows)
    dear = times(units, ticket.price)
    return [units if kind in WHOLE else dear for kind, _, _ in ticket.principals]


def unnamed_in(ticket: Ticket) -> int:
    """Return how many people an answer may show beside the subject of its route; a look-up tells of one at least."""
    surface = ticket.match.surface
    if ticket.match.subject:
        return max(0, surface.max_people - 1)
    declared = max(1, surface.max_people) if surface.kind == "lookup" else surface.max_people
    return max(declared, ticket.counted)
