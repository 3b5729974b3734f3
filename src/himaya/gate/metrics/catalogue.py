"""Every metric of a gate: name, kind, labels, and what it says. `docs/metrics.md` has the same table; a test compares.

Names are `himaya_<noun>_<unit>`, and `_total` where they only grow (until a restart).
"""

from __future__ import annotations

from typing import Literal

import msgspec

Kind = Literal["counter", "gauge", "histogram", "info"]


class Metric(msgspec.Struct, frozen=True):
    """One metric; `name` as Prometheus shows it, but of a histogram without `_bucket`, `_count`, `_sum`."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    help: str


def _m(name: str, kind: Kind, help_: str, *labels: str) -> Metric:
    return Metric(name, kind, labels, help_)


METRICS: tuple[Metric, ...] = (
    _m(
        "himaya_gate_info",
        "info",
        "What runs: always 1.",
        "version",
        "door",
        "mode",
        "policy",
        "config",
    ),
    _m("himaya_start_time_seconds", "gauge", "When the gate began, in epoch seconds."),
    _m("himaya_ready", "gauge", "1 when `/ready` says so."),
    _m("himaya_off", "gauge", "1 while everything passes unseen."),
    _m(
        "himaya_config_rejected",
        "gauge",
        "1 while a changed configuration is not in force because it is wrong.",
    ),
    _m(
        "himaya_requests_total",
        "counter",
        "Requests decided.",
        "door",
        "surface",
        "verdict",
        "enforced",
    ),
    _m(
        "himaya_unseen_requests_total",
        "counter",
        "Requests that passed while the gate was switched off.",
        "door",
    ),
    _m("himaya_decide_seconds", "histogram", "How long the engine took for a decision."),
    _m(
        "himaya_refusals_total",
        "counter",
        "Refusals of requests, and of responses once their people were known.",
        "stage",
        "verdict",
    ),
    _m(
        "himaya_refusal_reasons_total",
        "counter",
        "What refusals went by, each reason once.",
        "rule",
        "principal",
        "window",
    ),
    _m(
        "himaya_challenges_total",
        "counter",
        "Challenges: shown, solved, or solved for nothing.",
        "outcome",
    ),
    _m(
        "himaya_disclosed_people_total",
        "counter",
        "People shown, once per exchange; without canaries.",
        "surface",
    ),
    _m(
        "himaya_disclosed_weight_total",
        "counter",
        "The same, weighted by the fields shown; 1 is an ordinary person.",
        "surface",
    ),
    _m(
        "himaya_unattributed_people_total",
        "counter",
        "People charged whom nobody could name.",
        "surface",
    ),
    _m("himaya_canary_views_total", "counter", "Views of canaries."),
    _m("himaya_findings_total", "counter", "Findings of detectors.", "detector"),
    _m("himaya_alerts_open", "gauge", "Alerts that nobody acknowledged."),
    _m("himaya_alerts_waiting", "gauge", "Messages of alerts that wait to be sent."),
    _m("himaya_alert_problems", "gauge", "What is wrong with the channels of alerts now."),
    _m("himaya_entries", "gauge", "What is held in memory, by table.", "table"),
    _m("himaya_entries_limit", "gauge", "The bound of each table.", "table"),
    _m("himaya_evictions_total", "counter", "How often a full table had to use its rule.", "table"),
    _m("himaya_ledger_rows_total", "counter", "Rows handed to the ledger."),
    _m("himaya_ledger_pending_entries", "gauge", "Exchanges and gaps that wait to be written."),
    _m("himaya_ledger_pending_limit", "gauge", "How many may wait."),
    _m(
        "himaya_ledger_lost_total",
        "counter",
        "Exchanges that found no room to wait; their time became a gap.",
    ),
    _m("himaya_ledger_durable_age_seconds", "gauge", "How long ago everything taken was durable."),
    _m("himaya_ledger_writable", "gauge", "0 while the ledger refuses to be written."),
    _m("himaya_gaps_total", "counter", "Unobserved periods.", "reason"),
    _m("himaya_gap_seconds_total", "counter", "Seconds of unobserved periods, added up.", "reason"),
    _m("himaya_connections", "gauge", "Open connections.", "listener"),
    _m("himaya_connections_limit", "gauge", "How many may be open.", "listener"),
    _m("himaya_connections_total", "counter", "Connections taken.", "listener"),
    _m(
        "himaya_broken_requests_total",
        "counter",
        "Refused before anybody decided.",
        "listener",
        "status",
    ),
    _m(
        "himaya_cut_connections_total",
        "counter",
        "Connections cut without an answer.",
        "listener",
        "reason",
    ),
)

BY_NAME = {metric.name: metric for metric in METRICS}
