"""Whom the gate takes a request of `himaya doctor` for: in memory, for a minute, for announced requests only."""

from __future__ import annotations

import re

from himaya.control.messages import Probed
from himaya.core.errors import InputError
from himaya.core.exchange import Request

_MARK = re.compile(r"[0-9a-f]{32}")

#: Announced requests at a time, and how long one may take, in seconds.
MOST, WITHIN_S = 8, 60.0


class Probes:
    """Announced requests by their marks. `waiting` is false while none is, which is nearly always."""

    def __init__(self) -> None:
        self.waiting: dict[str, float] = {}
        self._seen: dict[str, Probed] = {}

    def expect(self, mark: str, now: float) -> None:
        """Announce a request; `now` in epoch seconds. Past MOST the oldest leaves. Raises InputError: no mark."""
        if not _MARK.fullmatch(mark):
            raise InputError("a mark has 32 hex digits")
        self._forget(now)
        while len(self.waiting) >= MOST:
            self._drop(next(iter(self.waiting)))
        self.waiting[mark] = now + WITHIN_S

    def see(self, request: Request, peer: str, now: float, *, trusted: bool) -> None:
        """Note whom a request was taken for, if it is an announced one."""
        self._forget(now)
        for mark in self.waiting:
            if mark in request.target:
                actor = request.actor
                told = Probed(actor.address, actor.account, actor.tier, actor.asn, peer, trusted)
                self._seen.setdefault(mark, told)

    def take(self, mark: str) -> Probed | None:
        """Return whom an announced request was taken for, None when it did not come; it is forgotten."""
        found = self._seen.get(mark)
        self._drop(mark)
        return found

    def _forget(self, now: float) -> None:
        for mark in [mark for mark, until in self.waiting.items() if until < now]:
            self._drop(mark)

    def _drop(self, mark: str) -> None:
        self.waiting.pop(mark, None)
        self._seen.pop(mark, None)
