"""Where a follower's exchanges go: its own engine and ledger, or the authority of a running gate.

Both keep the promise of the bookmark: after a kill, lines that are read again give no second row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Protocol

import msgspec

from himaya.control import Control
from himaya.control.messages import NoteGap
from himaya.core.effect import Effect, RaiseFinding, RecordDisclosures
from himaya.core.engine import Engine
from himaya.core.errors import ServiceError
from himaya.core.exchange import Exchange
from himaya.core.matching import Surfaces
from himaya.ledger.rows import Row
from himaya.ledger.schema import MISS, SHOWING, UNATTRIBUTED, micros
from himaya.runner import Runner
from himaya.watch.bookmark import Bookmark, FileMark, Sent
from himaya.watch.crawlers import claimed_crawler

#: The doors of rows that come from lines of a log.
_FOLLOWED = frozenset({"log", "edge"})

#: Rows that come from lines of a log.
_COUNTED = frozenset({*SHOWING, MISS, UNATTRIBUTED})

#: The clock of an authority's engine may stand this far behind the follower's.
_SLACK_S = 1.0

#: Rows of the ledger from a time (epoch seconds) on.
RowsSince = Callable[[float], Iterable[Row]]

#: An exchange and the time of its line.
Told = tuple[Exchange, float]


class Recorder(Protocol):
    """Takes exchanges in the order of their lines."""

    def resume(self, bookmark: Bookmark) -> None:
        """Take up what a kill may have left behind a bookmark."""
        ...

    def before(self, bookmark: Bookmark, upto: FileMark, first_at: float | None) -> Bookmark | None:
        """Return a bookmark that must be saved before lines up to `upto` are recorded, if any."""
        ...

    def record(self, told: list[Told], now: float, *, again: bool) -> None:
        """Take exchanges and make them durable.

        Raises ServiceError when that must be tried again, with `again` set.
        """
        ...

    def after(self, bookmark: Bookmark) -> Bookmark:
        """Return the bookmark with what this recorder needs to know again."""
        ...

    def gap(self, start: float, end: float, why: str) -> None:
        """Note an unobserved period."""
        ...

    def idle(self, now: float) -> None:
        """Do what has to be done now and then."""
        ...

    def close(self, now: float) -> None:
        """Stop."""
        ...


class OwnRecorder:
    """An engine, a runner and a ledger of the follower's own."""

    def __init__(self, engine: Engine, runner: Runner, rows_since: RowsSince) -> None:
        """Take the parts; the engine remembers the ledger's rows already."""
        self._engine = engine
        self._runner = runner
        self._rows_since = rows_since
        self._since = 0.0
        self._latest = 0.0
        self._rows = 0
        self._skip = 0

    def resume(self, bookmark: Bookmark) -> None:
        """Count what the ledger holds beyond a bookmark, to leave it out when its lines are read again."""
        self._since, self._rows = bookmark.since, bookmark.rows
        if bookmark.since:
            self._skip = max(0, self._held(bookmark.since) - bookmark.rows)
            # The clock must not stand before the rows that are counted from here on.
            self._runner.perform(self._engine.expire(bookmark.since))

    def _held(self, since: float) -> int:
        """Return how many rows of the log the ledger holds from a time on; note the latest of them."""
        times = [
            row.at
            for row in self._rows_since(since)
            if row.source in _FOLLOWED and row.kind in _COUNTED
        ]
        self._latest = max(times, default=since)
        return len(times)

    def before(self, bookmark: Bookmark, upto: FileMark, first_at: float | None) -> Bookmark | None:
        """Fix at the very first rows from when on rows are counted."""
        if bookmark.since or first_at is None:
            return None
        self._since, self._rows = first_at, self._held(first_at)
        return msgspec.structs.replace(bookmark, since=self._since, rows=self._rows)

    def record(self, told: list[Told], now: float, *, again: bool) -> None:
        """Let the engine count exchanges, once, and have the rows written and synced."""
        if not again:
            for exchange, at in told:
                effects = self._engine.record(exchange, at)
                if effects:
                    self._runner.perform(filter(None, (self._kept(e, exchange) for e in effects)))
        self._runner.drain(now)
        if self._runner.problem:
            raise ServiceError(f"the ledger cannot be written: {self._runner.problem}")

    def _kept(self, effect: Effect, exchange: Exchange) -> Effect | None:
        if isinstance(effect, RecordDisclosures):
            return self._kept_rows(effect)
        return with_claim(effect, exchange)

    def _kept_rows(self, effect: RecordDisclosures) -> Effect | None:
        """Leave out rows that the ledger has already, and count the others."""
        told = effect.disclosures
        rows = len(told.shown) or 1
        if self._skip >= rows:
            # These stand in the ledger under the time they had then.
            self._skip -= rows
            self._rows += rows
            return None
        if self._skip:
            shown, self._skip = told.shown[self._skip :], 0
            effect = RecordDisclosures(msgspec.structs.replace(told, shown=shown))
            self._rows += rows
            return effect
        self._count(told.at, rows)
        return effect

    def _count(self, at: float, rows: int) -> None:
        """Count rows from `since` on; a row later than all others begins the count anew."""
        if micros(at) > micros(self._latest):
            self._since, self._rows, self._latest = at, 0, at
        self._rows += rows

    def after(self, bookmark: Bookmark) -> Bookmark:
        """Add how many rows the ledger holds from the time of the latest on."""
        return msgspec.structs.replace(bookmark, since=self._since, rows=self._rows)

    def gap(self, start: float, end: float, why: str) -> None:
        """Note an unobserved period."""
        self._runner.note_gap(start, end, why)

    def idle(self, now: float) -> None:
        """Flush, seal, execute the retention."""
        self._runner.tick(now)

    def close(self, now: float) -> None:
        """Write what waits and let the alert command finish."""
        self._runner.close(now)


