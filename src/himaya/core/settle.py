"""Settlement: what was reserved becomes counted people, or is freed."""

from __future__ import annotations

from himaya.core.exchange import Person
from himaya.core.ticket import Ticket
from himaya.core.weights import Weights


def commit(
    ticket: Ticket,
    people: tuple[Person, ...],
    weights: Weights,
    bucket: int,
    max_people: int,
    unnamed: int = 0,
    later: int = 0,
) -> int:
    """Count people, and `unnamed` units of people without a name, in place of what the ticket held.

    The windows are moved to `bucket` first, so that nobody is counted earlier than they were shown; who may be
    shown later than now is counted `later` buckets later (0 or 1). Returns how many people more the windows remember.
    """
    surface, viewer = ticket.match.surface, ticket.request.actor.account
    weighed = [(p.subject, weights.of(surface, p.subject, p.fields, viewer)) for p in people]
    saved, more = [], 0
    for window, held in zip(ticket.windows, ticket.held, strict=True):
        before = len(window.seen)
        if bucket > window.bucket:
            window.advance(bucket)
        window.reserved -= held
        window.flying -= 1
        left, at = held - unnamed, window.bucket + later
        for subject, weight in weighed:
            left -= window.commit(subject, weight, max_people, at)
        if unnamed:
            window.charge(unnamed, at)
        more += len(window.seen) - before
        saved.append(left)
    ticket.held = [0] * len(saved)
    if ticket.purse is not None:
        ticket.settle_credit(saved)
    return more
