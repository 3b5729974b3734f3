"""Surge: a whole class of actors is shown more new people in an hour than is usual at this hour of the week.

Whoever comes from a new address with every request has no history that a budget could be kept for: each address is
shown a person or two. All of them together are not: every one of those people is new to somebody, and the class as a
whole is shown more of them than ever at this time. That is no reason to refuse anybody. While it lasts, people who are
far and cold cost more for the class; what near and popular people cost does not change.

What is usual, and the limit, are those of `core/seasons.py`. People are counted when they are shown to somebody who was
not shown them before; the class is judged as soon as the running hour passes its limit, not when it is over.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from himaya.core.detectors.popularity import Popularity
from himaya.core.detectors.watched import Watched
from himaya.core.finding import Finding
from himaya.core.policy import Detectors
from himaya.core.seasons import HOUR_S, WEEK_HOURS, Season, Usual

#: The classes: all actors of one cohort, and how they are called in a sentence.
COHORTS = {
    "anonymous": "visitors without an account",
    "new": "new accounts",
    "established": "established accounts",
    "paid": "accounts that pay or have a tier",
    "key": "holders of an API key",
}
#: Before the first hour; no hour of the epoch follows it.
_NEVER = -2


class _Class:
    """One class: the running hour's count, what is usual in it, and the surge it is in."""

    __slots__ = ("count", "found", "limit", "season", "since", "until", "usual")

    def __init__(self, weeks: int) -> None:
        self.season = Season(weeks)
        self.usual = Usual()
        self.limit = float("inf")
        self.count = 0
        self.found = False
        self.since = self.until = 0.0


