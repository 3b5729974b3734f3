"""How near each kind of principal came to what it might obtain: the nearest one of each, by name."""

from __future__ import annotations

from himaya.analysis.bound.result import Peak
from himaya.core.budget import Principal
from himaya.core.window import UNIT
from himaya.ledger.schema import iso, micros


class Peaks:
    """The nearest principal of each kind, and how many there were."""

    def __init__(self) -> None:
        """Start with none."""
        self._keys: dict[str, set[str]] = {}
        self._peaks: dict[str, tuple[float, Peak]] = {}

    def see(
        self, at: float, principal: Principal, window: str, value: int, limit: int, bought: int
    ) -> None:
        """Take what a principal had in a window, in units."""
        kind, key, _ = principal
        self._keys.setdefault(kind, set()).add(key)
        share = value / max(1, limit + bought)
        if kind in self._peaks and share <= self._peaks[kind][0]:
            return
        units = (value / UNIT, limit / UNIT, bought / UNIT)
        peak = Peak(kind, 0, name_of(principal), iso(micros(at)), window, *units)
        self._peaks[kind] = share, peak

    def all(self) -> tuple[Peak, ...]:
        """Return the nearest of each kind, by kind."""
        return tuple(
            Peak(
                kind, len(self._keys[kind]), *(getattr(peak, f) for f in Peak.__struct_fields__[2:])
            )
            for kind, (_, peak) in sorted(self._peaks.items())
        )


def name_of(principal: Principal) -> str:
    """Return a principal as reports name it: `account:u1`; its key has one letter before the name."""
    kind, key, _ = principal
    return f"{kind}:{key[1:]}"
