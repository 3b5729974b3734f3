"""When a process looks into the register of cases by itself: soon after it changed, and now and then."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

from himaya.config import Config
from himaya.core.errors import HimayaError
from himaya.response.places import register_path
from himaya.runner.alerting import Occurrence

#: Seconds between two looks into a register that did not change: what is looked for is due by the hour or the day.
_EVERY_S = 600.0
#: Seconds until a look that failed is had again.
_AGAIN_S = 60.0


class Looking:
    """Says when the register of a configuration is to be looked at; where there is none, never."""

    def __init__(self, config: Config, log: logging.Logger, what: str) -> None:
        """Take whose register, where a failed look is told, and `what` cannot be looked at then."""
        self._elsewhere = bool(config.response.database)
        self._path = register_path(Path(config.ledger.directory).absolute())
        self._log, self._what = log, what
        self._seen, self._from, self._until = 0, float("-inf"), float("-inf")
        self._problem = ""

    def is_due(self, now: float) -> bool:
        """Tell whether to look at `now` (epoch seconds); then the next look is in ten minutes, or after a change."""
        mark = 1 if self._elsewhere else _changed(self._path)
        waits = mark == self._seen and self._from <= now < self._until
        if not mark or waits:
            return False
        self._seen, self._from, self._until = mark, now, now + _EVERY_S
        return True

    def look(
        self, find: Callable[[float], Iterator[Occurrence]], now: float
    ) -> Iterator[Occurrence]:
        """Yield what `find` finds where a look is due; one that fails keeps no other alert from going out."""
        if not self.is_due(now):
            return
        try:
            yield from find(now)
            self._problem = ""
        except HimayaError as problem:
            self._failed(problem)

    def _failed(self, problem: HimayaError) -> None:
        """Log a problem once, and have the look again in a minute."""
        if str(problem) != self._problem:
            self._log.warning(
                "%s cannot be looked at, and are tried again: %s", self._what, problem
            )
        self._problem, self._until = str(problem), self._from + _AGAIN_S


def _changed(path: Path) -> int:
    """Return when a file was last changed, 0 when it is not there."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