class SurgeDetector:
    """Counts people newly shown to each class, hour by hour, and prices those who are far and cold."""

    name = "surge"

    def __init__(self, settings: Detectors) -> None:
        """Start knowing of no hour."""
        self._settings = settings.surge
        self._classes = {name: _Class(settings.surge.weeks) for name in COHORTS}
        self._popularity: Popularity | None = None
        self._hour = _NEVER
        self._is_whole = False
        #: When the running hour ends (epoch seconds): `turn` is wanted then.
        self.ends = 0.0
        #: The classes that surge, and until when.
        self.surging: dict[str, float] = {}
        self.adopt(settings)

    def adopt(self, settings: Detectors) -> None:
        """Watch by other settings from now on; what is known stays."""
        surge = self._settings = settings.surge
        for each in self._classes.values():
            if len(each.season) != surge.weeks * WEEK_HOURS:
                each.season = each.season.over(surge.weeks, self._hour)
            self._compare(each)
        if surge.price <= 1.0:
            self._popularity = None
        elif self._popularity is None:
            self._popularity = Popularity(settings.evidence.slots)

    # hours ------------------------------------------------------------------------------------

    def turn(self, now: float) -> None:
        """Begin the hour of `now`; the one before it is remembered if all of it was seen."""
        hour = int(now // HOUR_S)
        if hour <= self._hour:
            return
        shown = any(each.count for each in self._classes.values())
        for each in self._classes.values():
            self._close(each, hour, is_known=self._is_whole and shown)
        # After hours in which nothing at all came, nobody knows when in this one it began.
        self._is_whole = hour == self._hour + 1
        self._hour, self.ends = hour, (hour + 1.0) * HOUR_S
        for each in self._classes.values():
            self._compare(each)
        self.surging = {name: until for name, until in self.surging.items() if until > now}

    def _close(self, each: _Class, hour: int, *, is_known: bool) -> None:
        season = each.season
        if is_known:
            season.put(self._hour, int(min(each.count, each.limit)), each.usual)
        elif self._hour != _NEVER:
            season.skip(self._hour)
        for skipped in range(max(self._hour + 1, hour - len(season)), hour):
            season.skip(skipped)
        each.count, each.found = 0, False

    def _compare(self, each: _Class) -> None:
        """Note what is usual in the running hour, and the limit."""
        each.usual = each.season.usual(self._hour)
        each.limit = self._limit(each, each.usual)

    def _limit(self, each: _Class, usual: Usual) -> float:
        """Return the most that is as usual; there is no limit while the class is being learnt."""
        settings = self._settings
        if each.season.known < settings.hours or not usual.by:
            return float("inf")
        return max(float(settings.least), usual.limit(settings.z))

    # counting ---------------------------------------------------------------------------------

    def count(self, cohort: str, people: int, now: float) -> Finding | None:
        """Count people newly shown to a class; return a finding, at most one in an hour, when they are too many."""
        each = self._classes[cohort]
        each.count += people
        if each.count <= each.limit or each.found:
            return None
        each.found = True
        if each.until <= now:
            each.since = now
        each.until = (self._hour + 2.0) * HOUR_S
        self.surging[cohort] = each.until
        return Finding(
            detector=self.name,
            actor=f"class:{cohort}",
            at=now,
            value=each.count,
            threshold=round(each.limit, 1),
            why=self._why(cohort, each),
        )

    def _why(self, cohort: str, each: _Class) -> str:
        price, who = self._settings.price, COHORTS[cohort]
        hour = _clock(self._hour * HOUR_S)
        follows = (
            f"until {_clock(each.until)} UTC people who are far from the viewer and whom nobody else viewed of late"
            f" cost {price:g} times as much for {who}, and longer while it goes on; nobody is blocked for it"
            if price > 1.0
            else "nothing follows by itself, because detectors.surge.price is 1"
        )
        return (
            f"{who} were shown {each.count} people who were new to them since {hour} UTC; in this {_hours(each.usual)}"
            f" {each.usual.people:.0f} are usual and {each.limit:.0f} is the limit; above it since {_date(each.since)};"
            f" {follows}"
        )

    # prices -----------------------------------------------------------------------------------

    def price(self, cohort: str) -> float:
        """Return how many times as much far, cold people cost for members of a class now."""
        return self._settings.price if cohort in self.surging else 1.0

    @property
    def prices(self) -> bool:
        """Tell whether any class pays more for anybody now."""
        return self._popularity is not None and bool(self.surging)

    def meet(self, subjects: Iterable[str]) -> None:
        """Note that people were shown to somebody to whom they were new."""
        if self._popularity is not None:
            for subject in subjects:
                self._popularity.meet(subject)

    def is_cold(self, subject: str) -> bool:
        """Tell whether nobody viewed somebody of late; while that is being learnt, nobody is cold."""
        return self._popularity is not None and self._popularity.of(subject) == "nobody else"

    # telling ----------------------------------------------------------------------------------

    def told(self, now: float) -> tuple[Watched, ...]:
        """Return how each class is; an hour in which nothing came yet has its own usual, and no people."""
        hour = max(self._hour, int(now // HOUR_S))
        return tuple(self._watched(name, each, hour, now) for name, each in self._classes.items())

    def _watched(self, name: str, each: _Class, hour: int, now: float) -> Watched:
        usual = each.usual if hour == self._hour else each.season.usual(hour)
        limit = self._limit(each, usual)
        is_surging, is_learnt = each.until > now, limit != float("inf")
        return Watched(
            cohort=name,
            state="surging" if is_surging else "usual" if is_learnt else "learning",
            people=each.count if hour == self._hour else 0,
            usual=round(usual.people, 1),
            limit=round(limit, 1) if is_learnt else 0.0,
            by=usual.by,
            known=each.season.known,
            hours=self._settings.hours,
            hour=float(hour * HOUR_S),
            since=each.since if is_surging else 0.0,
            until=each.until if is_surging else 0.0,
            price=self._settings.price if is_surging else 1.0,
        )

    def tracked(self) -> int:
        """Return for how many hours of how many classes there is room."""
        return sum(len(each.season) for each in self._classes.values())


def _hours(usual: Usual) -> str:
    return "hour, by all hours," if usual.by == "all hours" else usual.by


def _clock(at: float) -> str:
    return f"{int(at) // 3600 % 24:02}:{int(at) // 60 % 60:02}"


def _date(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")
