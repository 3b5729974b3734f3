"""What a flood can make the doors of a gate hold: every table, queue and bed is driven over its bound."""

import asyncio
import threading
from itertools import islice

import pytest
from tests.core.census import Census
from tests.gate.test_control import Served

from himaya.config import ActorConfig
from himaya.control.aio import AsyncControl
from himaya.control.messages import AskStatus, Reply
from himaya.core.decision import Action, Decision
from himaya.core.errors import ServiceError
from himaya.gate.actor_from import ActorFinder
from himaya.gate.bindings import Bindings
from himaya.gate.sleepers import Sleepers
from himaya.gate.tokens import TokenReader
from himaya.runner import Runner

SECRET = b"the secret of a test, long enough"
HS_KEY = b"a shared secret of 32 bytes or more!"


@pytest.mark.slow
def test_forged_requests_make_no_table_of_a_door_grow_beyond_its_bound():
    """New cookies, keys, tokens, agents and addresses each time, and a binding for each: no table goes on growing."""
    config = ActorConfig(session_cookie="sid", key_header="X-Key", jwt_algorithm="HS256")
    finder = ActorFinder(
        ActorConfig(session_cookie="sid", key_header="X-Key"), SECRET, Bindings(1000)
    )
    finder._tokens = TokenReader(config, HS_KEY, most=1000)
    finder._names.token = b"authorization"
    for n in range(36_000):
        fields = [
            (b"cookie", b"sid=s%d" % n),
            (b"x-key", b"k%d" % n),
            (b"authorization", b"Bearer a.b.%d" % (n // 12)),
            (b"user-agent", b"agent %d" % n),
        ]
        finder.find(fields, f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}", 1000.0)
        finder.learn(fields, [(b"himaya-account", b"u%d" % n)])
    allowed = {
        "Bindings._accounts": 1000,
        "TokenReader._seen": 1000,
        "_trusts()": 16_384,
        "_mark()": 65_536,
        "_salted()": 16_384,
    }
    held = Census(finder)
    # What is known of fields is thrown away when it is full, and begins anew.
    known = {"ActorFinder._known": 36_000 % 8_192}
    assert held.beyond({**allowed, **known}, small=64) == {}
    assert {name: held.items[name] for name in (*allowed, *known)} == {**allowed, **known}


def test_a_flood_of_throttled_requests_finds_few_beds():
    """At most so many wait at a time; the others are told at once, and beds are free again afterwards."""

    async def flood():
        sleepers, slow = Sleepers(most=3), Decision(action=Action.THROTTLE, delay_s=0.05)
        gone = asyncio.ensure_future(sleepers.slow_down(slow))
        others = [asyncio.ensure_future(sleepers.slow_down(slow)) for _ in range(9)]
        await asyncio.sleep(0)
        assert sleepers.waiting == 3
        gone.cancel()
        slept = await asyncio.gather(*others)
        return slept.count(True), slept.count(False), sleepers.waiting

    assert asyncio.run(flood()) == (2, 7, 0)


def test_questions_on_their_way_are_bounded(tmp_path):
    """A door does not pile up questions to an authority that does not keep up: further ones fail at once."""
    hold = threading.Event()

    def slowly(question):
        hold.wait(60)
        return Reply(ok=True)

    async def flood(path):
        control = AsyncControl(path, max_waiting=5, timeout_s=60)
        asked = [asyncio.ensure_future(control.ask(AskStatus())) for _ in range(12)]
        for answered in islice(asyncio.as_completed(asked), 7):
            with pytest.raises(ServiceError, match="does not keep up"):
                await answered
        waiting = len(control._line.waiting)
        hold.set()
        replies = await asyncio.gather(*asked, return_exceptions=True)
        await control.close()
        return waiting, sum(isinstance(one, ServiceError) for one in replies)

    with Served(tmp_path / "h.sock", slowly):
        assert asyncio.run(flood(tmp_path / "h.sock")) == (5, 7)


class _Shelf:
    """A ledger that notes gaps."""

    def __init__(self):
        self.gaps = []

    def append(self, disclosures):
        """Take a row."""

    def note_gap(self, start, end, why, surface="", door=""):
        """Take an unobserved period."""
        self.gaps.append((start, end))

    def flush(self):
        """Make durable."""


def test_unobserved_periods_that_wait_are_bounded_and_none_is_lost():
    """Doors that report gap after gap fill no memory: what finds no room is one period that reaches over all of it."""
    shelf = _Shelf()
    runner = Runner(shelf, max_pending=3)
    for n in range(1000):
        runner.note_gap(10.0 * n, 10.0 * n + 5, "away", f"s{n}")
    assert (runner.pending, runner.gaps) == (3, 1000)
    runner.drain(99_999.0)
    assert shelf.gaps == [(0.0, 5.0), (10.0, 15.0), (20.0, 25.0), (30.0, 9995.0)]
