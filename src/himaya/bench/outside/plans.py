"""What the parameters of an attacker from outside may be. What nobody has, or no machine could run, is refused."""

from __future__ import annotations

import msgspec

from himaya.bench.attackers.parameters import Parameters
from himaya.bench.outside.source import is_number

#: From, to. The upper ends are far above the largest incident on record, scaled to any world that fits a machine.
RANGES: dict[str, tuple[float, float]] = {
    "accounts": (0, 200_000),
    "age_days": (0, 36_500),
    "signup_spread_h": (0, 876_000),
    "hands": (0, 200_000),
    "addresses": (1, 200_000),
    "prefixes": (0, 100_000),
    "turn": (0, 1_000_000),
    "browsers": (0, 100_000),
    "pace_s": (0, 2_592_000),
    "hours": (0.01, 24),
    "per_day": (0, 10_000_000),
    "solver_usd": (0, 1_000),
    "settle_h": (0, 87_600),
}
#: A hand that rotates knows every address; so many in all fit into memory.
MOST_POOLED = 20_000_000
_LONGEST = 100


def wrong_with(plan: object) -> str:
    """Return what is wrong with a plan, in words that name the parameter; "" when nothing is."""
    if not isinstance(plan, Parameters):
        return f"it must be Parameters(...), not {type(plan).__name__}"
    try:
        msgspec.convert(msgspec.structs.asdict(plan), Parameters)
    except msgspec.ValidationError as problem:
        words, _, place = str(problem).partition(" - at `$.")
        return f"{place.rstrip('`')}: {words}" if place else words
    for name, (low, high) in RANGES.items():
        value: object = getattr(plan, name)
        if value is not None and not is_number(value, low, high):
            return f"{name} must be from {low:,g} to {high:,g}, not {value}"
    if max(len(plan.tier), len(plan.key)) > _LONGEST:
        return f"tier and key must not be longer than {_LONGEST} characters"
    if plan.rotates and plan.count * plan.addresses > MOST_POOLED:
        return f"hands times addresses must not be more than {MOST_POOLED:,} where a hand rotates"
    return ""
