"""A thread of a worker that tells the authority, within a stated time, what has not gone along with a question."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

from himaya.gate.leasing.leasing import Leasing


class Teller:
    """Runs `tell` every `leasing.every_s` for as long as there is something; started where it is first needed."""

    def __init__(self, leasing: Leasing, tell: Callable[[], None]) -> None:
        self._leasing = leasing
        self._tell = tell
        self._awake = threading.Event()
        self._process = 0

    def wake(self) -> None:
        """Have it told soon. The child of a fork gets a thread of its own."""
        if self._process != os.getpid():
            self._start()
        if not self._awake.is_set():
            self._awake.set()

    def _start(self) -> None:
        self._process, self._awake = os.getpid(), threading.Event()
        threading.Thread(target=self._run, name="himaya-teller", daemon=True).start()

    def _run(self) -> None:
        awake = self._awake
        while awake.wait():
            time.sleep(self._leasing.every_s)
            self._leasing.credit.sweep()
            awake.clear()
            self._tell()
            if not self._leasing.is_idle:
                awake.set()
