"""Throttled requests: they wait before they go on, and only so many at a time."""

from __future__ import annotations

import asyncio

from himaya.core.decision import Action, Decision


class Sleepers:
    """A bounded bed: at most `most` requests wait, each at most `longest_s`."""

    def __init__(self, most: int, longest_s: float = 30.0) -> None:
        self.waiting = 0
        self._most = most
        self._longest_s = longest_s

    async def slow_down(self, decision: Decision) -> bool:
        """Wait as long as a throttling decision says; False at once when too many wait already."""
        if decision.action is not Action.THROTTLE or not decision.enforced:
            return True
        if self.waiting >= self._most:
            return False
        self.waiting += 1
        try:
            await asyncio.sleep(min(decision.delay_s, self._longest_s))
        finally:
            self.waiting -= 1
        return True
