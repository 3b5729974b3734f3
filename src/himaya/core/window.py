"""Sliding windows of distinct people for one principal: exact, small, conservative.

One map holds, for each person, the five-minute bucket of the last view and the units that view
weighs. Three windows are read from it: an hour (12 buckets of 5 min), a day (24 of 1 h) and a month
(30 of 1 day), each plus the bucket in progress, so that a window never covers less than its name says.
A view again refreshes the bucket and costs nothing where the person still counts.

A person in the *oldest* bucket of a window is priced as new although still counted. That slack of one
bucket (at least 300 s) is why a reservation that lives at most 300 s can never overshoot: whoever was
free when it was priced is still counted when it is committed.
"""

from __future__ import annotations

#: Units of one person of weight 1; weights are whole units, so sums are exact.
UNIT = 100
#: Seconds of the finest bucket.
BUCKET_S = 300
#: A limit that nothing reaches.
UNLIMITED = 1 << 60
#: Below this many people, totals are recounted from the map instead of kept per bucket.
SMALL = 16

_SHIFT = 20
_MASK = (1 << _SHIFT) - 1
_HOURS = 12
_DAYS = 288

#: Units per hour, day, month: a need or a limit.
Triple = tuple[int, int, int]


class PeopleWindow:
    """The people one principal has seen, and what is reserved for exchanges in flight.

    `hour`, `day`, `month` are units counted in the windows that end in `bucket`; `reserved` are units of open
    reservations and counts in all three; `flying` tickets refer to the window. `units` (bucket to units)
    exists once the map is large or once units without a name were charged. What left the hour is kept by the
    hour there, and what left the day by the day: at most 80 entries, however often somebody comes back.
    """

    __slots__ = ("bucket", "day", "flying", "hour", "month", "reserved", "seen", "units")

    def __init__(self, bucket: int) -> None:
        """Start empty in `bucket` (epoch seconds // 300)."""
        self.bucket = bucket
        self.seen: dict[str, int] = {}
        self.units: dict[int, int] | None = None
        self.hour = 0
        self.day = 0
        self.month = 0
        self.reserved = 0
        self.flying = 0

    def advance(self, bucket: int) -> None:
        """Move to `bucket` (never back) and let what is too old leave the windows."""
        if bucket <= self.bucket:
            return
        self.bucket = bucket
        if not self.seen and self.units is None:
            return
        floor = (bucket // _DAYS - 30) * _DAYS
        if self.units is None:
            self._recount_small(floor)
        else:
            self._recount(self.units, floor)

    def _recount_small(self, floor: int) -> None:
        kept = {s: v for s, v in self.seen.items() if v >> _SHIFT >= floor}
        if len(kept) < len(self.seen):
            self.seen = kept
        hour_floor, day_floor = self._floors()
        hour = day = month = 0
        for value in kept.values():
            last, weight = value >> _SHIFT, value & _MASK
            month += weight
            if last >= day_floor:
                day += weight
                if last >= hour_floor:
                    hour += weight
        self.hour, self.day, self.month = hour, day, month

    def _recount(self, units: dict[int, int], floor: int) -> None:
        stale = [b for b in units if b < floor]
        if stale:
            for b in stale:
                del units[b]
            self.seen = {s: v for s, v in self.seen.items() if v >> _SHIFT >= floor}
        hour_floor, day_floor = self._floors()
        for b in [b for b in units if b < hour_floor and self._place(b) != b]:
            coarse = self._place(b)
            units[coarse] = units.get(coarse, 0) + units.pop(b)
        self.month = sum(units.values())
        self.day = sum(u for b, u in units.items() if b >= day_floor)
        self.hour = sum(u for b, u in units.items() if b >= hour_floor)

    def _floors(self) -> tuple[int, int]:
        return self.bucket - 12, (self.bucket // _HOURS - 24) * _HOURS

    def _place(self, bucket: int) -> int:
        """Return the entry of `units` that a bucket belongs to: its own, its hour's or its day's."""
        hour_floor, day_floor = self._floors()
        if bucket >= hour_floor:
            return bucket
        return bucket // _HOURS * _HOURS if bucket >= day_floor else bucket // _DAYS * _DAYS

    def needs(self, subject: str, weight: int) -> Triple:
        """Return the units a view of `subject` at `weight` units would add to hour, day, month.

        A person already counted with at least this weight needs nothing; a heavier view needs
        the difference; one in the oldest bucket is priced as new (see above).
        """
        value = self.seen.get(subject)
        if value is None:
            return weight, weight, weight
        last, old = value >> _SHIFT, value & _MASK
        top = max(old, weight)
        rise, now = top - old, self.bucket
        if last > now - 12:
            return rise, rise, rise
        day = rise if last // _HOURS > now // _HOURS - 24 else top
        month = rise if last // _DAYS > now // _DAYS - 30 else top
        return top, day, month

    def short(self, limits: Triple, need: Triple) -> int:
        """Return how many units are lacking for `need` under `limits`; 0 means it fits.

        A window that needs nothing is not asked, so what is already counted stays free.
        """
        hour, day, month = need
        held = self.reserved
        if (
            (not hour or self.hour + held + hour <= limits[0])
            and (not day or self.day + held + day <= limits[1])
            and (not month or self.month + held + month <= limits[2])
        ):
            return 0
        return max(
            self.hour + held + hour - limits[0] if hour else 0,
            self.day + held + day - limits[1] if day else 0,
            self.month + held + month - limits[2] if month else 0,
        )

    def price(self, subject: str, weight: int, limits: Triple) -> int:
        """Return the units to reserve for one person (`needs`, its hour), or -1 when short of them."""
        if subject not in self.seen:
            wanted = self.reserved + weight
            fits = (
                self.hour + wanted <= limits[0]
                and self.day + wanted <= limits[1]
                and self.month + wanted <= limits[2]
            )
            return weight if fits else -1
        need = self.needs(subject, weight)
        return -1 if self.short(limits, need) else need[0]

    def free(self, limits: Triple) -> int:
        """Return the units that may still be reserved, never below 0."""
        most = min(limits[0] - self.hour, limits[1] - self.day, limits[2] - self.month)
        return max(0, most - self.reserved)

    def commit(self, subject: str, weight: int, max_people: int, at: int) -> int:
        """Count a view in bucket `at`, this one or the next, and return the units the hour window grew by.

        Past `max_people` people a further person is counted without being remembered, so each
        view of them counts as new.
        """
        seen = self.seen
        value = seen.get(subject)
        if value is not None:
            return self._refresh(subject, value, weight, at)
        if len(seen) >= max_people:
            self.charge(weight, at)
            return weight
        seen[subject] = at << _SHIFT | weight
        self.hour += weight
        self.day += weight
        self.month += weight
        if self.units is not None:
            self.units[at] = self.units.get(at, 0) + weight
        elif len(seen) > SMALL:
            self._spread()
        return weight

    def _refresh(self, subject: str, value: int, weight: int, at: int) -> int:
        last, old = value >> _SHIFT, value & _MASK
        top = max(old, weight)
        if last >= at and top == old:
            return 0
        at = max(at, last)
        hour_floor, day_floor = self._floors()
        hour = top - old if last >= hour_floor else top
        self.hour += hour
        self.day += top - old if last >= day_floor else top
        self.month += top - old
        self.seen[subject] = at << _SHIFT | top
        units = self.units
        if units is not None:
            # A bucket that falls to 0 stays, so that its people still leave the map in time.
            units[self._place(last)] -= old
            units[at] = units.get(at, 0) + top
        return hour

    def _spread(self) -> dict[int, int]:
        units: dict[int, int] = {}
        for value in self.seen.values():
            bucket = self._place(value >> _SHIFT)
            units[bucket] = units.get(bucket, 0) + (value & _MASK)
        self.units = units
        return units

    def charge(self, units: int, bucket: int) -> None:
        """Count units that belong to nobody known in a bucket of this hour; negative units are credit bought."""
        table = self._spread() if self.units is None else self.units
        table[bucket] = table.get(bucket, 0) + units
        self.hour += units
        self.day += units
        self.month += units

    @property
    def idle(self) -> bool:
        """Tell whether nothing is counted or reserved, so that the window may be forgotten."""
        return not (self.flying or self.seen or self.reserved or self.month or self.units)
