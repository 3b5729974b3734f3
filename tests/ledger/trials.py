"""Several writers are killed again and again while they write and keep house; then every promise is checked.

Run as `python -m tests.ledger.trials DIRECTORY TRIALS SEED`: prints what was found as JSON. Writers are forked from a
process that has used nothing of the ledger yet, so that starting one is quick.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
import traceback
from collections import Counter
from pathlib import Path

from tests.ledger.making import DAY, NOON, disclosed

from himaya.core.actor import Actor
from himaya.ledger import Ledger, backup, retention
from himaya.ledger.keys import read_key_file
from himaya.ledger.publish import publish
from himaya.ledger.reader import Reader
from himaya.ledger.storage import Storage

WRITERS = 3
#: A writer that says nothing for so long (seconds) is stuck.
_STUCK_S = 240.0


class Writer:
    """A process that writes numbered rows; after each flush it says how many are acknowledged."""

    def __init__(self, directory: Path, number: int) -> None:
        self.name, self.batch, self.said = f"w{number}", 1 + number * 7 % 40, b""
        self._out, into = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            code = 1
            try:
                self._write(directory, into, random.Random(number))
                code = 0
            finally:
                if code:
                    traceback.print_exc()
                os._exit(code)
        os.close(into)

    def _write(self, directory: Path, into: int, rng: random.Random) -> None:
        stop: list[int] = []
        signal.signal(signal.SIGTERM, lambda *_: stop.append(1))
        ledger, number = Ledger.open(directory), 0
        while not stop:
            for _ in range(self.batch):
                at = NOON + number / 50
                actor = Actor(f"192.0.2.{number % 50}", f"u{number % 50}", fingerprint="f")
                ledger.append(disclosed(at, "", f"{self.name}-{number}", actor=actor))
                number += 1
            ledger.flush()
            os.write(into, b"%d\n" % number)
            time.sleep(0.001)
            if rng.random() < 0.04 and ledger.sealing_lock.attempt():
                ledger.seal(NOON + number, everything=True)
                if rng.random() < 0.5:
                    _keep_house(ledger)
                ledger.sealing_lock.release()
        ledger.close()

    def begun(self) -> None:
        """Wait for the first acknowledgement."""
        until = time.monotonic() + _STUCK_S
        while b"\n" not in self.said:
            self._read()
            if time.monotonic() > until or os.waitpid(self.pid, os.WNOHANG)[0]:
                raise RuntimeError(f"{self.name} does not write")

    def so_far(self) -> int:
        """Return how many of its rows were surely acknowledged by now."""
        return int(self.said.rpartition(b"\n")[0].split()[-1])

    def _read(self) -> bool:
        data = os.read(self._out, 1 << 16)
        self.said += data
        return bool(data)

    def end(self, how: signal.Signals) -> int:
        """End it; return how many of its rows were acknowledged."""
        os.kill(self.pid, how)
        while self._read():
            pass
        os.close(self._out)
        code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        if code != (-how if how is signal.SIGKILL else 0):
            raise RuntimeError(f"{self.name} ended with {code}")
        return self.so_far()


def _keep_house(ledger: Ledger) -> None:
    """Blank classes, execute a retention, make one file of many, and copy the files elsewhere."""
    retention.execute(ledger, NOON + 9 * DAY, 365, class_days=1)
    ledger.seal(NOON + 9 * DAY, everything=True)
    publish(ledger.layout, ledger.chain, Storage(str(ledger.layout.directory.with_name("e"))))


def _copy(directory: Path, to: Path) -> None:
    """Copy the ledger in a process of its own, to its end."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            with Reader.open(directory) as reader:
                backup.make(reader, to, keep_days=9, by="d", now=NOON)
            code = 0
        finally:
            if code:
                traceback.print_exc()
            os._exit(code)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
        raise RuntimeError("the ledger was not copied")


def run(directory: Path, trials: int, seed: int) -> dict[str, object]:
    """Kill some or all of the writers at a random moment, so many times; return what was lost, torn or wrong."""
    rng, started, killed = random.Random(seed), 0, 0
    writers: list[Writer] = []
    acknowledged: dict[str, tuple[int, int]] = {}
    copied: dict[str, int] = {}
    for trial in range(trials):
        while len(writers) < WRITERS:
            writers.append(Writer(directory, started))
            started += 1
        for one in writers:
            one.begun()
        if trial == 1:
            copied = {one.name: one.so_far() for one in writers}
            _copy(directory, directory.with_name("copy"))
        time.sleep(rng.uniform(0, 0.2))
        for one in rng.sample(writers, rng.randint(1, WRITERS)):
            acknowledged[one.name] = one.end(signal.SIGKILL), one.batch
            writers.remove(one)
            killed += 1
    for one in writers:
        acknowledged[one.name] = one.end(signal.SIGTERM), one.batch
    return {
        "killed": killed,
        "not_copied": _not_copied(directory, copied),
        **_found(directory, acknowledged),
    }


def _not_copied(directory: Path, copied: dict[str, int]) -> int:
    """Restore the copy; return how many rows it lacks or doubles that were acknowledged before it was begun."""
    keys = read_key_file(directory.with_name(f"{directory.name}.key"))
    fresh = directory.with_name("fresh")
    backup.restore(directory.with_name("copy"), fresh, keys, newer=None, by="d", now=NOON)
    with Reader.open(fresh, directory.with_name(f"{directory.name}.key")) as reader:
        rows = Counter(row.subject for row in reader.rows() if row.subject)
    wanted = [f"{name}-{n}" for name, end in copied.items() for n in range(end)]
    return sum(rows[name] != 1 for name in wanted) + sum(times > 1 for times in rows.values())


def _found(directory: Path, acknowledged: dict[str, tuple[int, int]]) -> dict[str, object]:
    Ledger.open(directory).close()
    with Reader.open(directory) as reader:
        rows = Counter(row.subject for row in reader.rows() if row.subject)
        unclean = sum(
            one["kind"] == "abandoned" or one.get("clean") is False for one in reader.log()
        )
        gaps, problems = len(reader.unobserved()), reader.verify()
    count = Counter(name.partition("-")[0] for name in rows)
    wanted = [f"{name}-{n}" for name, (end, _) in acknowledged.items() for n in range(end)]
    return {
        "acknowledged": len(wanted),
        "lost": sum(rows[name] == 0 for name in wanted),
        "doubled": sum(times > 1 for times in rows.values()),
        "torn": [name for name, (_, batch) in acknowledged.items() if count[name] % batch],
        "unclean": unclean,
        "gaps": gaps,
        "problems": problems,
    }


if __name__ == "__main__":
    print(json.dumps(run(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