class AuthorityRecorder:
    """The authority of a running gate, asked over its control socket."""

    def __init__(
        self,
        control: Control,
        surfaces: Surfaces,
        rows_since: RowsSince,
        clock: Callable[[], float],
    ) -> None:
        """Take the client, and what recognises rows that were taken before a kill."""
        self._control = control
        self._surfaces = surfaces
        self._rows_since = rows_since
        self._clock = clock
        self._known: Counter[tuple[str, str, str]] = Counter()
        self._sent: Sent | None = None

    def resume(self, bookmark: Bookmark) -> None:
        """Look up what the authority's ledger took of lines that were being sent."""
        self._sent = bookmark.sent
        self._look_up()

    def _look_up(self) -> None:
        """Note which rows the ledger took since the last lines were about to be sent."""
        self._known.clear()
        if self._sent is None:
            return
        self._control.flush()
        for row in self._rows_since(self._sent.at - _SLACK_S):
            if row.source in _FOLLOWED and row.kind in _COUNTED:
                self._known[row.actor.name, row.subject or "", row.surface] += 1

    def before(self, bookmark: Bookmark, upto: FileMark, first_at: float | None) -> Bookmark | None:
        """Say what is about to be sent."""
        if first_at is None:
            return None
        # Lines that are read again after a kill were about to be sent at the earlier time.
        if not self._known or self._sent is None:
            self._sent = Sent(upto, self._clock())
        return msgspec.structs.replace(bookmark, sent=self._sent)

    def record(self, told: list[Told], now: float, *, again: bool) -> None:
        """Send exchanges and ask for them to be durable; those the ledger has already are left out."""
        if again:
            self._look_up()
        if self._known:
            told = [(exchange, at) for exchange, at in told if not self._has(exchange)]
        self._control.record_many(told)
        self._control.flush()
        self._known.clear()

    def _has(self, exchange: Exchange) -> bool:
        """Tell whether all rows of an exchange are among those found, and take them out."""
        request = exchange.request
        match = self._surfaces.match(request.method, request.target)
        if match is None:
            return False
        people = exchange.people or ()
        subjects = [person.subject for person in people] or [match.subject]
        keys = [(request.actor.name, subject, match.surface.id) for subject in subjects]
        if not all(self._known[key] > 0 for key in keys):
            return False
        self._known.subtract(keys)
        return True

    def after(self, bookmark: Bookmark) -> Bookmark:
        """Everything sent is confirmed."""
        return msgspec.structs.replace(bookmark, sent=None)

    def gap(self, start: float, end: float, why: str) -> None:
        """Note an unobserved period in the authority's ledger."""
        self._control.ask(NoteGap(start, end, why))

    def idle(self, now: float) -> None:
        """Nothing to do."""

    def close(self, now: float) -> None:
        """Close the connections."""
        self._control.close()


def with_claim(effect: Effect, exchange: Exchange) -> Effect:
    """Return a finding with the crawler that the agent string claims, other effects as they are."""
    if isinstance(effect, RaiseFinding):
        claim = claimed_crawler(exchange.request.agent)
        if claim:
            return RaiseFinding(msgspec.structs.replace(effect.finding, claimed=claim))
    return effect
