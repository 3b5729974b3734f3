"""A courier: the thread of one channel. It takes what is due from the store, sends it, and comes back to failures."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

from himaya.core.errors import HimayaError
from himaya.runner.alerting.alert import Message
from himaya.runner.alerting.channel import Channel
from himaya.runner.alerting.store import AlertStore, Delivery

log = logging.getLogger(__name__)

#: Tries of one message; with the pauses between them they last about two hours.
TRIES = 16

#: The longest pause between two tries, in seconds; the first is two seconds and each doubles.
LONGEST_S = 600.0

#: Seconds between two looks into the store: another process may have written there.
_LOOK_S = 1.0

#: Seconds beyond the channel's own limit after which a claimed message may be sent by somebody else.
_MARGIN_S = 30.0


def pause(tries: int) -> float:
    """Return how long to wait after the given number of failed tries, in seconds."""
    return min(LONGEST_S, 2.0 ** min(tries, 30))


class Courier:
    """Sends the messages of one channel. A dead channel holds up nobody but itself."""

    def __init__(
        self,
        channel: Channel,
        path: Path,
        *,
        site: str,
        timeout_s: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Take the channel and the file of alerts; `start` begins."""
        self._channel, self._path, self._site = channel, path, site
        self._lease_s = timeout_s + _MARGIN_S
        self._clock = clock
        self._wake = threading.Event()
        self._ending = False
        self._problem = ""
        self._store: AlertStore | None = None
        self._thread = threading.Thread(
            target=self._run, name=f"alerts {channel.name}", daemon=True
        )

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def wake(self) -> None:
        """Say that something was put into the store."""
        self._wake.set()

    def stop(self, until: float) -> None:
        """Let what is due be sent until `until` (monotonic seconds); what is left stays in the store."""
        self._ending = True
        self._wake.set()
        self._thread.join(max(0.0, until - time.monotonic()))

    def _run(self) -> None:
        ending = False
        while self._step() or not ending:
            # Looked at before the next step: what was put in before the end is still sent.
            ending = self._ending
        if self._store is not None:
            self._store.close()

    def _step(self) -> bool:
        """Send one message; without one, wait a little. Tell whether there was one."""
        self._wake.clear()
        try:
            if self._next():
                return True
            self._problem = ""
        except HimayaError as problem:
            if self._problem != str(problem):
                log.warning("alerts wait: %s", problem)
            self._problem = str(problem)
        if not self._ending:
            self._wake.wait(_LOOK_S)
        return False

    def _next(self) -> bool:
        """Send what is due next, if anything is."""
        store = self._store = self._store or AlertStore(self._path)
        delivery = store.claim(self._channel.name, self._clock(), self._lease_s)
        if delivery is not None:
            self._send(store, delivery)
        return delivery is not None

    def _send(self, store: AlertStore, delivery: Delivery) -> None:
        name = self._channel.name
        try:
            self._channel.send(Message.of(delivery.alert, delivery.event, self._site))
        except HimayaError as problem:
            tries, now = delivery.tries + 1, self._clock()
            again = now + pause(tries) if tries < TRIES else 0.0
            log.warning("alert %d was not sent by %s: %s", delivery.alert.id, name, problem)
            store.failed(name, delivery.number, str(problem), now, again)
        else:
            store.sent(name, delivery.number)
