"""How much room an actor's budgets have: whether a request fits in, and what somebody else may decide for a moment."""

from __future__ import annotations

from himaya.core.clearances import Purse
from himaya.core.ladder import Ladder
from himaya.core.ticket import Ticket
from himaya.core.watchers import Watchers
from himaya.core.weights import Weights
from himaya.core.window import Triple


def can_pay(
    ticket: Ticket, needs: list[Triple], purse: Purse | None, ladder: Ladder, weights: Weights
) -> bool:
    """Find a way to pay: the budget, a purse, or a smaller reservation where people are debited one by one.

    A listing is asked for even with nothing left: who is in it may all be counted already.
    """
    if ticket.cover(ticket.shortage(needs), purse):
        return True
    surface = ticket.match.surface
    if not ticket.request.sees_body or ticket.match.subject:
        return False
    free = ticket.free()
    asks = surface.kind == "listing" and not ladder.can_redact(ticket)
    if free < (0 if asks else weights.of_fields(surface.fields)):
        return False
    needs[:] = [(min(free, n[0]), min(free, n[1]), min(free, n[2])) for n in needs]
    return True


def room_of(ticket: Ticket, watchers: Watchers, ladder: Ladder, now: float) -> dict[str, int]:
    """Return the units that each principal of a ticket could still reserve; {} when its actor is held back.

    Held back is an actor for whom a decision stands, who is near a limit, or whose class pays more while it surges.
    The ticket was opened to ask, and keeps no window.
    """
    ticket.land()
    held_back = watchers.standing_for(ticket, now) or ladder.near(ticket)
    if held_back or ticket.price > 1.0:
        return {}
    rows = zip(ticket.principals, ticket.windows, strict=True)
    return {key: window.free(limits) for (_, key, limits), window in rows}
