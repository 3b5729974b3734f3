"""The condition that a deadline is overdue or ends soon, for the alarm of a process that keeps the ledger."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from himaya.bootstrap.looking import Looking
from himaya.config import Config
from himaya.ledger.schema import micros
from himaya.runner.alerting import Occurrence

if TYPE_CHECKING:
    from himaya.runner.alerting.conditions import Condition

log = logging.getLogger(__name__)


def near_deadlines(config: Config) -> Condition:
    """Return the condition: what `himaya deadlines --alert` tells, so that both count as one alert.

    Where there is no register nothing is opened or loaded.
    """
    looking = Looking(config, log, "deadlines")
    return partial(looking.look, partial(_near, config))


def _near(config: Config, now: float) -> Iterator[Occurrence]:
    # A database and its driver are a quarter of a second to load, which only sites with cases pay.
    from himaya.bootstrap.register import open_register  # noqa: PLC0415
    from himaya.response.deadlines import all_deadlines  # noqa: PLC0415
    from himaya.response.deadlines.telling import occurrences  # noqa: PLC0415
    from himaya.response.regimes import load_regimes  # noqa: PLC0415

    key, at = config.ledger.key_file, micros(now)
    with open_register(
        Path(config.ledger.directory), Path(key) if key else None, config
    ) as register:
        cases = [one for one in register.cases() if one.is_open and not one.practice]
    if cases:
        found = all_deadlines(cases, load_regimes(config.response.regimes), at)
        yield from occurrences(found, at, config.response.soon_hours * 3600)
