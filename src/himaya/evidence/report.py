"""Write reports: one HTML page that loads nothing, runs nothing and can be printed.

A scan or a ledger fills the data; the page is the same for both.
"""

from __future__ import annotations

import time
from pathlib import Path

import msgspec

from himaya.evidence.data import ReportData
from himaya.evidence.page import write_page
from himaya.evidence.scan import scan_data
from himaya.watch.result import ScanResult


def write_scan_report(result: ScanResult, path: Path) -> None:
    """Write the report of a scan to `path`, replacing what is there.

    Raises ServiceError when it cannot be written.
    """
    write_page(scan_data(result, time.time()), path)


def write_ledger_report(data: ReportData, path: Path) -> None:
    """Write the report made from a ledger's answers to `path`, replacing what is there.

    Raises ServiceError when it cannot be written.
    """
    at = time.time() if data.made_at is None else data.made_at
    write_page(msgspec.structs.replace(data, made_at=at), path)
