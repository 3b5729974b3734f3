"""Settlement: what was reserved becomes counted people, or is freed."""

from __future__ import annotations

from himaya.core.exchange import Person
from himaya.core.ticket import Ticket
from himaya.core.weights import Weights


def commit(
    ticket: Ticket, people: tuple[Person, ...], weights: Weights, bucket: int, max_people: int
) -> None:
    """Count people in every window of the ticket, in place of what it held.

    Bucket by bucket the windows are moved to `bucket` first, so that nobody is counted earlier
    than they were shown.
    """
    surface = ticket.match.surface
    weighed = [(p.subject, weights.of(surface, p.subject, p.fields)) for p in people]
    saved = []
    for window, held in zip(ticket.windows, ticket.held, strict=True):
        if bucket > window.bucket:
            window.advance(bucket)
        window.reserved -= held
        window.flying -= 1
        left = held
        for subject, weight in weighed:
            left -= window.commit(subject, weight, max_people)
        saved.append(left)
    ticket.held = [0] * len(saved)
    if ticket.purse is not None:
        ticket.settle_credit(saved)


def charge(ticket: Ticket, units: list[int], bucket: int) -> None:
    """Count units that belong to nobody known, one figure per principal, in place of what was held."""
    ticket.advance(bucket)
    saved = [held - used for held, used in zip(ticket.held, units, strict=True)]
    ticket.land()
    for window, used in zip(ticket.windows, units, strict=True):
        if used:
            window.charge(used)
    ticket.settle_credit(saved)
