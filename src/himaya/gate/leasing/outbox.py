"""Exchanges that are over and not told yet: in order, bounded in bytes, each told once.

A batch that got no answer is told again as it was, under the same number, so that the authority can leave out what it
took before. Safe to share between threads; at most one of them has a batch at a time.
"""

from __future__ import annotations

import threading
from collections import deque

import msgspec

from himaya.control.messages import MAX_LINE, Settle, Settled, pack
from himaya.core.errors import ServiceError

#: A batch has at most so many exchanges, and about so many bytes.
_ITEMS = 256
_BYTES = MAX_LINE // 4


class Outbox:
    """What one worker has to tell; at most `most` bytes of it."""

    def __init__(self, worker: str, most: int) -> None:
        """Begin with nothing."""
        self.most = most
        self.clear(worker)

    def clear(self, worker: str) -> None:
        """Forget everything and go on under another name, as the child of a fork must."""
        self._lock = threading.Lock()
        self.worker = worker
        self._items: deque[bytes] = deque()
        self._back: list[str] = []
        self._bytes = 0
        self._number = 0
        self._batch: Settle | None = None
        self._is_out = False

    def __bool__(self) -> bool:
        """Tell whether there is anything to tell."""
        return bool(self._items or self._back or self._batch)

    @property
    def is_ripe(self) -> bool:
        """Tell whether there is a whole batch."""
        return len(self._items) >= _ITEMS

    def put(self, item: Settled) -> None:
        """Take an exchange; raises ServiceError when there is no room for it."""
        packed = bytes(pack(item))
        with self._lock:
            if len(packed) > MAX_LINE // 2 or self._bytes + len(packed) > self.most:
                raise ServiceError("there is no room for more exchanges that nobody was told of")
            self._items.append(packed)
            self._bytes += len(packed)

    def give_back(self, lease: str) -> None:
        """Take a lease that goes back after what was put before."""
        with self._lock:
            self._back.append(lease)

    def take(self) -> Settle | None:
        """Return what is to be told next; None when there is nothing, or somebody is telling it."""
        with self._lock:
            if self._is_out or not self:
                return None
            self._is_out = True
            self._batch = self._batch or self._gather()
            return self._batch

    def _gather(self) -> Settle:
        items: list[bytes] = []
        size = 0
        while self._items and len(items) < _ITEMS and (not items or size < _BYTES):
            items.append(self._items.popleft())
            size += len(items[-1])
        back: list[str] = []
        if not self._items:  # what was drawn is told first
            back, self._back = self._back, []
        self._number += 1
        return Settle(self.worker, self._number, tuple(map(msgspec.Raw, items)), tuple(back))

    def told(self, *, answered: bool) -> None:
        """Note whether the batch that was taken got an answer; else it is taken again."""
        with self._lock:
            self._is_out = False
            if answered and self._batch is not None:
                self._bytes -= sum(len(bytes(item)) for item in self._batch.items)
                self._batch = None
