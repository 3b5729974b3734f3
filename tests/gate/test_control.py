"""The control socket: one question per line, one reply per line, in order, bounded."""

import asyncio
import contextlib
import json
import socket
import stat
import threading
import time

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from himaya.control import AsyncControl, Control, Reply, Switch, SwitchState
from himaya.control.messages import AskStatus, Decide, Question, decode_question, encode
from himaya.control.server import ControlServer
from himaya.core.actor import Actor
from himaya.core.decision import Action, Decision, Reason, Standing
from himaya.core.errors import InputError, ServiceError
from himaya.core.exchange import Exchange, Person, Request, Response

REQUEST = Request(id="r1", actor=Actor(address="192.0.2.1"), target="/u/1")


class Served:
    """A control server in a thread; keeps the questions."""

    def __init__(self, path, answer=None, **bounds):
        self.questions = []
        self._answer = answer or (lambda question: Reply(ok=True))
        self._loop = asyncio.new_event_loop()
        self.server = ControlServer(path, self._take, **bounds)
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _take(self, question):
        self.questions.append(question)
        return self._answer(question)

    def _run(self):
        self._loop.run_until_complete(self.server.start())
        self._loop.call_soon(self._ready.set)
        self._loop.run_forever()
        self._loop.run_until_complete(self.server.stop())
        self._loop.run_until_complete(asyncio.sleep(0.01))
        self._loop.close()

    def __enter__(self):
        self._thread.start()
        assert self._ready.wait(5)
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)


@pytest.fixture(name="path")
def _path(tmp_path):
    return tmp_path / "c.sock"


