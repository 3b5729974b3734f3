"""What waits to be written down: the same thing many times is one entry with a number, so a flood costs no memory."""

from __future__ import annotations

import threading

import msgspec

from himaya.runner.alerting.alert import MAX_NAMES, Occurrence


class Waiting(msgspec.Struct):
    """An occurrence, how often it came, and whom it was about (at most MAX_NAMES)."""

    occurrence: Occurrence
    count: int
    names: dict[str, None]


class Intake:
    """Between the threads that notice and the one that writes. At most `most` different things wait."""

    def __init__(self, most: int) -> None:
        self.dropped = 0
        self._most = most
        self._lock = threading.Lock()
        self._waiting: dict[tuple[str, str], Waiting] = {}

    def add(self, one: Occurrence) -> None:
        """Take an occurrence; never waits for a disk."""
        with self._lock:
            key = (one.kind, one.what)
            known = self._waiting.get(key)
            if known is not None:
                known.count += 1
            elif len(self._waiting) < self._most:
                known = self._waiting[key] = Waiting(one, 1, {})
            else:
                self.dropped += 1
                return
            room = MAX_NAMES - len(known.names)
            known.names.update(dict.fromkeys(one.names[: max(0, room)]))

    def take(self) -> list[Waiting]:
        """Return everything that waits, and forget it."""
        with self._lock:
            found, self._waiting = list(self._waiting.values()), {}
        return found

    def give_back(self, waiting: list[Waiting]) -> None:
        """Put back what could not be written; what came meanwhile is added to it."""
        with self._lock:
            later, self._waiting = self._waiting, {}
            for one in [*waiting, *later.values()]:
                key = (one.occurrence.kind, one.occurrence.what)
                known = self._waiting.get(key)
                if known is not None:
                    known.count += one.count
                elif len(self._waiting) < self._most:
                    self._waiting[key] = one
                else:
                    self.dropped += one.count
