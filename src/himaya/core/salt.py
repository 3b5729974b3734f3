"""The salt of fingerprint classes: a class has another name in every period, so that names of two cannot be linked.

What a front door tells of a program (a JA4, the order of its header fields) is the same for months, on every site.
Where requests enter it is replaced by its keyed hash for the period of that time; so budgets, groups and the ledger
can ask whether two requests of one period came from one class, and whoever copies the ledger cannot look a class up.
Periods begin at whole multiples of their length since 1970 UTC. Whoever holds the key can link periods.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from himaya.core.clearance import keyed

#: Bytes of a salted class; written as twice as many hex digits.
_BYTES = 8
_DAY_S = 86400
#: Salted classes remembered.
_REMEMBERED = 16_384

#: Gives the name of a raw class at a time (epoch seconds); "" stays "".
Salted = Callable[[str, float], str]


class Salt:
    """Salts fingerprint classes with one key, anew every `days`."""

    __slots__ = ("_period_s", "_remembered", "_secret")

    def __init__(self, secret: bytes, days: int) -> None:
        """Take the key and the length of a period in days."""
        self._secret = secret
        self._period_s = days * _DAY_S
        self._remembered = lru_cache(maxsize=_REMEMBERED)(self._salted)

    def of(self, raw: str, at: float) -> str:
        """Return the name of a raw class at a time, 16 hex digits; "" for none."""
        return self._remembered(raw, self.period(at)) if raw else ""

    def period(self, at: float) -> int:
        """Return the number of the period of a time."""
        return int(at // self._period_s)

    def _salted(self, raw: str, period: int) -> str:
        return keyed(self._secret, "fingerprint", str(period), raw)[:_BYTES].hex()
