"""A process that dies at any step of sealing or retention loses nothing and doubles nothing."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from tests.ledger.making import DAY, NOON, disclosed, who, write

from himaya.ledger import Ledger, holds
from himaya.ledger.reader import Reader

#: For n = 1, 2, ...: forks a process that runs a task on ledger n and dies at its n-th call that changes a file.
#: Ends with the first that lives.
_DIES = """
import os, shutil, sys
from pathlib import Path
from himaya.ledger import Ledger, retention
from tests.ledger.making import DAY, NOON
base, task = Path(sys.argv[1]), sys.argv[2]

def run(directory, left):
    calls = [0]
    def dying(name):
        real = getattr(os, name)
        def call(*args, **more):
            calls[0] += 1
            if calls[0] == left:
                os._exit(77)
            return real(*args, **more)
        setattr(os, name, call)
    ledger = Ledger.open(directory, clock=lambda: NOON + 2 * DAY)
    for name in ("write", "fsync", "fdatasync", "unlink", "replace", "ftruncate"):
        dying(name)
    if task == "seal":
        ledger.seal(NOON + 2 * DAY, everything=True)
    else:
        retention.execute(ledger, NOON + 33 * DAY)
    os._exit(0)

for left in range(1, 200):
    directory = base / f"l{left}"
    shutil.copytree(base / "l", directory)
    shutil.copy(base / "l.key", base / f"l{left}.key")
    child = os.fork()
    if child == 0:
        run(directory, left)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(code)
    if code != 77:
        break
"""


def _subjects(directory: Path) -> Counter[str]:
    """Return how often each subject is in the ledger."""
    with Reader.open(directory) as reader:
        return Counter(row.subject for row in reader.rows() if row.subject)


def _sound(directory: Path) -> Counter[str]:
    """Return the same of a ledger that verification finds nothing wrong with."""
    with Reader.open(directory) as reader:
        assert reader.verify() == []
        return Counter(row.subject for row in reader.rows() if row.subject)


def _die_everywhere(base: Path, root: Path, task: str) -> list[tuple[Counter, Counter]]:
    """Die at every step in turn; return the rows seen after the crash and after the next opening."""
    done = subprocess.run(
        [sys.executable, "-c", _DIES, str(base), task],
        capture_output=True,
        text=True,
        check=True,
        cwd=root,
    )
    *deaths, last = done.stdout.split()
    assert (set(deaths), last) == ({"77"}, "0"), done.stderr
    found = []
    for left in range(1, len(deaths) + 1):
        directory = base / f"l{left}"
        crashed = _subjects(directory)
        Ledger.open(directory, clock=lambda: NOON + 2 * DAY).close()
        found.append((crashed, _sound(directory)))
    return found


def _fill(directory: Path) -> None:
    """Eight small files of one day, and segments of two days that wait."""
    for number in range(8):
        write(directory, disclosed(NOON, "u1", f"s{number}"), clock=lambda: NOON)
    items = [disclosed(NOON + n * DAY / 2, "u1", f"p{n}") for n in range(4)]
    ledger = write(directory, *items, close=False, clock=lambda: NOON)
    os.close(ledger.slot.handle)


@pytest.mark.timeout(900)  # some forty processes, one after another
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_death_at_any_step_of_sealing(tmp_path: Path, root: Path):
    """Wherever sealing and merging break off, readers see every row once, then and later."""
    whole = Counter([f"s{n}" for n in range(8)] + [f"p{n}" for n in range(4)])
    _fill(tmp_path / "l")
    found = _die_everywhere(tmp_path, root, "seal")
    assert len(found) > 15
    assert [rows for pair in found for rows in pair if rows != whole] == []


def _fill_old(directory: Path) -> None:
    """One day that is over, with a held person, and one that is not."""
    items = [disclosed(NOON, "u1", "old1", "old2"), disclosed(NOON + 9 * DAY, "u1", "new")]
    write(directory, *items, clock=lambda: NOON)
    with Reader.open(directory) as reader:
        until = int((NOON + 99 * DAY) * 1e6)
        about = reader.subject("old2")
        holds.place(reader, about, basis="b", by="d", until=until, now=NOON)


@pytest.mark.timeout(900)
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_death_at_any_step_of_retention(tmp_path: Path, root: Path):
    """Wherever retention breaks off, what is held or young is there once, and no row twice."""
    _fill_old(tmp_path / "l")
    for crashed, later in _die_everywhere(tmp_path, root, "expire"):
        for rows in (crashed, later):
            assert rows - Counter(["old1"]) == Counter(["old2", "new"])
            assert rows["old1"] <= 1


#: Writes as fast as it can and prints how many rows are acknowledged after every flush.
_LOAD = """
import sys
from pathlib import Path
from himaya.ledger import Ledger, holds
from tests.ledger.making import NOON, disclosed
ledger = Ledger.open(Path(sys.argv[1]))
start = int(sys.argv[2])
for number in range(start, start + 10**9):
    ledger.append(disclosed(NOON + number / 50, f"u{number % 50}", f"p{number}"))
    if number % 400 == 399:
        ledger.flush()
        print(number + 1, flush=True)
    if number % 4000 == 3999:
        ledger.seal(NOON + number, everything=True)
"""


def _kill_under_load(directory: Path, root: Path, start: int, after_s: float) -> int:
    """Let a writer run, kill it, and return the last number it acknowledged."""
    command = [sys.executable, "-c", _LOAD, str(directory), str(start)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        said = process.stdout.readline()
        time.sleep(after_s)
        process.send_signal(signal.SIGKILL)
        said += process.stdout.read()
    return int(said.rpartition("\n")[0].split()[-1])


#: How often a writer is killed; `make soak` does it more often.
KILLS = 20 if os.environ.get("HIMAYA_SOAK") == "1" else 8


@pytest.mark.slow
def test_killed_again_and_again_under_load(tmp_path: Path, root: Path):
    """Killed at random moments: all acknowledged rows are there, once, and the chain verifies."""
    directory, rng, acknowledged = tmp_path / "l", random.Random(20), []
    start = 0
    for _ in range(KILLS):
        end = _kill_under_load(directory, root, start, rng.uniform(0, 0.25))
        acknowledged.append((start, end))
        start = end + 10_000
    Ledger.open(directory).close()
    rows = _sound(directory)
    missing = [n for a, b in acknowledged for n in range(a, b) if rows[f"p{n}"] != 1]
    assert missing == []
    assert set(rows.values()) == {1}
    with Reader.open(directory) as reader:
        assert len(reader.unobserved()) >= KILLS
        unclean = [
            one for one in reader.log() if one["kind"] == "opened" and one.get("clean") is False
        ]
        assert len(unclean) == KILLS
    assert who(directory, "account:u7").people == sum(name % 50 == 7 for name in map(_number, rows))


def _number(name: str) -> int:
    return int(name[1:])
