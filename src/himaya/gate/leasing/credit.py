"""A worker's leases, and what its requests draw from them. Nothing here waits or asks; safe to share between threads.

Rules:
- Only what is plainly allowed is decided here; whatever does not fit is asked about.
- Everybody costs the full price, but who was shown before by the same lease, and told of to the authority, is free.
- A lease may be drawn from for the time it was given for, counted from before it was asked for.
- It goes back when that time is over and no request is under way that drew from it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable

from himaya.core.actor import Actor
from himaya.core.decision import Admission, Decision
from himaya.core.exchange import Person
from himaya.core.lease import Lease
from himaya.core.rows import merged
from himaya.core.surface import Surface

#: A lease is left alone this long before all of it is charged, in seconds.
_MARGIN_S = 1.0


class Hand:
    """One lease in a worker's hand; times are those of the worker's steady clock."""

    __slots__ = ("decision", "flying", "held", "id", "left", "over", "paid", "price", "until")

    def __init__(self, lease: Lease, decision: Decision, asked: float) -> None:
        self.id = lease.id
        self.left = lease.units
        self.price = lease.price
        self.held = asked + lease.hold_s - _MARGIN_S
        self.until = min(asked + lease.for_s, self.held)
        self.decision = decision
        self.paid: set[str] = set()
        self.flying = 0
        self.over = False


class Slip:
    """What one request drew from a lease."""

    __slots__ = ("_credit", "hand", "units")

    def __init__(self, credit: Credit, hand: Hand, units: int) -> None:
        self._credit = credit
        self.hand = hand
        self.units = units

    @property
    def decision(self) -> Decision:
        """The decision for the request: allow."""
        return self.hand.decision

    def admit(self, surface: Surface, people: tuple[Person, ...] | None) -> Admission | None:
        """Return that these people may pass, if the lease pays for them; None: ask."""
        if people is None or not _is_declared(surface, people):
            return None
        people = merged(people)
        if not self._credit.pay(self, [person.subject for person in people]):
            return None
        return Admission(enforced=self.decision.enforced, people=people)

    def cancel(self) -> None:
        """Put back what was drawn: the request is asked about instead."""
        self._credit.cancel(self)

    def settled(self, shown: Iterable[str]) -> None:
        """Note that the authority will be told who was shown; they are paid for."""
        self._credit.settled(self, shown)


class Credit:
    """All leases of one worker, by actor and surface; `back` is called with the id of each that goes back."""

    def __init__(
        self, back: Callable[[str], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin with none; `clock` gives seconds that never go back."""
        self.clock = clock
        self._back = back
        self._lock = threading.Lock()
        self._hands: dict[tuple[Actor, str], Hand] = {}

    def __len__(self) -> int:
        """Return how many leases are in hand."""
        return len(self._hands)

    def clear(self) -> None:
        """Forget everything, as the child of a fork must: it is the parent's."""
        self._lock = threading.Lock()
        self._hands = {}

    def take(self, actor: Actor, surface: str, subject: str, policy: str) -> Slip | None:
        """Draw what the request of an actor needs for one person of a surface; None: ask the authority."""
        if not self._hands:
            return None
        key = actor, surface
        with self._lock:
            hand = self._hands.get(key)
            if hand is None:
                return None
            if hand.over or self.clock() >= hand.until or hand.decision.policy != policy:
                self._retire(key)
                return None
            return self._draw(key, hand, subject)

    def _draw(self, key: tuple[Actor, str], hand: Hand, subject: str) -> Slip | None:
        units = 0 if subject in hand.paid else hand.price
        if hand.left < units:
            self._retire(key)
            return None
        hand.left -= units
        hand.flying += 1
        return Slip(self, hand, units)

    def open(self, key: tuple[Actor, str], lease: Lease, decision: Decision, asked: float) -> Slip:
        """Take a lease that was asked for at `asked`, and draw what its first request needs."""
        hand = Hand(lease, decision, asked)
        units = min(hand.price, hand.left)
        hand.left -= units
        hand.flying = 1
        with self._lock:
            self._retire(key)
            self._hands[key] = hand
        return Slip(self, hand, units)

    def pay(self, slip: Slip, subjects: list[str]) -> bool:
        """Draw what these people cost beyond what was drawn; False when that is not there any more."""
        hand = slip.hand
        with self._lock:
            now = self.clock()
            more = hand.price * sum(each not in hand.paid for each in subjects) - slip.units
            if now >= hand.held or (more > 0 and (now >= hand.until or hand.left < more)):
                return False
            if more > 0:
                hand.left -= more
                slip.units += more
            return True

    def cancel(self, slip: Slip) -> None:
        """Put back what a request drew."""
        with self._lock:
            slip.hand.left += slip.units
            slip.units = 0
            self._land(slip.hand)

    def settled(self, slip: Slip, shown: Iterable[str]) -> None:
        """Note that a request is over, and who was shown."""
        with self._lock:
            slip.hand.paid.update(shown)
            self._land(slip.hand)

    def end(self, leases: Iterable[str]) -> None:
        """Draw no more from these leases: the authority says that they are over."""
        named = frozenset(leases)
        if not named:
            return
        with self._lock:
            for key in [key for key, hand in self._hands.items() if hand.id in named]:
                self._retire(key)

    def sweep(self) -> None:
        """Give back what is over."""
        with self._lock:
            now = self.clock()
            for key in [key for key, hand in self._hands.items() if now >= hand.until]:
                self._retire(key)

    def close(self) -> None:
        """Give everything back that no request draws from: this worker ends."""
        with self._lock:
            for key in list(self._hands):
                self._retire(key)

    def _retire(self, key: tuple[Actor, str]) -> None:
        hand = self._hands.pop(key, None)
        if hand is not None:
            hand.over = True
            if not hand.flying:
                self._back(hand.id)

    def _land(self, hand: Hand) -> None:
        hand.flying -= 1
        if hand.over and not hand.flying:
            self._back(hand.id)


def _is_declared(surface: Surface, people: tuple[Person, ...]) -> bool:
    """Tell whether people show no field that the surface does not declare: the price is for these."""
    declared = frozenset(surface.fields)
    return all(person.fields is None or declared.issuperset(person.fields) for person in people)
