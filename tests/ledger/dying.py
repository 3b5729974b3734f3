"""A process that dies at one of its calls that change a file, again and again, each time at another one.

Run as `python -m tests.ledger.dying BASE TASK EVERY`: for n = 1, 1 + EVERY, ... a process runs the task on a copy
`BASE/n/l` of the ledger `BASE/l` and dies at its n-th such call. Prints the n of those that died. Processes are forked
from one that has used nothing of the ledger yet, so that starting one is quick.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from tests.ledger.making import DAY, NOON

from himaya.ledger import Ledger, backup, entries, retention
from himaya.ledger.keys import read_key_file
from himaya.ledger.operators.periods import seal_periods
from himaya.ledger.publish import publish
from himaya.ledger.reader import Reader
from himaya.ledger.storage import Storage

LATE = NOON + 40 * DAY
_CALLS = ("write", "fsync", "fdatasync", "unlink", "replace", "rename", "ftruncate", "utime")
_DIED = 77


def _writer(directory: Path) -> Ledger:
    return Ledger.open(directory, clock=lambda: LATE)


def periods(directory: Path) -> None:
    """Seal old days and names to operators."""
    with _writer(directory) as ledger:
        ledger.set_retention(365, "delete", LATE)
        seal_periods(ledger, LATE, 30)


def compact(directory: Path) -> None:
    """Leave a compact form of what retention deletes."""
    with _writer(directory) as ledger:
        retention.execute(ledger, LATE, classes=entries.Classes(at="", ordinary="compact"))


def expire(directory: Path) -> None:
    """Blank classes, give other numbers to rows of an erasure that had to keep a name, and merge files."""
    with _writer(directory) as ledger:
        ledger.seal(LATE, everything=True)
        retention.execute(ledger, LATE, 365, class_days=10)


def back_up(directory: Path) -> None:
    """Copy the ledger, and restore the copy."""
    copy, fresh = directory.with_name("copy"), directory.with_name("fresh")
    with Reader.open(directory) as reader:
        backup.make(reader, copy, keep_days=3, by="d", now=LATE)
    keys = read_key_file(directory.with_name("l.key"))
    backup.restore(copy, fresh, keys, newer=None, by="d", now=LATE)


def publishing(directory: Path) -> None:
    """Copy the sealed files elsewhere."""
    with Reader.open(directory) as reader:
        publish(reader.layout, reader.chain, Storage(str(directory.with_name("elsewhere"))))


TASKS: dict[str, Callable[[Path], None]] = {
    one.__name__: one for one in (periods, compact, expire, back_up, publishing)
}


def _run(directory: Path, task: str, left: int) -> None:
    calls = [0]

    def dying(name: str) -> None:
        real = getattr(os, name)

        def call(*args: object, **more: object) -> object:
            calls[0] += 1
            if calls[0] == left:
                os._exit(_DIED)
            return real(*args, **more)

        setattr(os, name, call)

    for name in _CALLS:
        dying(name)
    TASKS[task](directory)
    os._exit(0)


def main(base: Path, task: str, every: int) -> None:
    """Die at every so manieth call, until one process lives."""
    for left in range(1, 2000, every):
        place = base / str(left)
        place.mkdir()
        shutil.copytree(base / "l", place / "l")
        shutil.copy(base / "l.key", place / "l.key")
        child = os.fork()
        if child == 0:
            _run(place / "l", task, left)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if code == 0:
            return
        if code != _DIED:
            raise SystemExit(f"{task} failed at call {left}")
        print(left, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
