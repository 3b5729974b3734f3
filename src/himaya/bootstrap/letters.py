"""The condition that an answer to a letter is overdue, for the alarm of a process that keeps the ledger."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from himaya.bootstrap.looking import Looking
from himaya.config import Config
from himaya.ledger.schema import iso
from himaya.runner.alerting import Occurrence, words

if TYPE_CHECKING:
    from himaya.runner.alerting.conditions import Condition

log = logging.getLogger(__name__)


def overdue_letters(config: Config) -> Condition:
    """Return the condition. Where there is no register nothing is opened or loaded."""
    looking = Looking(config, log, "letters")
    return partial(looking.look, partial(_overdue, config))


def _overdue(config: Config, now: float) -> Iterator[Occurrence]:
    # A database and its driver are a quarter of a second to load, which only sites with cases pay.
    from himaya.bootstrap.register import open_register  # noqa: PLC0415
    from himaya.response.letters.standing import overdue  # noqa: PLC0415

    directory, key = Path(config.ledger.directory), config.ledger.key_file
    with open_register(directory, Path(key) if key else None, config) as register:
        # A letter of a case that went on in another one still waits for its answer.
        every = (one for one in register.cases() if not one.practice)
        cases = [one for one in every if one.is_open or one.into]
        late = overdue(cases, int(now * 1e6))
    for case, letter in late:
        yield words.letter_overdue(now, case.id, letter.id, iso(letter.due - 1)[:10])
