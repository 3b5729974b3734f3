"""One process of an application as a worker: its name, its leases, and what it has to tell. Also after a fork."""

from __future__ import annotations

import os
import secrets
import threading
import time
import weakref
from collections.abc import Callable

from himaya.config.types import GateConfig
from himaya.control.messages import Reply, Settled
from himaya.core.exchange import Exchange
from himaya.gate.leasing.credit import Credit, Slip
from himaya.gate.leasing.outbox import Outbox


class Leasing:
    """What a worker holds between two messages. Safe to share between threads."""

    def __init__(self, gate: GateConfig) -> None:
        """Begin as a new worker."""
        self.every_s = gate.lease_settle_s
        self.outbox = Outbox(_name(), gate.lease_backlog_bytes)
        self.credit = Credit(self._give_back)
        self._lock = threading.Lock()
        self._last = 0.0
        again = weakref.WeakMethod(self._after_fork)
        os.register_at_fork(after_in_child=lambda: _call(again))

    @classmethod
    def of(cls, gate: GateConfig) -> Leasing | None:
        """Return a worker's part where workers get leases, else None: then every request is asked about."""
        return cls(gate) if gate.lease_people else None

    @property
    def worker(self) -> str:
        """The name by which the authority knows this process."""
        return self.outbox.worker

    @property
    def is_idle(self) -> bool:
        """Tell whether there is nothing to tell and nothing to give back."""
        return not self.outbox and not len(self.credit)

    def settled(self, exchange: Exchange, slip: Slip) -> Settled:
        """Return what is to be told of an exchange that is over now; no two of a worker have the same time."""
        with self._lock:
            at = self._last = max(time.time(), self._last + 1e-6)
        return Settled(exchange, at, slip.hand.id, slip.units)

    def heard(self, reply: Reply) -> None:
        """Take in what the authority says to a batch."""
        self.credit.end(reply.over)

    def _give_back(self, lease: str) -> None:
        self.outbox.give_back(lease)

    def _after_fork(self) -> None:
        """Begin anew in the child: leases and exchanges that were there are the parent's."""
        self._lock = threading.Lock()
        self.outbox.clear(_name())
        self.credit.clear()


def _name() -> str:
    return secrets.token_hex(8)


def _call(method: weakref.WeakMethod[Callable[[], None]]) -> None:
    found = method()
    if found is not None:
        found()
