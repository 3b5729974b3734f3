"""Small logs that tests write, and the one real log they read."""

from __future__ import annotations

import importlib.util
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(__file__).parent / "data"
START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC).timestamp()
AGENT = "Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0"


def stamp(at: float) -> str:
    """Return a time as the Common Log Format writes it."""
    return datetime.fromtimestamp(at, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000")


def line(
    at: float,
    target: str,
    *,
    address: str = "192.0.2.1",
    account: str = "-",
    status: int = 200,
    method: str = "GET",
    agent: str = AGENT,
    rest: str = "",
) -> str:
    """Return one line in combined format, with its newline."""
    return (
        f'{address} - {account} [{stamp(at)}] "{method} {target} HTTP/1.1" {status} 512'
        f' "-" "{agent}"{rest}\n'
    )


def profile_log(path: Path, people: int = 40, *, start: float = START, step: float = 60.0) -> Path:
    """Write a log in which a few readers open `people` profiles, each two or three pages."""
    lines = []
    for number in range(people):
        who = f"192.0.2.{number % 9 + 1}"
        at = start + number * step
        lines.append(line(at, f"/u/{number * 37 % 1009 + 1}", address=who))
        lines.append(line(at + 1, "/static/app.css", address=who))
    path.write_text("".join(lines))
    return path


def make_log() -> ModuleType:
    """Return tools/make_log.py as a module."""
    spec = importlib.util.spec_from_file_location("make_log", ROOT / "tools/make_log.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def real_log() -> tuple[Path, int]:
    """Return the real log and its lines: whole where the shared data is, else the slice kept here."""
    whole = ROOT.parent / "shared/data/elastic_examples/apache_logs"
    return (whole, 10_000) if whole.exists() else (DATA / "apache_logs_400", 400)
