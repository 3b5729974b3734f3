"""Measured rows against their aims, as a table and as JSON; a miss is printed like a success."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. `aim` is "" for figures that only explain others; then `met` is None."""

    what: str
    value: float
    unit: str
    aim: str = ""
    met: bool | None = None
    detail: str = ""

    @property
    def verdict(self) -> str:
        """Return met, missed, or nothing."""
        return "" if self.met is None else "met" if self.met else "MISSED"


def figure(value: float) -> str:
    """Return a value in three or four significant digits.

    >>> figure(7.1432), figure(1234567), figure(84.2)
    ('7.14', '1,234,567', '84.2')
    """
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 20 else f"{value:.2f}"


def table(parts: dict[str, list[Row]]) -> str:
    """Return all parts as aligned text."""
    width = max((len(row.what) for rows in parts.values() for row in rows), default=0)
    lines: list[str] = []
    for name, rows in parts.items():
        lines += ["", name]
        lines += [_line(row, width) for row in rows]
    return "\n".join(lines[1:])


def _line(row: Row, width: int) -> str:
    aim = f"aim {row.aim}" if row.aim else ""
    text = (
        f"  {row.what:<{width}}  {figure(row.value):>11} {row.unit:<13} {aim:<16} {row.verdict:<7}"
    )
    return f"{text} {row.detail}".rstrip()


def as_json(parts: dict[str, list[Row]]) -> str:
    """Return the machine and all parts as JSON."""
    rows = {name: [asdict(row) for row in found] for name, found in parts.items()}
    return json.dumps({"machine": machine(), "parts": rows}, indent=2)


def machine() -> dict[str, str | float]:
    """Return what kind of machine this is, without its name."""
    return {
        "cores": os.cpu_count() or 0,
        "system": _system(),
        "python": platform.python_version(),
        "processor": _processor(),
        "load": round(os.getloadavg()[0], 1),
    }


def _system() -> str:
    release = Path("/etc/os-release")
    lines = release.read_text().splitlines() if release.exists() else []
    return _value_of(lines, "PRETTY_NAME=").strip('"') or platform.system()


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    return _value_of(lines, "model name").lstrip("\t: ") or platform.machine()


def _value_of(lines: Iterable[str], head: str) -> str:
    return next((line.removeprefix(head) for line in lines if line.startswith(head)), "")
