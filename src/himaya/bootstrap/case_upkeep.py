"""What a running process does for cases: it escalates what nobody looked after, and removes what was kept long enough.

The register and its database are loaded only where there may be a case.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from himaya.analysis.cases import cases_path
from himaya.config import Config
from himaya.core.errors import HimayaError
from himaya.ledger.schema import micros
from himaya.response.places import register_path
from himaya.runner.alerting import Occurrence, words
from himaya.runner.alerting.conditions import Condition

if TYPE_CHECKING:
    from himaya.response.cases import Case, Register

log = logging.getLogger(__name__)

#: The longest time between two looks at cases, in seconds.
_LOOK_S = 60.0


def has_cases(config: Config) -> bool:
    """Tell whether there may be a case, without opening anything."""
    ledger = Path(config.ledger.directory).absolute()
    elsewhere = bool(config.response.database)
    return elsewhere or register_path(ledger).exists() or cases_path(ledger).exists()


def opened(config: Config, now: float) -> Register:
    """Return the register of a configuration, in step with the groups that were found. Raises HimayaError."""
    from himaya.bootstrap.register import mirror_groups, open_register  # noqa: PLC0415

    directory, named = Path(config.ledger.directory), config.ledger.key_file
    register = open_register(directory, Path(named) if named else None, config)
    try:
        mirror_groups(register, directory, micros(now), config)
    except BaseException:
        register.close()
        raise
    return register


def unacknowledged(config: Config) -> Condition:
    """Return the condition that a suspected case waits for longer than `[response] escalate_s`; 0: never."""
    after, due, problem = config.response.escalate_s, -math.inf, ""

    def look(now: float) -> Iterator[Occurrence]:
        nonlocal due, problem
        if not after or now < due or not has_cases(config):
            return
        due = now + min(_LOOK_S, max(1.0, after / 4))
        try:
            yield from _escalate(config, now, after)
            problem = ""
        except HimayaError as why:
            if str(why) != problem:
                log.warning("cases that wait cannot be escalated, and are tried again: %s", why)
            problem = str(why)

    return look


def _escalate(config: Config, now: float, after_s: int) -> Iterator[Occurrence]:
    """Yield what is to be told, and write down that it was; told twice is better than never."""
    from himaya.response.cases import MACHINE, Act  # noqa: PLC0415

    with opened(config, now) as register:
        for case in register.cases():
            if _waits(case, micros(now - after_s)):
                yield words.case_waits(now, case.id, now - case.opened / 1e6)
                why = f"nobody acknowledged it within {after_s} s"
                act = Act(case=case.id, kind="escalated", at=micros(now), by=MACHINE, why=why)
                register.add(act)


def _waits(case: Case, before: int) -> bool:
    """Tell whether a case was opened before a time (microseconds), and nobody has looked after it."""
    from himaya.response.cases import State  # noqa: PLC0415

    is_waiting = case.state is State.SUSPECTED and not case.acknowledged and not case.practice
    return is_waiting and case.opened <= before and case.last("escalated") is None


def expire_register(config: Config, now: float) -> None:
    """Remove reasons and data of cases that are over for `[response] register_days`. Raises HimayaError."""
    days = config.response.register_days
    if not days or not has_cases(config):
        return
    from himaya.bootstrap.register import expire_cases  # noqa: PLC0415
    from himaya.response.cases import MACHINE, Act  # noqa: PLC0415

    why = f"over for more than {days} days"
    with opened(config, now) as register:
        expire_cases(register, days, Act(case="", kind="", at=micros(now), by=MACHINE, why=why))
