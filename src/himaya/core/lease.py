"""A lease: people of an actor's budgets that a worker may spend by itself for a while.

What is leased is reserved in every budget that covers the actor, as by a ticket, so that nobody else can spend it. The
worker pays the full price for everybody whom it has not paid for in the same lease; what turns out to cost less comes
back when the exchange is settled. A worker that says nothing any more is charged for all of it when the lease ends.
"""

from __future__ import annotations

import msgspec


class Terms(msgspec.Struct, frozen=True):
    """How much is lent: at most `people` of each principal to one worker at a time (0: nothing), to spend in `for_s`.

    Surfaces whose person weighs more than `weight`, and those of `never` (ids), are asked about each time.
    """

    people: int = 0
    for_s: float = 2.0
    weight: float = 1.0
    never: tuple[str, ...] = ()


class Lease(msgspec.Struct, frozen=True, gc=False):
    """What a worker got: `units` in all, each new person costs `price`; for one actor on one surface (its id).

    It may be spent for `for_s` seconds from when it was asked for. What was spent of it must be settled, and the rest
    given back, within `hold_s`: then all that is missing is charged.
    """

    id: str
    surface: str
    units: int
    price: int
    for_s: float
    hold_s: float


class Draw(msgspec.Struct, frozen=True, gc=False):
    """`units` that one exchange drew from a lease."""

    lease: str
    units: int
