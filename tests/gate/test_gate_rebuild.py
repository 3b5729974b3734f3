"""After a restart the windows hold what they held: rebuilt from the ledger they decide alike."""

import random
import shutil
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.gate.gate_support import config_text
from tests.ledger.crew import crew
from tests.ledger.making import disclosed, write

from himaya.bootstrap.parts import rebuild
from himaya.config import loads
from himaya.core.actor import Actor
from himaya.core.effect import RecordDisclosures
from himaya.core.engine import Engine
from himaya.core.exchange import Exchange, Person, Request
from himaya.ledger import Ledger
from himaya.ledger.operators.periods import seal_periods
from himaya.ledger.reader import Reader

TARGETS = ("/u/{}", "/list", "/told", "/find")
NAMES = (
    "account:a0",
    "account:a1",
    "account:a2",
    "address:192.0.2.0",
    "address:192.0.2.1",
    "prefix:192.0.2.0/24",
)


def traffic(seed, start):
    """Yield exchanges of five days with their times: profiles, lists, look-ups found and missed, unread bodies."""
    rng = random.Random(seed)
    at = start
    for n in range(60):
        at += rng.choice([0.0, 1.0, 400.0, 5000.0, 20_000.0])
        actor = Actor(
            address=f"192.0.2.{rng.randrange(2)}", account=rng.choice(["", "a0", "a1", "a2"])
        )
        target = rng.choice(TARGETS).format(f"p{rng.randrange(40)}")
        people = None if target.startswith("/u") or rng.random() < 0.2 else tuple(
            Person(f"p{rng.randrange(40)}") for _ in range(rng.randrange(4))
        )  # fmt: skip
        status = rng.choice([200, 200, 200, 404])
        yield (
            Exchange(
                Request(f"r{n}", actor, target), status, people=people, sent=9, source="proxy"
            ),
            at,
        )


@settings(max_examples=max(15, settings().max_examples // 20))
@given(st.integers(0, 10_000))
def test_rebuilt_windows_equal_the_windows_before(seed):
    """Whatever was recorded, an engine filled from the ledger counts the same people for every principal."""
    policy = loads(config_text(budget=1000)).policy()
    before, after = Engine(policy), Engine(policy)
    folder = Path(tempfile.mkdtemp())
    start = time.time() - 6 * 86400
    at = start
    try:
        with Ledger.open(folder / "ledger") as ledger:
            for exchange, at in traffic(seed, start):
                for effect in before.record(exchange, at):
                    if isinstance(effect, RecordDisclosures):
                        ledger.append(effect.disclosures)
        with Reader.open(folder / "ledger") as reader:
            rebuild(after.recall, reader, time.time())
    finally:
        shutil.rmtree(folder)
    for engine in (before, after):
        engine.expire(at + 1)
    assert {name: after.people_of(name) for name in NAMES} == {
        name: before.people_of(name) for name in NAMES
    }
    shown = [[(one.cohort, one.people) for one in engine.classes()] for engine in (before, after)]
    assert shown[0] == shown[1]


def _counted(directory: Path, text: str, now: float, window: int) -> list[float]:
    """Return how many people a gate that starts now counts in an hour (0), day (1) or month (2), by principal."""
    engine = Engine(loads(text).policy())
    with Reader.open(directory) as reader:
        rebuild(engine.recall, reader, now)
    engine.expire(now)
    return [engine.people_of(name)[window] for name in ("account:u1", "address:203.0.113.9")]


@pytest.mark.parametrize(("window", "at"), [("day", 0.0), ("day", 86_399.0), ("month", 0.0)])
def test_sealing_leaves_the_longest_window_whole(tmp_path, window, at):
    """What is sealed to operators takes nothing from the longest window of a budget, at whatever hour it is done."""
    text = config_text(budget=1000).replace("hour", window)
    now = time.time() // 86400 * 86400 + at
    directory, place = tmp_path / "l", ("hour", "day", "month").index(window)
    reach = 4 if window == "day" else 34
    rows = [disclosed(now - k * 86400 / 2, "u1", f"p{k}") for k in range(reach * 2)]
    write(directory, *rows, clock=lambda: now)
    crew(tmp_path, directory, "owner", "legal")
    before = _counted(directory, text, now, place)
    with Ledger.open(directory, clock=lambda: now) as ledger:
        assert seal_periods(ledger, now, loads(text).open_days).rows > 0
    assert _counted(directory, text, now, place) == before
    assert before[0] > 1
