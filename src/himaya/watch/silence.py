"""A log in which no line comes any more, and a gate that takes none: seen by whoever follows the log."""

from __future__ import annotations

from collections.abc import Callable

from himaya.runner.alerting import Occurrence, words

#: The unobserved period so far is written this often, so that a kill cannot hide it.
_AGAIN_S = 300.0

#: A gate that restarts is away for seconds; after this many somebody is told, and again as often.
_AWAY_S = 10.0

Tell = Callable[[Occurrence], None]


class Silence:
    """Notes an unobserved period when no line came for `after_s` (0: never) and lines used to come.

    The period begins with the last line and goes on until lines come again, by the clock of this machine. `gap` takes
    it, `tell` the alert.
    """

    def __init__(
        self, after_s: float, gap: Callable[[float, float, str], None], tell: Tell | None
    ) -> None:
        """Take how long is too long, and who is told."""
        self._after_s, self._gap, self._tell = after_s, gap, tell
        self._since: float | None = None
        self._noted: float | None = None

    def begin(self, now: float, *, told: bool) -> None:
        """Begin to wait for lines; `told`: there were some before this process."""
        self._since = now if told else None

    def heard(self, now: float) -> None:
        """Lines came."""
        self.end(now)
        self._since = now

    def look(self, now: float) -> None:
        """Note the silence once it has lasted too long, and how it goes on."""
        if not self._after_s or self._since is None or now - self._since < self._after_s:
            return
        begun = self._since if self._noted is None else self._noted
        if self._noted is not None and now - begun < _AGAIN_S:
            return
        if self._tell is not None:
            self._tell(words.silence(now, now - self._since))
        self._note(begun, now)

    def end(self, now: float) -> None:
        """Note the rest of a silence that is over."""
        if self._noted is not None and now > self._noted:
            self._note(self._noted, now)
        self._noted = None

    def _note(self, start: float, end: float) -> None:
        self._noted = end  # before it is handed on: that may wait for a gate
        self._gap(start, end, words.SILENT)


class Away:
    """Tells of an authority or ledger that does not take lines."""

    def __init__(self, tell: Tell | None) -> None:
        """Take who is told."""
        self._tell = tell
        self._since: float | None = None
        self._told = 0.0

    def failed(self, now: float) -> None:
        """Lines were not taken."""
        if self._since is None:
            self._since = now
        due = now - self._since >= _AWAY_S and now - self._told >= _AWAY_S
        if due and self._tell is not None:
            self._told = now
            self._tell(words.gate_away(now, now - self._since))

    def answered(self) -> None:
        """Lines were taken."""
        self._since = None
