"""What a result hangs on: other crowds, other sites, and attackers with half as much and with half as much again.

`himaya bench --vary`. The names here are the names in the result.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import msgspec

from himaya.bench.attackers.attacker import Attacker
from himaya.bench.attackers.everybody import ALL
from himaya.bench.attackers.parameters import Parameters
from himaya.bench.scene import Options
from himaya.bench.world.knobs import Ids, Knobs

#: So many times the visits of honest people.
CROWDS = {"crowd x0.5": 0.5, "crowd x2": 2.0, "crowd x4": 4.0}
_SIZES = (0.5, 2.0)
_IDS: tuple[Ids, ...] = ("sequential", "random", "per-viewer")
_TIMES = (0.5, 1.5)


def _pace(plan: Parameters, times: float) -> Parameters:
    return msgspec.structs.replace(plan, pace_s=plan.pace_s * times)


def _hands(plan: Parameters, times: float) -> Parameters:
    """Change how many accounts, hands and addresses there are, and over how many networks; none stays none."""
    return msgspec.structs.replace(
        plan,
        accounts=_count(plan.accounts, times),
        hands=_count(plan.hands, times),
        addresses=_count(plan.addresses, times),
        prefixes=_count(plan.prefixes, times),
    )


def _age(plan: Parameters, times: float) -> Parameters:
    return msgspec.structs.replace(plan, age_days=plan.age_days * times) if plan.accounts else plan


def _per_day(plan: Parameters, times: float) -> Parameters:
    return msgspec.structs.replace(plan, per_day=_count(plan.per_day, times))


def _count(count: int, times: float) -> int:
    return max(1, round(count * times)) if count else 0


#: What an attacker has, half and half as much again.
CHANGES: dict[str, Callable[[Parameters], Parameters]] = {
    f"{name} x{times:g}": partial(change, times=times)
    for name, change in (("pace", _pace), ("hands", _hands), ("age", _age), ("a day", _per_day))
    for times in _TIMES
}


def variations(attackers: Sequence[Attacker], knobs: Knobs) -> tuple[tuple[str, str], ...]:
    """Return (variation, attacker) for every crowd, and for every change that makes an attacker another one."""
    ids = [each.id for each in attackers if each.id != ALL]
    plans = {each.id: each.scaled(knobs) for each in attackers}
    crowds = [(name, attacker) for name in CROWDS for attacker in ids]
    changes = [
        (name, attacker)
        for name, change in CHANGES.items()
        for attacker in ids
        if change(plans[attacker]) != plans[attacker]
    ]
    return (*crowds, *changes)


def elsewhere(options: Options) -> dict[str, Options]:
    """Return other sites to play on: half and twice the people, and the shapes of ids this one does not have."""
    knobs = options.knobs
    sizes = {
        f"{round(knobs.people * each):,} people": round(knobs.people * each) for each in _SIZES
    }
    sites = {name: msgspec.structs.replace(knobs, people=people) for name, people in sizes.items()}
    for ids in _IDS:
        if ids != knobs.ids:
            sites[f"{ids} ids"] = msgspec.structs.replace(knobs, ids=ids)
    return {name: msgspec.structs.replace(options, knobs=site) for name, site in sites.items()}
