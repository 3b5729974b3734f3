"""Who was shown or opened of late: sets of people that stay small, whatever is put into them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from zlib import crc32

from himaya.core.detectors import Observation

#: Bits of one generation, and people after which the next begins. Of people who are not in it, at most 3 of a hundred
#: pass for being in it.
_BITS = 4096
_PEOPLE = 256


class Recent:
    """The last 256 to 512 people, in two generations of bits (about 1 kB); nobody among them is ever missing."""

    __slots__ = ("_count", "_older", "_young")

    def __init__(self) -> None:
        """Begin with nobody."""
        self._young = 0
        self._older = 0
        self._count = 0

    def add(self, subjects: Iterable[str]) -> None:
        """Take people in; the older generation leaves when the younger is full."""
        for subject in subjects:
            if self._count >= _PEOPLE:
                self._older, self._young, self._count = self._young, 0, 0
            self._young |= _mask(subject)
            self._count += 1

    def __contains__(self, subject: str) -> bool:
        """Tell whether somebody is in it."""
        mask = _mask(subject)
        return self._young & mask == mask or self._older & mask == mask


def _mask(subject: str) -> int:
    """Return the two bits of a person."""
    number = crc32(subject.encode("utf-8", "surrogatepass"))
    return 1 << number % _BITS | 1 << (number >> 16) % _BITS


class Opened:
    """Which profiles each actor opened of late; past `max_actors` the actor unseen for longest is forgotten."""

    def __init__(self, max_actors: int) -> None:
        """Begin with nobody."""
        self._max = max_actors
        self._people: OrderedDict[str, Recent] = OrderedDict()

    def look(self, seen: Observation) -> None:
        """Say in `seen.opened` whether the one profile shown was opened before, and take it in."""
        if seen.kind not in {"profile", "lookup"} or len(seen.subjects) != 1:
            return
        held = self._people.get(seen.name)
        if held is None:
            held = self._people[seen.name] = Recent()
            if len(self._people) > self._max:
                self._people.popitem(last=False)
        self._people.move_to_end(seen.name)
        seen.opened = seen.subjects[0] in held
        if not seen.opened:
            held.add(seen.subjects)

    def tracked(self) -> int:
        """Return how many actors are held."""
        return len(self._people)
