"""What is looked at every second although nothing happened: the disk, the ledger, the age of keys."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from himaya.config import Config
from himaya.runner.alerting import words
from himaya.runner.alerting.alert import Occurrence

#: Says at a time (epoch seconds) what is not as it should be.
Condition = Callable[[float], Iterator[Occurrence]]

_MB = 1 << 20
_DAY_S = 86400.0


def free_mb(directory: Path) -> int:
    """Return how many MB (of 2^20 bytes) are free where a directory lies, or will lie. Raises OSError."""
    place = directory
    while not place.exists() and place != place.parent:
        place = place.parent
    return shutil.disk_usage(place).free // _MB


def disk(directory: Path, least_mb: int) -> Condition:
    """Return the condition that too little is free where the ledger lies; 0: never."""

    def look(now: float) -> Iterator[Occurrence]:
        if not least_mb:
            return
        try:
            free = free_mb(directory)
        except OSError:
            yield words.ledger_trouble(now)
            return
        if free < least_mb:
            yield words.disk_low(now, free, least_mb)

    return look


def ledger(problem: Callable[[], str]) -> Condition:
    """Return the condition that the ledger cannot be written; `problem` is "" while it can."""

    def look(now: float) -> Iterator[Occurrence]:
        if problem():
            yield words.ledger_trouble(now)

    return look


def anchors(problems: Callable[[], Mapping[str, str]]) -> Condition:
    """Return the condition that places take no deposits of the chain's head; `problems` says which."""

    def look(now: float) -> Iterator[Occurrence]:
        for place in sorted(problems()):
            yield words.anchor_trouble(now, place)

    return look


def age_days(path: Path, now: float) -> int | None:
    """Return how many days ago a file was last changed, None when it is not there."""
    try:
        return int(max(0.0, now - path.stat().st_mtime) // _DAY_S)
    except OSError:
        return None


def keys(files: Mapping[str, Path], most_days: int) -> Condition:
    """Return the condition that a key file was not replaced for longer than `most_days`; 0: never."""

    def look(now: float) -> Iterator[Occurrence]:
        for name, path in files.items() if most_days else ():
            age = age_days(path, now)
            if age is not None and age > most_days:
                yield words.key_old(now, name, age, most_days)

    return look


def key_files(config: Config) -> dict[str, Path]:
    """Return the key files that can be replaced, by the configuration's word for each.

    The ledger's key is not among them: what it sealed opens with no other. Certificates are the front server's.
    """
    named = {
        "gate.key_file": config.gate.key_file or f"{config.gate.socket}.key",
        "gate.secret_file": config.gate.secret_file,
        "alerts.webhook_secret_file": config.alerts.webhook_secret_file,
        "alerts.smtp_password_file": config.alerts.smtp_password_file,
    }
    return {name: Path(path) for name, path in named.items() if path}
