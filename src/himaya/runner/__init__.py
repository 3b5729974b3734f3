"""Effects are values until a runner performs them: rows to the ledger, findings and gaps to the alarm (`alerting`)."""

from __future__ import annotations

from himaya.runner.runner import Alarms, LedgerSink, Runner

__all__ = ["Alarms", "LedgerSink", "Runner"]
