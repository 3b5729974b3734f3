"""The book of windows: one per principal, bounded, found by key."""

from __future__ import annotations

from himaya.core.budget import Principal
from himaya.core.policy import Bounds
from himaya.core.window import PeopleWindow

_SWEEP_BUCKETS = 12


class Book:
    """All people windows of a site.

    At most `bounds.principals` windows exist. A full book forgets idle windows at most once an hour of
    its own time; while it stays full, new principals of a kind share one overflow window, so a
    flood of invented actors shares one budget instead of evicting anyone's history.
    """

    def __init__(self, bounds: Bounds) -> None:
        """Start empty."""
        self._max = bounds.principals
        self.windows: dict[str, PeopleWindow] = {}
        self.overflowed = 0
        self._swept = 0

    def of(self, principals: list[Principal], bucket: int) -> list[PeopleWindow]:
        """Return the windows of principals, advanced to `bucket`, making those that are new."""
        table, found = self.windows, []
        for kind, key, _ in principals:
            window = table.get(key) or self._make(kind, key, bucket)
            if bucket > window.bucket:
                window.advance(bucket)
            found.append(window)
        return found

    def forget_idle(self, principals: list[Principal]) -> None:
        """Forget windows of these principals that hold nothing: whoever saw nobody costs nothing."""
        for _, key, _ in principals:
            window = self.windows.get(key)
            if window is not None and window.idle:
                del self.windows[key]

    def _make(self, kind: str, key: str, bucket: int) -> PeopleWindow:
        if len(self.windows) >= self._max:
            self._sweep(bucket)
        if len(self.windows) >= self._max:
            self.overflowed += 1
            key = "o" + kind
            if key in self.windows:
                return self.windows[key]
        window = self.windows[key] = PeopleWindow(bucket)
        return window

    def _sweep(self, bucket: int) -> None:
        if bucket < self._swept + _SWEEP_BUCKETS:
            return
        self._swept = bucket
        for key, window in list(self.windows.items()):
            window.advance(bucket)
            if window.idle:
                del self.windows[key]
