"""The book of windows: one per principal, bounded, found by key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from zlib import crc32

from himaya.core.budget import Principal
from himaya.core.policy import Bounds
from himaya.core.window import UNIT, PeopleWindow

#: A round through a full book begins at most once an hour, and looks at so many windows per newcomer.
_ROUND_BUCKETS = 12
_LOOK = 256
#: Shared windows of a kind: one for so many windows of the book.
_SHARE = 64
#: People remembered in the whole book: so many per principal of its bound, and never fewer than `_FEWEST`.
_PEOPLE = 8
_FEWEST = 100_000


class Book:
    """All people windows of a site.

    At most `bounds.principals` windows exist, and a share more. While the book is full, new principals of a
    kind share a few windows, told apart by a checksum of their key, so a flood of invented actors shares budgets
    instead of evicting anyone's history; they share what any of them bought, too. Whoever shares a window does
    so until it is empty, so nobody gets a second budget when there is room again. `people` are all remembered.
    """

    def __init__(self, bounds: Bounds) -> None:
        """Start empty."""
        self.bounds = bounds
        self.windows: dict[str, PeopleWindow] = {}
        self.overflowed = 0
        self.people = 0
        self._swept = 0
        self._round: Iterator[str] = iter(())

    @property
    def most_people(self) -> int:
        """Return how many people all windows may remember together."""
        return max(_FEWEST, _PEOPLE * self.bounds.principals)

    @property
    def max_people(self) -> int:
        """Return how many people a window may remember now."""
        return 0 if self.people >= self.most_people else self.bounds.people

    def of(self, principals: list[Principal], bucket: int) -> list[PeopleWindow]:
        """Return the windows of principals, advanced to `bucket`, making those that are new."""
        table, found = self.windows, []
        for kind, key, _ in principals:
            window = table.get(key) or self._make(kind, key, bucket)
            if bucket > window.bucket:
                self._advance(window, bucket)
            found.append(window)
        return found

    def own(self, principals: list[Principal], windows: list[PeopleWindow]) -> list[PeopleWindow]:
        """Return those windows of principals that are not shared with others."""
        pairs = zip(principals, windows, strict=True)
        return [window for (_, key, _), window in pairs if self.windows.get(key) is window]

    def advance(self, windows: Iterable[PeopleWindow], bucket: int) -> None:
        """Move windows to `bucket`; never back."""
        for window in windows:
            if bucket > window.bucket:
                self._advance(window, bucket)

    def _advance(self, window: PeopleWindow, bucket: int) -> None:
        before = len(window.seen)
        window.advance(bucket)
        self.people += len(window.seen) - before

    def people_of(self, key: str, bucket: int) -> tuple[float, float, float]:
        """Return the people a principal's window holds in hour, day and month at `bucket`."""
        window = self.windows.get(key)
        if window is None:
            return 0.0, 0.0, 0.0
        self.advance((window,), bucket)
        return window.hour / UNIT, window.day / UNIT, window.month / UNIT

    def held(self) -> dict[str, int]:
        """Return how many windows there are, and how often newcomers had to share one."""
        return {"principals": len(self.windows), "overflowed": self.overflowed}

    def forget_idle(self, principals: list[Principal]) -> None:
        """Forget windows of these principals that hold nothing: whoever saw nobody costs nothing."""
        for _, key, _ in principals:
            window = self.windows.get(key)
            if window is not None and window.idle:
                del self.windows[key]

    def _make(self, kind: str, key: str, bucket: int) -> PeopleWindow:
        most = self.bounds.principals
        if len(self.windows) >= most:
            self._sweep(bucket)
        if self.overflowed or len(self.windows) >= most:
            name = f"o{kind}{crc32(key.encode('utf-8', 'surrogatepass')) % max(1, most // _SHARE)}"
            shared = self.windows.get(name)
            if shared is not None or len(self.windows) >= most:
                self.overflowed += 1
                key = name
            if shared is not None:
                return shared
        window = self.windows[key] = PeopleWindow(bucket)
        return window

    def _sweep(self, bucket: int) -> None:
        """Look at the next few windows and forget those that hold nothing."""
        keys = list(islice(self._round, _LOOK))
        if not keys and bucket >= self._swept + _ROUND_BUCKETS:
            self._swept, self._round = bucket, iter(list(self.windows))
            keys = list(islice(self._round, _LOOK))
        for key in keys:
            window = self.windows.get(key)
            # One that is at `bucket` may have been found or made for the request that is being opened.
            if window is not None and window.bucket < bucket:
                self._advance(window, bucket)
                if window.idle:
                    del self.windows[key]
