"""A log feed that has gone silent, seen by the gate: a front door asks, and no line of its log comes back."""

from __future__ import annotations

from pathlib import Path

from himaya.config import Config
from himaya.gate.authority import Authority
from himaya.runner.alerting.words import SILENT

#: The unobserved period so far is written this often, so that a crash cannot hide it.
_AGAIN_S = 300.0

#: Older bookmarks are of a log that was given up, in seconds.
_FORGOTTEN_S = 7 * 86400.0


class LogFeedWatch:
    """Looks at two counters at every tick. Belongs to the loop.

    Nothing is said while nobody asks for people: a site may sleep. `follows`: people are told from the log, by
    `himaya follow`.
    """

    def __init__(self, config: Config, authority: Authority, *, follows: bool) -> None:
        """Take who counts. Lines used to come when a follower left a bookmark beside the ledger this week."""
        directory = Path(config.ledger.directory)
        self._after_s = config.alerts.silence_s if follows else 0.0
        self._authority = authority
        self._told = _was_followed(
            directory.with_name(directory.name + ".follow"), authority.clock()
        )
        self._lines = authority.from_log
        self._passed = authority.passed
        #: Since when people were shown and no line came; None while that is not so.
        self._since: float | None = None
        self._gap_from: float | None = None

    def look(self, now: float) -> None:
        """Note an unobserved period once requests went untold for too long, and how it goes on."""
        lines, passed = self._authority.from_log, self._authority.passed
        if lines != self._lines:
            self.close(now)
            self._told, self._since = True, None
        elif self._since is None and passed != self._passed and self._told:
            self._since = now
        self._lines, self._passed = lines, passed
        if self._after_s and self._since is not None and now - self._since >= self._after_s:
            begun = self._since if self._gap_from is None else self._gap_from
            if self._gap_from is None or now - begun >= _AGAIN_S:
                self._note(begun, now)

    def close(self, now: float) -> None:
        """Note the rest of a period that goes on."""
        if self._gap_from is not None and now > self._gap_from:
            self._note(self._gap_from, now)
        self._gap_from = None

    def _note(self, start: float, end: float) -> None:
        why = f"{SILENT}: himaya follow has stopped, or the server's log has"
        self._authority.runner.note_gap(start, end, why)
        self._gap_from = end


def _was_followed(bookmark: Path, now: float) -> bool:
    try:
        return now - bookmark.stat().st_mtime < _FORGOTTEN_S
    except OSError:
        return False
