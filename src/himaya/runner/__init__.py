"""Effects are values until a runner performs them: rows to the ledger, findings to the alert command."""

from __future__ import annotations

from himaya.runner.alerts import AlertCommand
from himaya.runner.runner import LedgerSink, Runner

__all__ = ["AlertCommand", "LedgerSink", "Runner"]
