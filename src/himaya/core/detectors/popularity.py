"""Popularity: how many others looked at somebody of late."""

from __future__ import annotations

from zlib import crc32

#: Other viewers from which somebody is looked at by many; where counts stop; what halves them.
_MANY, _TOP_COUNT = 4, 15
_HALVED = bytes(n >> 1 for n in range(256))
#: First views of the whole site before which nobody's popularity is known.
_LEARNS = 2000


class Popularity:
    """How many others looked at somebody of late, in a fixed number of slots of one byte.

    Counts are halved once there were twice as many views as people who were viewed, so that "many" means many for
    this site, be it busy or quiet. People who share a slot pass for more popular than they are, which speaks for
    whoever looks at them.
    """

    def __init__(self, slots: int) -> None:
        """Begin with nobody known."""
        self._counts = bytearray(max(1, slots))
        self._viewed = 0
        self._since = 0
        self._learning = True

    def meet(self, subject: str) -> str:
        """Return how popular somebody was before this first view of an actor, and count it; "" while learning."""
        place = self._place(subject)
        count = self._counts[place]
        self._viewed += not count
        self._counts[place] = min(_TOP_COUNT, count + 1)
        self._since += 1
        if self._since >= _LEARNS and self._since >= 2 * self._viewed:
            self._fade()
        return self._words(count)

    def of(self, subject: str) -> str:
        """Return how popular somebody is, without counting; "" while learning."""
        return self._words(self._counts[self._place(subject)])

    def _words(self, count: int) -> str:
        if self._learning:
            return ""
        return "many others" if count >= _MANY else "few others" if count else "nobody else"

    def _place(self, subject: str) -> int:
        return crc32(subject.encode("utf-8", "surrogatepass")) % len(self._counts)

    def _fade(self) -> None:
        self._counts = self._counts.translate(_HALVED)
        self._viewed = len(self._counts) - self._counts.count(0)
        self._since, self._learning = 0, False
