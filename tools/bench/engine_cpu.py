"""Process CPU time of the engine's `decide` and `record` for one request."""

from __future__ import annotations

import time

from tools.bench.workload import Traffic, canaries, everything, policy

from himaya.core.engine import Engine


class EngineUnderTest:
    """One engine that keeps its state from one measurement to the next, as a gate does."""

    def __init__(self, kind: str = "", warm: int = 40_000, *, full: bool = False) -> None:
        """Fill the engine with `warm` requests before anything is measured; `full`: every signal and budget is on."""
        self._traffic = Traffic(kind=kind, told=full)
        self._engine = Engine(everything(), canaries()) if full else Engine(policy())
        self.cpu_us(warm)

    def cpu_us(self, requests: int) -> float:
        """Return process CPU microseconds per `decide` + `record` over the next `requests` requests.

        Requests and exchanges are made before the clock starts: making them is the door's work.
        Refused requests are recorded as refused, as a door does.
        """
        steps = list(self._traffic.steps(requests))
        decide, record = self._engine.decide, self._engine.record
        start = time.process_time_ns()
        for step in steps:
            if decide(step.request, step.now).passes:
                record(step.exchange, step.now)
        return (time.process_time_ns() - start) / requests / 1000
