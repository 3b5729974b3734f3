"""Reads what there is when somebody asks; a running gate keeps most figures anyway."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from himaya import __version__
from himaya.control import Status
from himaya.control.readiness import durable_age_s, readiness
from himaya.gate.authority import Authority
from himaya.gate.listener import Listener
from himaya.gate.metrics import names
from himaya.gate.metrics.catalogue import METRICS
from himaya.gate.metrics.catalogue import Metric as Known
from himaya.gate.metrics.meter import BUCKETS, Histogram, Meter
from himaya.runner import Runner

#: One figure: the metric's name, the values of its labels, the value.
Reading = tuple[str, tuple[str, ...], float]

#: Names of the engine's tables, and of the bound that holds each.
_TABLES = {
    "principals": "principals",
    "accounts": "principals",
    "open": "open_requests",
    "standing": "standing",
    "grouped": "standing",
    "clearances": "clearances",
    "assets": "assets",
}
#: What a listener says of connections that it cut without an answer; its other counts are statuses.
_CUT = frozenset({"flood", "body", "reader", "idle"})


class House(Protocol):
    """The process whose figures are read."""

    @property
    def listeners(self) -> Mapping[str, Listener]:
        """Its HTTP listeners by name."""

    @property
    def control_clients(self) -> tuple[int, int]:
        """How many clients the control socket has, and may have."""

    @property
    def stopping(self) -> bool:
        """Whether it was told to stop."""


class GateCollector(Collector):
    """Yields the metrics of the catalogue; `status` returns how the gate is."""

    def __init__(
        self,
        meter: Meter,
        authority: Authority,
        runner: Runner,
        house: House,
        status: Callable[[], Status],
    ) -> None:
        self._meter = meter
        self._authority = authority
        self._runner = runner
        self._house = house
        self._status = status

    def describe(self) -> list[Metric]:
        """Return nothing: names are known to be unique, and a registry must not read the gate to learn them."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield every metric of the catalogue, in its order."""
        found: dict[str, list[tuple[tuple[str, ...], float]]] = {}
        for name, labels, value in self.readings():
            found.setdefault(name, []).append((labels, value))
        for known in METRICS:
            if known.kind == "histogram":
                yield _histogram(known, self._meter.decide_s)
            elif known.kind == "info":
                yield self._info(known)
            else:
                yield _family(known, found.get(known.name, []))

    def readings(self) -> Iterator[Reading]:
        """Yield all figures but the info and the histogram."""
        told = self._status()
        yield from _state(told, stopping=self._house.stopping)
        yield from _counted(self._meter)
        yield from self._held()
        yield from self._ledger(told)
        yield from self._doors()

    def _info(self, known: Known) -> Metric:
        told = self._status()
        values = (__version__, told.door, told.mode, told.policy, told.config)
        family = InfoMetricFamily(known.name.removesuffix("_info"), known.help)
        family.add_metric([], dict(zip(known.labels, values, strict=True)))
        return family

    def _held(self) -> Iterator[Reading]:
        engine = self._authority.engine
        held, gone, bounds = engine.stats(), engine.evictions(), engine.policy.bounds
        for table, bound in _TABLES.items():
            yield "himaya_entries", (table,), held[table]
            yield "himaya_entries_limit", (table,), getattr(bounds, bound)
            yield "himaya_evictions_total", (table,), gone[table]
        yield "himaya_entries", ("people",), engine.book.people
        yield "himaya_entries_limit", ("people",), engine.book.most_people

    def _ledger(self, told: Status) -> Iterator[Reading]:
        runner = self._runner
        yield "himaya_ledger_rows_total", (), self._meter.rows
        yield "himaya_ledger_pending_entries", (), runner.pending
        yield "himaya_ledger_pending_limit", (), runner.max_pending
        yield "himaya_ledger_lost_total", (), runner.lost
        yield "himaya_ledger_durable_age_seconds", (), durable_age_s(told)
        yield "himaya_ledger_writable", (), not runner.problem
        yield "himaya_canary_views_total", (), runner.canary_views
        yield "himaya_alerts_open", (), told.alerts
        yield "himaya_alerts_waiting", (), told.alerts_waiting
        yield "himaya_alert_problems", (), len(told.alert_problems)

    def _doors(self) -> Iterator[Reading]:
        for name, listener in self._house.listeners.items():
            yield "himaya_connections", (name,), len(listener.connections)
            yield "himaya_connections_limit", (name,), listener.limits.connections
            yield "himaya_connections_total", (name,), listener.taken
            for why, count in listener.ended.items():
                metric = (
                    "himaya_cut_connections_total"
                    if why in _CUT
                    else "himaya_broken_requests_total"
                )
                yield metric, (name, why), count
        clients, most = self._house.control_clients
        yield "himaya_connections", ("control",), clients
        yield "himaya_connections_limit", ("control",), most


def _state(told: Status, *, stopping: bool) -> Iterator[Reading]:
    yield "himaya_start_time_seconds", (), told.started
    yield "himaya_ready", (), readiness(told, stopping=stopping).ready
    yield "himaya_off", (), told.off
    yield "himaya_config_rejected", (), bool(told.config_problem)


def _counted(meter: Meter) -> Iterator[Reading]:
    """Yield what the meter counted; a list first, because the thread of the ledger counts meanwhile."""
    for (door, surface, action, enforced), count in list(meter.requests.items()):
        labels = (door, surface or names.NONE, action.value, str(enforced).lower())
        yield "himaya_requests_total", labels, count
    for name, counted in (
        ("himaya_unseen_requests_total", meter.unseen),
        ("himaya_challenges_total", meter.challenges),
        ("himaya_findings_total", meter.findings),
        ("himaya_gaps_total", meter.gaps),
        ("himaya_gap_seconds_total", meter.gap_s),
        ("himaya_disclosed_people_total", meter.people),
        ("himaya_disclosed_weight_total", meter.weight),
        ("himaya_unattributed_people_total", meter.unattributed),
    ):
        for label, value in list(counted.items()):
            yield name, (label,), value
    for stage_and_verdict, count in list(meter.refusals.items()):
        yield "himaya_refusals_total", stage_and_verdict, count
    for reason, count in list(meter.reasons.items()):
        yield "himaya_refusal_reasons_total", reason, count


def _family(known: Known, readings: list[tuple[tuple[str, ...], float]]) -> Metric:
    make = CounterMetricFamily if known.kind == "counter" else GaugeMetricFamily
    family = make(known.name, known.help, labels=known.labels)
    for labels, value in readings:
        family.add_metric(labels, float(value))
    return family


def _histogram(known: Known, seen: Histogram) -> Metric:
    family = HistogramMetricFamily(known.name, known.help)
    total, buckets = 0, []
    for bound, count in zip((*map(str, BUCKETS), "+Inf"), seen.counts, strict=True):
        total += count
        buckets.append((bound, float(total)))
    family.add_metric([], buckets, seen.sum)
    return family
