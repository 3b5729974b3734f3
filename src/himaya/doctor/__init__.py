"""`himaya doctor`: looks at an installation and says what to fix.

`check` is what a check says, `scene` what the checks look at. A check is a function that yields results; `CHECKS` are
all, in the order in which a person would ask. None changes anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from himaya.core.errors import HimayaError
from himaya.doctor import (
    anchors,
    files,
    gates,
    log_feed,
    outside,
    people,
    records,
    rules,
    telling,
)
from himaya.doctor.check import Check, Level, warning
from himaya.doctor.scene import Asked, Scene

__all__ = ["CHECKS", "Asked", "Check", "Level", "Scene", "examine"]

CHECKS: tuple[Callable[[Scene], Iterator[Check]], ...] = (
    rules.owner,
    rules.mode,
    rules.surfaces,
    rules.budgets,
    rules.forecast,
    rules.proxies,
    rules.secret,
    gates.gate,
    gates.listener,
    gates.upstream,
    gates.front,
    outside.outside,
    log_feed.follow,
    log_feed.privacy,
    log_feed.undeclared,
    records.ledger,
    anchors.anchors,
    records.clock,
    records.gaps,
    records.coverage,
    records.exports,
    people.operators,
    files.keys,
    files.disk,
    telling.alerts,
)


def examine(scene: Scene) -> list[Check]:
    """Return what every check says; one that cannot look says so, and the others go on."""
    return [each for check in CHECKS for each in _results(check, scene)]


def _results(check: Callable[[Scene], Iterator[Check]], scene: Scene) -> list[Check]:
    try:
        return list(check(scene))
    except (HimayaError, OSError) as why:
        said = f"it could not be looked at: {why}"
        return [warning(check.__name__, said, "Run it as the account of the gate.")]
