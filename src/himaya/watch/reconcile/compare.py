"""The whole comparison: logs in, the answer out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from himaya.config import Config
from himaya.core.errors import InputError
from himaya.core.facts import Facts
from himaya.ledger.answers import Period
from himaya.ledger.names import FOREVER
from himaya.ledger.reader import Reader
from himaya.ledger.schema import iso, micros
from himaya.watch.batches import LATE_S
from himaya.watch.loglines import LogLines
from himaya.watch.reconcile.asked import Asked, Line, Skip, names_person
from himaya.watch.reconcile.days import Days
from himaya.watch.reconcile.period import observed
from himaya.watch.reconcile.result import Reconciliation, Skipped, Sums
from himaya.watch.reconcile.tally import Tally
from himaya.watch.reconcile.units import Units
from himaya.watch.reconcile.verdict import Judge


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How a comparison is made.

    `tolerance_s`: seconds between a line's time and its row's at most. `pending_s`: lines of the last seconds before
    the ledger's end whose rows may still come. `start`, `end`: microseconds. `show`: lines named. `names`: real
    names instead of pseudonyms. `strict`: whatever is unclear fails too.
    """

    tolerance_s: float = 5.0
    pending_s: float = LATE_S
    start: int = 0
    end: int = FOREVER
    show: int = 20
    names: bool = False
    strict: bool = False


def reconcile(
    logs: Sequence[str],
    reader: Reader,
    config: Config,
    *,
    facts: Facts | None = None,
    form: str = "",
    limits: Limits | None = None,
) -> Reconciliation:
    """Return which lines of access logs have no row in a ledger, and why.

    `config` says what the surfaces are and how lines and actors are read, `form` overrides its log format. Raises
    InputError for a log that cannot be read or has nothing to compare, LedgerError.
    """
    return _Comparison(reader, config, facts or Facts(), limits or Limits()).of(logs, form)


class _Comparison:
    """One comparison under way."""

    def __init__(self, reader: Reader, config: Config, facts: Facts, limits: Limits) -> None:
        self._limits, self._config = limits, config
        self._log = LogLines(config, config.surfaces)
        self._asked = Asked(config, facts, reader.identities)
        self._ledger = observed(reader)
        self._kept = self._outside = 0
        near, settle = limits.tolerance_s, float(config.bounds.settle_s)
        named = {surface.id: names_person(surface) for surface in config.surfaces}
        erased = frozenset(reader.state().erased)
        self._days = Days(Units(reader, named, (near, settle)), near, settle, erased)
        settled = self._ledger[1] - limits.pending_s
        gaps = reader.gaps(micros(self._start - near), micros(self._end + near))
        self._judge = Judge(self._asked, facts, gaps, near, settled)
        self._tally = Tally(tuple(named), limits.show, names=limits.names)

    @property
    def _start(self) -> float:
        return max(self._ledger[0], self._limits.start / 1e6)

    @property
    def _end(self) -> float:
        return min(self._ledger[1], self._limits.end / 1e6)

    def of(self, logs: Sequence[str], form: str) -> Reconciliation:
        """Return the answer for these logs."""
        for day in self._days.of(self._lines(logs, form)):
            self._tally.add(day, self._judge)
        if self._kept == self._outside:
            raise InputError(self._nothing_to_compare(), file=", ".join(logs))
        return self._answer()

    def _lines(self, logs: Sequence[str], form: str) -> Iterator[Line]:
        start, end = self._start, self._end
        for placed in self._log.placed(logs, form):
            self._kept += 1
            if not start <= placed.at <= end:
                self._outside += 1
            elif (line := self._asked.line(placed)) is not None:
                yield line

    def _nothing_to_compare(self) -> str:
        totals = self._log.totals
        if not self._kept:
            return (
                f"none of {totals.parsed:,} lines is a request to a declared surface;"
                " check the routes under [[surface]], or name the log of the site they are for"
            )
        first, last = _iso(self._start), _iso(self._end)
        held = f"{_iso(totals.first)} to {_iso(totals.last)}"
        return (
            f"no line lies in the period to compare, {first} to {last} (the log goes from {held});"
            " name a log of that period, or another --from, --to or --ledger"
        )

    def _answer(self) -> Reconciliation:
        limits, sums, skipped = self._limits, self._tally.sums(), self._skipped()
        notices = tuple(_notices(self._log, skipped, sums))
        unread = bool(skipped.malformed or skipped.late or self._log.totals.torn)
        period = self._tally.period()
        return Reconciliation(
            holds=not sums.missing and not (limits.strict and (sums.unclear or unread)),
            strict=limits.strict,
            log=Period(_iso(period[0]), _iso(period[1])) if period else Period("", ""),
            ledger=Period(*map(_iso, self._ledger)),
            tolerance_s=limits.tolerance_s,
            settle_s=float(self._config.bounds.settle_s),
            pending_s=limits.pending_s,
            lines=self._log.totals.lines,
            sums=sums,
            surfaces=self._tally.surfaces,
            skipped=skipped,
            explained=self._tally.explained(),
            missing=tuple(self._tally.missing),
            unclear=tuple(self._tally.unclear),
            notices=notices,
        )

    def _skipped(self) -> Skipped:
        totals, why = self._log.totals, self._asked.skipped
        late = self._log.left_out
        return Skipped(
            elsewhere=totals.parsed - self._kept - late,
            outside=self._outside,
            nothing=why[Skip.NOTHING],
            nobody=why[Skip.NOBODY],
            own=why[Skip.OWN],
            opened=why[Skip.OPENED],
            malformed=totals.malformed,
            late=late,
        )


def _notices(log: LogLines, skipped: Skipped, sums: Sums) -> Iterator[str]:
    """Yield what makes the answer less than it seems, in words."""
    for file, why, _ in log.totals.torn:
        yield f"{file} breaks off: {why}; what follows was not compared"
    if skipped.late:
        yield (
            f"{skipped.late:,} lines stand more than ten minutes behind earlier lines of their log and were not"
            " compared; name the parts as logs of their own"
        )
    if sums.from_log:
        yield (
            f"{sums.from_log:,} rows were made from a log: they show that these views are on record, not that the gate"
            " was asked"
        )
    if sums.missing and sums.only_in_ledger:
        yield (
            f"{sums.only_in_ledger:,} rows have no line: if they are the missing ones, the gate and the log name actors"
            " differently ([actor] trusted_proxies, account_field), or their clocks differ (--tolerance-s)"
        )


def _iso(at: Any) -> str:  # noqa: ANN401  (epoch seconds, or None)
    return "" if at is None else iso(micros(at))
