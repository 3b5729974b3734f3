"""The windows of every principal, counted by the engine's own `PeopleWindow` from the rows."""

from __future__ import annotations

from collections.abc import Container

from himaya.core.budget import Principal
from himaya.core.window import BUCKET_S, UNLIMITED, PeopleWindow, Triple

NAMES = ("hour", "day", "month")

#: Seconds of the windows, as they are named.
LENGTHS = (3600, 86_400, 30 * 86_400)

#: Everybody is remembered: an audit must not forget.
_ALL = 1 << 62

_HOURS, _DAYS = 12, 288

#: Seconds for which what passed unasked may explain an excess: the longest pass, and the longest request in flight.
_PASSED_S = 360.0

#: The part of a remembered value that is the weight.
_WEIGHT = (1 << 20) - 1


class Counted:
    """The window of one principal, and what may have let it hold more than its limit.

    `purses` are bindings of purses that may have paid. `unsettled` are units charged because a request's time was over:
    its answer may have been charged again, unasked. `passed` are units that nginx let through unasked, with
    their time: the latest ones only. `slack` are units that are known to be beyond every limit, with the
    time since when. `limits` are those that the tiers of its actors gave it, with the time of the last row of each.
    """

    __slots__ = ("limits", "passed", "purses", "slack", "unsettled", "window")

    def __init__(self, bucket: int) -> None:
        """Start empty."""
        self.window = PeopleWindow(bucket)
        self.purses: dict[str, None] = {}
        self.unsettled = 0
        self.passed: list[tuple[float, int]] = []
        self.slack: list[tuple[float, int]] = []
        self.limits: dict[Triple, float] = {}

    def count(self, subject: str, units: int, at: float) -> Triple:
        """Count a person, or units that belong to nobody (""); return what hour, day and month grew by.

        Somebody who weighed more when seen before weighs that again; an answer that nobody read was asked for less.
        """
        window, bucket = self.window, int(at // BUCKET_S)
        window.advance(bucket)
        before = window.hour, window.day, window.month
        if subject:
            window.commit(subject, units, _ALL, bucket)
        else:
            window.charge(units, bucket)
        grown = window.hour - before[0], window.day - before[1], window.month - before[2]
        if max(grown) > units:
            self.slack.append((at, max(grown) - units))
        return grown

    def lately(self, since: float) -> list[Triple]:
        """Return the limits under which somebody was counted at `since` or later."""
        return [limits for limits, at in self.limits.items() if at >= since]

    def held(self, number: int, since: float) -> int:
        """Return the units of hour (0), day or month, without the slack of `since` or later."""
        window = self.window
        value = (window.hour, window.day, window.month)[number]
        return (
            value - sum(units for at, units in self.slack if at >= since) if self.slack else value
        )

    def excuse(self, excess: int, at: float) -> bool:
        """Tell whether so many units can have been charged a second time; then they are slack from now on."""
        if excess > self.unsettled:
            return False
        self.unsettled -= excess
        self.slack.append((at, excess))
        return True

    def note_passed(self, units: int, at: float) -> None:
        """Note units that nginx let through without asking."""
        self.passed = [one for one in self.passed if one[0] >= at - _PASSED_S] + [(at, units)]

    def excuse_passed(self, excess: int, at: float) -> bool:
        """Tell whether so many units were let through without asking lately; then they are slack from now on."""
        lately = [one for one in self.passed if one[0] >= at - _PASSED_S]
        left = sum(units for _, units in lately) - excess
        if left < 0:
            return False
        self.passed = [(at, left)] if left else []
        self.slack.append((at, excess))
        return True

    def weight_of(self, subjects: Container[str]) -> int:
        """Return the units of these people that are still counted."""
        return sum(value & _WEIGHT for s, value in self.window.seen.items() if s in subjects)


class Windows:
    """All windows, by principal."""

    def __init__(self) -> None:
        """Start with none."""
        self._table: dict[str, Counted] = {}

    def of(self, principal: Principal, bucket: int) -> Counted:
        """Return the window of a principal, making it when it is new."""
        key = principal[1]
        found = self._table.get(key)
        if found is None:
            found = self._table[key] = Counted(bucket)
        return found

    def tidy(self, bucket: int) -> None:
        """Forget windows that hold nothing any more, and that no purse may have paid for."""
        for key, counted in list(self._table.items()):
            counted.window.advance(bucket)
            if counted.window.idle and not counted.purses:
                del self._table[key]


def since_of(number: int, bucket: int) -> float:
    """Return the earliest moment whose payments a window may still hold for a row of `bucket`.

    The row was asked about at most one bucket earlier, so the window of that time is taken.
    """
    asked = bucket - 1
    first = (asked - 12, (asked // _HOURS - 24) * _HOURS, (asked // _DAYS - 30) * _DAYS)[number]
    return float(first * BUCKET_S)


def is_limited(limits: Triple) -> bool:
    """Tell whether a principal has any limit."""
    return min(limits) < UNLIMITED


def is_new(grown: Triple, limits: Triple) -> bool:
    """Tell whether what was counted was new in the longest window that has a limit; then it was in all."""
    longest = max(n for n in range(3) if limits[n] < UNLIMITED)
    return grown[longest] > 0