def raw(path, data):
    """Send bytes; return what comes until the other side closes or is silent."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(1.0)
        sock.connect(str(path))
        with contextlib.suppress(OSError):
            sock.sendall(data)
        parts = []
        with contextlib.suppress(OSError):
            while got := sock.recv(65536):
                parts.append(got)
                if data.count(b"\n") == b"".join(parts).count(b"\n"):
                    break
        return b"".join(parts)


def ask_on(path):
    with Control(path) as control:
        control.on()


def test_every_question_arrives_as_it_was_asked(path):
    """Each call of the client is one question on the other side, equal in every part."""
    with Served(path) as served, Control(path) as control:
        exchange = Exchange(REQUEST, 200, people=(Person("1", ("name",)), Person("2")), sent=9)
        standing = Standing(
            "address:192.0.2.1", Action.BLOCK, 9.0, Reason("r", "address", "hour", 1, 2)
        )
        control.record(exchange, at=5.0)
        control.clear("c1", Actor(account="u1"))
        control.tell([{"account": "u1", "tier": "paid"}])
        control.off("why")
        control.on()
        control.reload()
        control.flush()
        control.stand(standing)
        for ask in (lambda: control.decide(REQUEST), lambda: control.admit(Response("r1", 200))):
            with pytest.raises(ServiceError, match="lacks the answer"):
                ask()
        kinds = [type(question).__name__ for question in served.questions]
    assert kinds == [
        "Record",
        "Clear",
        "Tell",
        "TurnOff",
        "TurnOn",
        "Reload",
        "Flush",
        "Stand",
        "Decide",
        "Admit",
    ]
    assert (served.questions[0].exchange, served.questions[0].at) == (exchange, 5.0)
    assert json.loads(bytes(served.questions[2].facts[0])) == {"account": "u1", "tier": "paid"}
    assert served.questions[7].standing == standing
    assert served.questions[8].request == REQUEST


def test_the_socket_belongs_to_its_owner(path):
    """The socket has mode 0600, and is gone when the server stopped."""
    with Served(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not path.exists()


def test_a_second_authority_is_refused_and_a_dead_ones_socket_is_taken(path):
    """Two authorities never listen at one place; what a killed one left behind does not block the next."""
    with Served(path):
        with pytest.raises(ServiceError, match="already listens"):
            asyncio.run(ControlServer(path, lambda question: Reply(ok=True)).start())
        with Control(path) as control:
            control.flush()
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    with Served(path), Control(path) as control:
        control.flush()


def test_a_path_that_is_too_long_says_so(tmp_path):
    """A path beyond what the system takes is an error that names the bound."""
    with pytest.raises(ServiceError, match="107 bytes"):
        asyncio.run(ControlServer(tmp_path / ("x" * 120), lambda question: Reply(ok=True)).start())


def test_no_authority_is_an_error_that_says_what_to_do(path):
    """Without an authority the client names the socket and the likely reason."""
    with pytest.raises(ServiceError, match=r"no authority at .*c\.sock.*himaya gate"):
        Control(path).status()


def test_many_questions_go_without_waiting(path):
    """Thousands of records on one connection are all taken, in order."""
    with Served(path) as served, Control(path) as control:
        exchanges = [
            (Exchange(msgspec.structs.replace(REQUEST, id=str(n)), 200), float(n))
            for n in range(3000)
        ]
        assert control.record_many(exchanges) == 3000
        assert [question.exchange.request.id for question in served.questions] == [
            str(n) for n in range(3000)
        ]


def test_threads_share_a_client(path):
    """One client serves many threads, each reply to its own question."""
    with (
        Served(path, lambda q: Reply(ok=True, decision=Decision(surface=q.request.id))) as served,
        Control(path) as control,
    ):
        wrong = []

        def work(name):
            for n in range(100):
                request = msgspec.structs.replace(REQUEST, id=f"{name}-{n}")
                if control.decide(request).surface != request.id:
                    wrong.append(request.id)

        threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
        for one in threads:
            one.start()
        for one in threads:
            one.join(20)
        assert wrong == []
        assert len(served.questions) == 800


def test_a_restarted_authority_is_found_again(path):
    """A client outlives a restart of the authority, in both kinds."""

    async def ask(control):
        await control.record(Exchange(REQUEST, 200))

    with Control(path) as control:
        for _ in range(2):
            with Served(path):
                control.flush()
                control.flush()

    async def both():
        control = AsyncControl(path)
        for _ in range(2):
            with Served(path):
                await ask(control)
                await ask(control)
            await asyncio.sleep(0.05)
            with pytest.raises(ServiceError):
                await ask(control)
        await control.close()

    asyncio.run(both())


def test_async_questions_share_one_connection(path):
    """Questions of an event loop go out together and come back in order."""

    async def ask():
        control = AsyncControl(path)
        requests = [msgspec.structs.replace(REQUEST, id=str(n)) for n in range(500)]
        decisions = await asyncio.gather(*(control.decide(one) for one in requests))
        await control.close()
        return [one.surface for one in decisions]

    with Served(path, lambda q: Reply(ok=True, decision=Decision(surface=q.request.id))) as served:
        assert asyncio.run(ask()) == [str(n) for n in range(500)]
        assert len(served.server.clients) <= 1


def test_an_authority_that_hangs_times_out(path):
    """Both clients give up after their time, and say so."""
    release = threading.Event()

    async def answer():
        await asyncio.to_thread(release.wait, 5)
        return Reply(ok=True)

    async def ask():
        control = AsyncControl(path, timeout_s=0.2)
        with pytest.raises(ServiceError, match=r"within 0\.2 s"):
            await control.status()
        await control.close()

    with Served(path, lambda question: answer()):
        asyncio.run(ask())
        with pytest.raises(ServiceError, match="no answer"), Control(path, timeout_s=0.2) as one:
            one.flush()
        release.set()


def test_slow_answers_hold_up_their_own_connection_only(path):
    """A question that takes a disk delays what follows on its connection, in order, and nobody else."""

    async def slow():
        await asyncio.sleep(0.3)
        return Reply(ok=True, told=1)

    def answer(question):
        return slow() if type(question).__name__ == "Flush" else Reply(ok=True)

    with Served(path, answer):
        begun = time.monotonic()
        replies = []
        waiting = threading.Thread(
            target=lambda: replies.append(raw(path, b'{"op":"flush"}\n{"op":"on"}\n'))
        )
        waiting.start()
        ask_on(path)
        assert time.monotonic() - begun < 0.25
        waiting.join(5)
    assert [json.loads(line).get("told", 0) for line in replies[0].splitlines()] == [1, 0]


def test_what_is_no_question_is_answered_with_an_error(path):
    """Broken lines get an error and cost nobody the connection."""
    with Served(path):
        lines = raw(
            path,
            b'nonsense\n{"op":"nothing"}\n\n{"op":"decide"}\n\xff\xfe\n[[[[\n{"op":"on"}\n'.replace(
                b"\n\n", b"\n"
            ),
        )
        replies = [json.loads(line) for line in lines.splitlines()]
    assert [reply["ok"] for reply in replies] == [False, False, False, False, False, True]
    assert all("not a question" in reply["error"] for reply in replies[:-1])


def test_a_line_without_end_is_bounded(path):
    """A line past the bound ends its connection with an error; others go on."""
    with Served(path, max_line=10_000), Control(path) as control:
        assert b"longer than 10000 bytes" in raw(path, b"x" * 50_000)
        assert b"longer than 10000 bytes" in raw(path, b"x" * 20_000 + b"\n")
        control.flush()


def test_clients_are_bounded(path):
    """Past the bound of clients a further one is told so; when one leaves, the next is served."""
    with Served(path, max_clients=2) as served:
        first, second = (socket.socket(socket.AF_UNIX) for _ in range(2))
        for sock in (first, second):
            sock.connect(str(path))
            sock.sendall(b'{"op":"on"}\n')
            assert json.loads(sock.recv(1000))["ok"]
        with pytest.raises(ServiceError):
            ask_on(path)
        first.close()
        deadline = time.monotonic() + 5
        while len(served.server.clients) > 1 and time.monotonic() < deadline:
            time.sleep(0.01)
        ask_on(path)
        second.close()


def test_a_client_that_does_not_read_is_dropped(path):
    """Replies that nobody fetches are bounded: their client is dropped, the others are served meanwhile."""
    with Served(path, lambda q: Reply(ok=True, error="x" * 1000), max_unread=100_000) as served:
        with socket.socket(socket.AF_UNIX) as deaf:
            deaf.connect(str(path))
            deaf.settimeout(5)
            with pytest.raises(OSError):
                deaf.sendall(b'{"op":"on"}\n' * 1_000_000)
        ask_on(path)
        assert served.questions


@given(st.binary(max_size=200))
def test_any_line_is_a_question_or_an_error(line):
    """No bytes make the decoder fail otherwise than by saying that this is no question."""
    try:
        question = decode_question(line)
    except InputError:
        return
    assert isinstance(question, Question)


@pytest.mark.parametrize("question", [AskStatus(), Decide(REQUEST, 1.5)])
def test_questions_survive_the_wire(question):
    """What is encoded decodes to the same."""
    line = encode(question)
    assert line.endswith(b"\n")
    assert decode_question(line[:-1]) == question


def test_switch_is_seen_by_others_and_survives(tmp_path):
    """The state file is written as a whole, read when it changed, and missing means on."""
    mine, theirs = (Switch.beside(tmp_path / "c.sock") for _ in range(2))
    assert mine.read() == SwitchState()
    mine.write(SwitchState(off=True, since=5.0, why="disk"))
    assert theirs.read() == SwitchState(off=True, since=5.0, why="disk")
    assert stat.S_IMODE(theirs.path.stat().st_mode) == 0o600
    mine.write(SwitchState())
    assert theirs.read() == SwitchState()


def test_a_damaged_switch_is_an_error_not_a_guess(tmp_path):
    """A state file that cannot be read is an error that names it."""
    switch = Switch.beside(tmp_path / "c.sock")
    switch.path.write_text("{")
    with pytest.raises(ServiceError, match=r"c\.sock\.state"):
        switch.read()
