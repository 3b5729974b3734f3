"""How fast several processes write one ledger: rows a second that are durable, and the longest wait for that.

Run as `python -m tools.bench.ledger_writing --writers 3 --seconds 10`. Each writer is a process of its own with its own
share of the actors; the people they are shown are the same for all, and some much more often than others (Zipf). Of
four exchanges three are profiles and one is a listing of ten, so an exchange makes 3.25 rows. Actors and people are
known to the ledger before the clock runs; every thirtieth exchange comes in a new session. What is disclosed is made
beforehand, but for its time and session: making it is no part of the ledger's work.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from itertools import accumulate
from pathlib import Path
from typing import Any

import msgspec
from tools.bench.results import Row, figure

from himaya.core.actor import Actor
from himaya.core.disclosure import Certainty, Disclosures, Shown
from himaya.ledger import Ledger
from himaya.ledger.batch import rows_of
from himaya.ledger.reader import Reader

ROOT = Path(__file__).resolve().parents[2]
PEOPLE, ACTORS, POOL, SESSION = 200_000, 20_000, 40_000, 30
#: Between two flushes of a writer, in seconds.
FLUSH_S = 0.25
_FIELDS = (("name",), ("name", "photo"), ("email", "name", "phone"))


#: Rows a second of all writers together: the goal, and what they are asked for to show it.
_GOAL, _ASKED = 50_000, 55_000


class Figures(msgspec.Struct, frozen=True):
    """What several writers did together: rows a second, the longest wait (seconds) until rows were durable, bytes."""

    writers: int
    rows: int
    seconds: float
    rows_per_s: float
    worst_s: float
    live_bytes: int
    rows_per_cpu_s: float


def measure(
    writers: int = 3, seconds: float = 10.0, *, rate: float = 0.0, folder: Path | None = None
) -> Figures:
    """Let so many processes write one new ledger for so many seconds.

    `rate`: rows a second of all together, 0: as fast as they can. `folder`: where the ledger is made, so that the disk
    can be chosen. Every row that was acknowledged is counted again
    by a reader; RuntimeError when one is missing.
    """
    with tempfile.TemporaryDirectory(dir=folder) as place:
        directory = Path(place) / "ledger"
        Ledger.open(directory).close()
        told = _run(directory, writers, ["--seconds", str(seconds), "--rate", str(rate / writers)])
        rows = sum(one["rows"] for one in told)
        with Reader.open(directory) as reader:
            found = reader.status(time.time())["rows"]
        kept = rows + sum(one["known"] for one in told)
        if found != kept:
            raise RuntimeError(f"{kept} rows were acknowledged, and {found} are there")
    spent = max(one["end"] for one in told) - min(one["start"] for one in told)
    worst = max(one["worst"] for one in told)
    size, cpu = sum(one["bytes"] for one in told), sum(one["cpu"] for one in told)
    return Figures(writers, rows, spent, rows / spent, worst, size, rows / cpu)


def writing_rows(seconds: float) -> list[Row]:
    """Return what two and three processes write together: as fast as they can, and at a little more than the goal."""
    rows = []
    for writers in (2, 3):
        free = measure(writers, seconds)
        said = f"{figure(free.rows_per_cpu_s)} rows a second of processor time; worst wait {free.worst_s:.2f} s"
        rows.append(
            Row(f"{writers} writers, as fast as they can", free.rows_per_s, "rows/s", detail=said)
        )
    paced = measure(2, seconds, rate=_ASKED)
    return [
        *rows,
        Row(
            f"2 writers, asked for {_ASKED:,} rows/s",
            paced.rows_per_s,
            "rows/s",
            f">= {_GOAL:,}",
            paced.rows_per_s >= _GOAL,
        ),
        Row("from append to durable, at worst", paced.worst_s, "s", "<= 1", paced.worst_s <= 1),
    ]


def _run(directory: Path, writers: int, more: list[str]) -> list[dict[str, Any]]:
    """Start the writers, let them begin together, and return what each says."""
    words = [sys.executable, "-m", "tools.bench.ledger_writing", "--ledger", str(directory)]
    children = [
        subprocess.Popen(
            [*words, "--worker", str(number), *more],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            text=True,
        )
        for number in range(writers)
    ]
    for child in children:
        assert child.stdout is not None  # noqa: S101  (for the types)
        child.stdout.readline()
    for child in children:
        assert child.stdin is not None  # noqa: S101
        child.stdin.write("go\n")
        child.stdin.flush()
    return [json.loads(child.communicate()[0]) for child in children]


def disclosures(seed: int) -> list[Disclosures]:
    """Return what one writer discloses, again and again."""
    draw = random.Random(seed)
    weights = list(accumulate(1 / rank for rank in range(1, PEOPLE + 1)))
    people = draw.choices(range(PEOPLE), cum_weights=weights, k=POOL * 4)
    return [
        _exchange(draw, seed, [people.pop() for _ in range(1 if n % 4 else 10)])
        for n in range(POOL)
    ]


def _exchange(draw: random.Random, seed: int, people: list[int]) -> Disclosures:
    number = draw.randrange(ACTORS)
    actor = Actor(
        address=f"198.{18 + seed}.{number % 256}.{number // 256 % 256}",
        account=f"account-{seed}-{number}",
        session=f"session-{seed}-{number}",
        asn=64_500 + number % 20,
        fingerprint=f"{number % 200:016x}",
        tier="member",
        account_created=1.6e9 + number,
    )
    fields = _FIELDS[number % 3]
    shown = tuple(Shown(f"person-{one}", fields, Certainty.SERVED) for one in people)
    kind = "profile" if len(people) == 1 else "listing"
    return Disclosures(0.0, kind, kind, actor, "account", 200, shown, policy="0123456789abcdef")


def work(directory: Path, seed: int, seconds: float, rate: float = 0.0) -> dict[str, float]:
    """Write for so many seconds; return rows, times, and the longest wait from first append to end of flush."""
    pool, rows, worst, count = disclosures(seed), 0, 0.0, 0
    with Ledger.open(directory) as ledger:
        known = sum(map(rows_of, pool))
        for one in pool:
            ledger.append(one)
        ledger.flush()
        print("ready", flush=True)
        sys.stdin.readline()
        start, used = time.time(), time.process_time()
        while (began := time.time()) < start + seconds:
            while time.time() < began + FLUSH_S:
                if _is_ahead(rows, rate, start):
                    time.sleep(0.005)
                    continue
                for one in _next(pool, count):
                    ledger.append(one)
                    rows += len(one.shown)
                count += 1
            ledger.flush()
            worst = max(worst, time.time() - began)
        end, cpu = time.time(), time.process_time() - used
        own = (directory / "live").glob(f"{ledger.slot.number:02d}-*.arrow")
        size = sum(path.stat().st_size for path in own) * rows // (rows + known)
    told = {"rows": rows, "known": known, "start": start, "end": end, "worst": worst, "cpu": cpu}
    return {**told, "bytes": size}


def _is_ahead(rows: int, rate: float, start: float) -> bool:
    """Tell whether so many rows since `start` are more than the rate asks for."""
    return rate > 0 and rows > rate * (time.time() - start)


def _next(pool: list[Disclosures], count: int) -> list[Disclosures]:
    """Return a hundred exchanges of now; every thirtieth comes in a session that is new."""
    now, first = time.time(), count * 100 % len(pool)
    fresh = 1 + count * 100 // len(pool)
    made = []
    for place, one in enumerate(pool[first : first + 100]):
        actor = one.actor
        if not place % SESSION:
            actor = msgspec.structs.replace(actor, session=f"{actor.session}-{fresh}")
        made.append(msgspec.structs.replace(one, at=now, actor=actor))
    return made


def main() -> None:
    """Print the figures, or be one of the writers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--writers", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rate", type=float, default=0.0)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--ledger", type=Path)
    parser.add_argument("--worker", type=int)
    asked = parser.parse_args()
    if asked.worker is not None:
        print(json.dumps(work(asked.ledger, asked.worker, asked.seconds, asked.rate)))
        return
    found = measure(asked.writers, asked.seconds, rate=asked.rate, folder=asked.folder)
    print(json.dumps(msgspec.to_builtins(found), indent=2))


if __name__ == "__main__":
    main()
