"""A few ways of collecting named test people: fast, over two surfaces, from listings, from several addresses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import msgspec

from himaya.bench.staging.client import Client, StoppedError
from himaya.bench.staging.outcome import PatternLoss, SurfaceLoss
from himaya.bench.staging.people import Asks, StagingAsk
from himaya.bench.staging.seen import Eye, Sight

#: Refusals in a row after which a pattern gives up.
PATIENCE = 5

Headers = tuple[tuple[str, str], ...]


class Pattern(msgspec.Struct, frozen=True):
    """A way of collecting: its asks, and the addresses it claims to come from (one "" for the machine's own)."""

    id: str
    title: str
    how: str
    asks: Callable[[], Iterator[StagingAsk]]
    addresses: tuple[str, ...] = ("",)


def patterns(asks: Asks, addresses: Iterator[str] | None) -> list[Pattern]:
    """Return the patterns that the surfaces allow; `addresses` are those that may be claimed, None for none."""

    def own() -> tuple[str, ...]:
        return (next(addresses),) if addresses is not None else ("",)

    singles, found = asks.singles, list[Pattern]()
    if singles:
        how = f"one client asks {singles[0].id} for one test person after another"
        found.append(Pattern("fast", "fast", how, lambda: _each(asks, 1), own()))
    if len(singles) > 1:
        how = f"one client asks {singles[0].id} and {singles[1].id} for each test person"
        found.append(Pattern("two", "two surfaces", how, lambda: _each(asks, 2), own()))
    if asks.listings:
        how = "one client reads the first pages of every listing; only named test people count"
        found.append(Pattern("listings", "listings", how, lambda: _pages(asks), own()))
    if singles and addresses is not None:
        how = f"five addresses take turns in asking {singles[0].id}"
        five = tuple(next(addresses) for _ in range(5))
        found.append(Pattern("addresses", "several addresses", how, lambda: _each(asks, 1), five))
    return found


def _each(asks: Asks, surfaces: int) -> Iterator[StagingAsk]:
    for person in asks.people:
        for surface in asks.singles[:surfaces]:
            ask = asks.single(surface, person)
            if ask is not None:
                yield ask


def _pages(asks: Asks) -> Iterator[StagingAsk]:
    for surface in asks.listings:
        for pages in asks.pages(surface):
            yield from pages


class Collecting:
    """One pattern at work; `obtained` holds whom it got, with the fields."""

    def __init__(self, pattern: Pattern, client: Client, eye: Eye, header: str) -> None:
        """Take who asks and who looks; `header` carries a claimed address."""
        self._pattern, self._client, self._eye, self._header = pattern, client, eye, header
        self.obtained: dict[str, dict[str, None]] = {}
        self._surfaces: dict[str, SurfaceLoss] = {}
        self._people: dict[str, set[str]] = {}
        self._statuses: Counter[int] = Counter()
        self._refused = self._requests = self._turn = self._row = 0
        self._before: int | None = None
        self.stopped = ""

    def go(self) -> None:
        """Ask until everything is asked, the target refuses five times in a row, or the run must stop."""
        most = PATIENCE * len(self._pattern.addresses)
        try:
            for ask in self._pattern.asks():
                self._step(ask)
                if self._row >= most:
                    return
        except StoppedError as problem:
            self.stopped = str(problem)

    def _step(self, ask: StagingAsk) -> None:
        heard = self._client.get(ask.place, self._claimed())
        self._requests += 1
        self._statuses[heard.status] += 1
        loss = self._surfaces.setdefault(ask.surface.id, SurfaceLoss(ask.surface.id))
        loss.asked += 1
        if heard.refused:
            self._note_refusal(loss)
            return
        self._row = 0
        for sight in self._eye.sights(ask, heard):
            self._take(loss, sight)

    def _claimed(self) -> Headers:
        addresses = self._pattern.addresses
        address = addresses[self._turn % len(addresses)]
        self._turn += 1
        return ((self._header, address),) if address else ()

    def _note_refusal(self, loss: SurfaceLoss) -> None:
        loss.refused += 1
        self._refused += 1
        self._row += 1
        if self._before is None:
            self._before = len(self.obtained)

    def _take(self, loss: SurfaceLoss, sight: Sight) -> None:
        held = self.obtained.setdefault(sight.subject, {})
        held.update(dict.fromkeys(sight.fields))
        known = self._people.setdefault(loss.surface, set())
        if sight.subject not in known:
            known.add(sight.subject)
            loss.people += 1
            loss.read = loss.read or sight.read
            for field in sight.fields:
                loss.fields[field] = loss.fields.get(field, 0) + 1

    def loss(self) -> PatternLoss:
        """Return what came of it."""
        pattern, most = self._pattern, PATIENCE * len(self._pattern.addresses)
        refused = f"refused {self._row} times in a row" if self._row >= most else ""
        return PatternLoss(
            id=pattern.id,
            title=pattern.title,
            how=pattern.how,
            requests=self._requests,
            refused=self._refused,
            people=len(self.obtained),
            before=self._before,
            statuses={str(status): count for status, count in sorted(self._statuses.items())},
            surfaces=list(self._surfaces.values()),
            ended=self.stopped or refused or "everything was asked",
        )
