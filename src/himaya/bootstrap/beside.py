"""The SQLite files beside a ledger that go into its copies, of all rooms."""

from __future__ import annotations

from pathlib import Path

from himaya.analysis.cases import cases_path
from himaya.gate.feeds.store import blocks_path
from himaya.response.delivery.waves import waves_path
from himaya.response.places import register_path
from himaya.runner.alerting.store import alerts_path


def files_beside(ledger: Path) -> tuple[Path, ...]:
    """Return where they lie, whether they are there or not: cases twice (groups, register), waves, alerts, blocks."""
    places = (cases_path, register_path, waves_path, alerts_path, blocks_path)
    return tuple(place(ledger) for place in places)
