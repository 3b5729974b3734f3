"""Cases for tests of deadlines, without a register."""

from __future__ import annotations

from datetime import UTC, datetime

from himaya.response.cases import Act, Case, Entry, read_case
from himaya.response.regimes import load_regimes

TABLE = load_regimes()


def at(text: str) -> int:
    """Return a time (UTC) as microseconds."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000


def told(when: int) -> str:
    """Return microseconds as the reference writes them."""
    return datetime.fromtimestamp(when // 1_000_000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


class Story:
    """What happens in a case, one act after the other."""

    def __init__(self, countries: dict[str, int], *, practice: bool = False) -> None:
        """Open a case whose people were counted."""
        self._acts: list[Act] = []
        self.do("opened", "2026-01-01 00:00", practice=practice)
        self.do("counted", "2026-01-01 00:01", countries=countries)

    def do(self, kind: str, when: str, *, by: str = "Lea", **data: object) -> Story:
        """Add an act that happened at a time (UTC)."""
        self._acts.append(Act(case="c-1", kind=kind, at=at(when), by=by, role="legal", data=data))
        return self

    def clock(self, name: str, when: str) -> Story:
        """Start a clock."""
        return self.do("clock", when, clock=name)

    def case(self) -> Case:
        """Return the case as it stands."""
        return read_case(Entry(n, act, "", "") for n, act in enumerate(self._acts, 1))
