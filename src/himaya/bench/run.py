"""One run: a crowd, an operation or several, one defence, one virtual clock. Days pass in seconds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from heapq import heapify, heappop, heappush

from himaya.bench.attackers.crew import Crew
from himaya.bench.attackers.hand import Hand
from himaya.bench.crowd.lives import Lives
from himaya.bench.crowd.plan import Event
from himaya.bench.defences.base import Defence
from himaya.core.errors import InputError

#: 2026-01-05 00:00 UTC, a Monday: when every run begins.
START = 1_767_571_200.0

#: What a step of a hand is run under; loading from outside replaces it by one with a time limit.
Guard = Callable[[Callable[[], float | None]], float | None]

_Later = tuple[float, int, Crew | None, Hand | None, Event | None, int]


class Run:
    """Everybody on one clock until `end`; ties are settled by the order of arrival, so a run repeats exactly."""

    def __init__(
        self, defence: Defence, lives: Lives | None, crews: Sequence[Crew], end: float
    ) -> None:
        """Put everybody in line."""
        self._defence, self._lives, self.crews, self._end = defence, lives, crews, end
        self._later: list[_Later] = []
        self._number = 0
        self.guards: dict[str, Guard] = {}
        self.most_requests = 20_000_000
        for crew in crews:
            for at, hand in crew.begin():
                self._line_up(at, crew=crew, hand=hand)
        heapify(self._later)

    def _line_up(
        self,
        at: float,
        *,
        crew: Crew | None = None,
        hand: Hand | None = None,
        event: Event | None = None,
        tries: int = 0,
    ) -> None:
        self._number += 1
        if at < self._end:
            heappush(self._later, (at, self._number, crew, hand, event, tries))

    def go(self) -> None:
        """Let everything happen. Raises InputError when an outside attacker asks without end."""
        events = self._lives.plan.events if self._lives is not None else []
        later, place, count = self._later, 0, len(events)
        while later or place < count:
            if place < count and (not later or events[place].at <= later[0][0]):
                event = events[place]
                place += 1
                if event.at < self._end:
                    self._live(event, event.at, 0)
                continue
            at, _, crew, hand, event_again, tries = heappop(later)
            if crew is not None and hand is not None:
                self._step(crew, hand, at)
            elif event_again is not None:
                self._live(event_again, at, tries)

    def _live(self, event: Event, now: float, tries: int) -> None:
        assert self._lives is not None  # noqa: S101  (events come from it)
        again = self._lives.live(event, now, self._defence, tries)
        if again is not None:
            self._line_up(again, event=event, tries=tries + 1)

    def _step(self, crew: Crew, hand: Hand, now: float) -> None:
        guard = self.guards.get(crew.id)
        step = partial(self._stepped, crew, hand, now)
        again = step() if guard is None else guard(step)
        if again is not None:
            self._line_up(again, crew=crew, hand=hand)

    def _stepped(self, crew: Crew, hand: Hand, now: float) -> float | None:
        again = crew.step(hand, now, self._defence)
        if hand.requests > self.most_requests:
            raise InputError(f"{crew.id}: a hand sent more than {self.most_requests:,} requests")
        return again
