"""All defences of the live bench; the rivals have the three settings that `himaya bench` models."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from himaya.bench.live.fronts.crowdsec import CrowdSec
from himaya.bench.live.fronts.fail2ban import Fail2ban
from himaya.bench.live.fronts.front import Front
from himaya.bench.live.fronts.gate import HimayaGate
from himaya.bench.live.fronts.haproxy import HAProxy
from himaya.bench.live.fronts.nginx import LimitReq
from himaya.core.errors import InputError


def rivals() -> list[Front]:
    """Return the defences sites use today, three settings each."""
    return [
        *(LimitReq(rate) for rate in (1, 5, 20)),
        *(HAProxy(*setting) for setting in ((60, 60), (200, 300), (600, 3600))),
        *(Fail2ban(*s) for s in ((300, 300, 600), (100, 60, 3600), (1000, 3600, 86400))),
        CrowdSec("stock", 40, 0.5),
        CrowdSec("capacity 15", 15, 0.5),
        CrowdSec("capacity 100, leak 10 s", 100, 10.0),
    ]


def chosen(names: Sequence[str], people: int, policy: Path | None) -> list[Front]:
    """Return the defences of a run: `none` and `himaya` always, and the rivals whose name or family is named.

    A name may be cut at its comma. No names: all of them. Raises InputError for a name nobody has.
    """
    found = rivals()
    spelt = {
        front.name: {front.name, front.name.partition(",")[0], front.family} for front in found
    }
    known = ["none", "himaya", *dict.fromkeys(front.family for front in found)]
    unknown = [n for n in names if n not in known and not any(n in each for each in spelt.values())]
    if unknown:
        raise InputError(f"there is no live defence {unknown[0]!r}; there are {', '.join(known)}")
    wanted = [front for front in found if not names or spelt[front.name] & {*names}]
    return [Front(), HimayaGate(people, policy), *wanted]
