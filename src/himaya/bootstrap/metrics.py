"""The metrics of a gate from its configuration: nothing at all where `[metrics] listen` is not set."""

from __future__ import annotations

from collections.abc import Callable

from himaya.config import Config
from himaya.control import Status
from himaya.control.readiness import readiness
from himaya.gate.authority import Authority
from himaya.gate.listener import Listener
from himaya.gate.metrics.meter import Meter
from himaya.gate.process import GateProcess
from himaya.ledger import Ledger


def make_meter(
    config: Config, authority: Authority, ledger: Ledger, started: float
) -> Meter | None:
    """Return the meter, hung into the authority and its runner; None where no metrics are asked for.

    The time before `started` that nobody observed counts as the first gap.
    """
    if not config.metrics.listen:
        return None
    meter = Meter(authority.engine.weight_of)
    authority.meter = meter
    authority.runner.meter = meter
    if ledger.closed_at is not None:
        meter.gap(ledger.closed_at, started, "the gate was not running")
    elif ledger.lost_at is not None:
        meter.gap(ledger.lost_at, started, "the writer stopped")
    return meter


def serve_metrics(
    process: GateProcess, meter: Meter, status: Callable[[], Status], listen: str
) -> None:
    """Let a gate serve `/metrics`, `/health` and `/ready` at an address."""
    # The client library is imported by gates that serve metrics only.
    from himaya.gate.metrics.collect import GateCollector  # noqa: PLC0415
    from himaya.gate.metrics.pages import LIMITS, MetricsDoor  # noqa: PLC0415

    authority = process.authority
    gate = GateCollector(meter, authority, authority.runner, process, status)
    door = MetricsDoor(gate, lambda: readiness(status(), stopping=process.stopping))
    process.add("metrics", Listener(door.handle, LIMITS), listen)
