"""The condition that an answer to a letter is overdue, for the alarm of a process that keeps the ledger."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from himaya.config import Config
from himaya.core.errors import HimayaError
from himaya.ledger.schema import iso
from himaya.runner.alerting import Occurrence, words

if TYPE_CHECKING:
    from himaya.runner.alerting.conditions import Condition

log = logging.getLogger(__name__)

#: Seconds between two looks into a register that did not change: answers are due by the day.
_EVERY_S = 600.0


def overdue_letters(config: Config) -> Condition:
    """Return the condition. Where there is no register nothing is opened or loaded."""
    directory = Path(config.ledger.directory)
    beside = directory.with_name(directory.name + ".register")
    looked, seen = float("-inf"), 0

    def look(now: float) -> Iterator[Occurrence]:
        nonlocal looked, seen
        mark = 1 if config.response.database else _changed(beside)
        if not mark or (mark == seen and 0 <= now - looked < _EVERY_S):
            return
        looked, seen = now, mark
        try:
            yield from _overdue(config, directory, now)
        except HimayaError as problem:
            # The other alerts go out all the same, and this look is had again with the next one.
            seen = 0
            log.warning("letters cannot be looked at, and are tried again: %s", problem)

    return look


def _changed(path: Path) -> int:
    """Return when a file was last changed, 0 when it is not there."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _overdue(config: Config, directory: Path, now: float) -> Iterator[Occurrence]:
    # A database and its driver are a quarter of a second to load, which only sites with cases pay.
    from himaya.bootstrap.register import open_register  # noqa: PLC0415
    from himaya.response.letters.standing import overdue  # noqa: PLC0415

    key = config.ledger.key_file
    with open_register(directory, Path(key) if key else None, config) as register:
        # A letter of a case that went on in another one still waits for its answer.
        every = (one for one in register.cases() if not one.practice)
        cases = [one for one in every if one.is_open or one.into]
        late = overdue(cases, int(now * 1e6))
    for case, letter in late:
        yield words.letter_overdue(now, case.id, letter.id, iso(letter.due - 1)[:10])
