"""The agent over a socket: every question gets every variable, and broken frames end their connection alone."""

from __future__ import annotations

import socket
import subprocess
from ipaddress import ip_address

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.gate.gate_support import wait_for
from tests.gate.process_support import GateProcess
from tests.gate.spoe_support import HELLO, HAProxy, SpoeRig, question, variables

from himaya.cli.status import _lines
from himaya.config import loads
from himaya.control import Status as GateStatus
from himaya.core.errors import ConfigError
from himaya.gate.limits import Limits
from himaya.gate.spoe.frames import MAX_FRAME, Frame, Kind, Message, write_messages, write_pairs
from himaya.gate.spoe.listener import check_place
from himaya.gate.spoe.values import Status
from himaya.gate.verdicts import Verdicts

EVERY = {"verdict", "pass", "redact", "reference", "retry_after", "delay"}
STRICTEST = {
    "verdict": "block", "pass": False, "redact": "", "reference": "", "retry_after": 0, "delay": 0,
}  # fmt: skip
ADDRESS = ip_address("203.0.113.9")
TRUSTING = 'trusted_proxies = ["127.0.0.2/32"]\naccount_header = "X-Account"'


@pytest.fixture(name="rig", scope="module")
def _rig():
    with SpoeRig(budget=1000) as rig:
        yield rig


def test_a_handshake_offers_answers_in_any_order(rig):
    """The agent speaks SPOP 2.0, keeps to the smaller frame, and offers pipelining but not async."""
    with rig.haproxy() as asking:
        assert asking.greeted == {
            "version": "2.0", "max-frame-size": 16380, "capabilities": "pipelining",
        }  # fmt: skip
    with rig.haproxy({**HELLO, "max-frame-size": 300}) as asking:
        assert asking.greeted["max-frame-size"] == 300
        asking.send(question("/about" + "x" * 300))
        assert asking.ended() == Status.TOO_BIG


def test_a_health_check_is_greeted_and_closed(rig):
    """HAProxy's check gets its HELLO, and the connection ends without a DISCONNECT."""
    before = rig.counts.get("checks", 0)
    with rig.haproxy({**HELLO, "healthcheck": True}) as asking:
        assert asking.greeted["version"] == "2.0"
        assert asking.sock.recv(1) == b""
    assert rig.counts["checks"] == before + 1


def test_every_answer_has_every_variable():
    """Allow within the budget, block past it, allow elsewhere: six variables each time."""
    with SpoeRig(budget=3, ladder="challenge = false") as rig, rig.haproxy() as asking:
        told = [asking.ask(f"/u/{n}", number=n, src=ADDRESS) for n in range(1, 5)]
        told.append(asking.ask("/about", number=9, src=ADDRESS))
    assert all(set(one) == EVERY for one in told)
    assert [one["verdict"] for one in told] == ["allow"] * 3 + ["block", "allow"]
    assert [one["pass"] for one in told] == [True] * 3 + [False, True]
    assert told[3]["retry_after"] == 300
    assert len({one["reference"] for one in told}) == 5


def test_a_doctor_is_told_of_its_request():
    """A request that the doctor announced is found when it comes through HAProxy, with the address HAProxy sees."""
    mark = "0" * 32
    with SpoeRig(budget=3) as rig, rig.haproxy() as asking:
        probes = rig.authority.probes
        probes.expect(mark, rig.authority.clock())
        asking.ask(f"/about?{mark}", src=ADDRESS)
        told = probes.take(mark)
    assert told is not None
    assert (told.address, told.peer, told.trusted) == (str(ADDRESS), "", True)


def test_challenge_redaction_and_shadow():
    """A challenge does not pass, a redaction passes with its fields, and in shadow everything passes as allowed."""
    with SpoeRig(budget=1) as rig, rig.haproxy() as asking:
        assert asking.ask("/u/1", number=1)["pass"] is True
        told = asking.ask("/u/2", number=2)
        assert (told["verdict"], told["pass"]) == ("challenge", False)
    with SpoeRig(budget=1, ladder="challenge = false") as rig, rig.haproxy() as asking:
        asking.ask("/card/1", number=1)
        told = asking.ask("/card/2", number=2)
        assert (told["verdict"], told["pass"], told["redact"]) == ("redact", True, "name, email")
    with SpoeRig(budget=1, mode="shadow") as rig, rig.haproxy() as asking:
        told = [asking.ask(f"/u/{n}", number=n) for n in range(1, 4)][-1]
        assert (told["verdict"], told["pass"], told["redact"]) == ("allow", True, "")


def test_a_throttled_question_is_answered_late_and_holds_up_nobody():
    """On one connection the second answer comes before the first, which waits; its delay is told."""
    with SpoeRig(budget=100, ladder="throttle_at = 0.01\nthrottle_s = 0.4") as rig:
        with rig.haproxy() as asking:
            asking.send(question("/u/1", number=1, src=ADDRESS), question("/about", number=2))
            first, second = asking.read(), asking.read()
        assert (first.stream, second.stream) == (2, 1)
        told = variables(second)
        assert (told["verdict"], told["pass"], told["delay"]) == ("throttle", True, 400)


def test_too_many_that_wait_are_refused():
    """Past the bound of sleepers a throttled question is refused at once, and says slow down."""
    limits = Limits(sleepers=2, stop_s=1.0)
    with SpoeRig(budget=100, ladder="throttle_at = 0.01\nthrottle_s = 1", limits=limits) as rig:
        with rig.haproxy() as asking:
            asking.send(*(question(f"/u/{n}", number=n, src=ADDRESS) for n in range(1, 5)))
            told = [variables(asking.read()) for _ in range(4)]
        assert [(one["verdict"], one["pass"]) for one in told] == [
            ("throttle", False), ("throttle", False), ("throttle", True), ("throttle", True),
        ]  # fmt: skip


@pytest.mark.parametrize(
    "bad",
    [
        {"method": "GE T"}, {"method": None}, {"method": 7}, {"target": "http://a/u/1"},
        {"target": "*"}, {"target": ""}, {"target": "/u/1 x"}, {"headers": None},
        {"headers": "host: a"}, {"headers": "host: a\r\n"}, {"headers": b"host: a\r\n\r\n"},
        {"src": "203.0.113.9"}, {"src": 7}, {"name": "other"},
    ],
)  # fmt: skip
def test_a_question_that_cannot_be_understood_gets_the_strictest(rig, bad):
    """What lacks method, path, headers or address is blocked, with every variable, and the connection goes on."""
    with rig.haproxy() as asking:
        asking.send(question(**{"target": "/about", **bad}))
        assert variables(asking.read()) == STRICTEST
        assert asking.ask("/about", number=2)["pass"] is True


def test_two_questions_in_one_frame_get_the_strictest(rig):
    """A frame with no message, or with two, is answered once, by block."""
    with rig.haproxy() as asking:
        for count in (0, 2):
            asking.send(Frame(Kind.NOTIFY, 1, 1, write_messages([Message("himaya", {})] * count)))
            assert variables(asking.read()) == STRICTEST


def asked_as(rig, *lines, target="/u/1", **args):
    """Return the request that the engine was shown for one question."""
    seen = []
    decide = rig.authority.decide
    rig.authority.decide = lambda request, **more: seen.append(request) or decide(request, **more)
    try:
        with rig.haproxy() as asking:
            asking.ask(target, *lines, **args)
    finally:
        rig.authority.decide = decide
    return seen[0]


def test_what_the_engine_sees_of_a_question(rig):
    """Method, target, host, agent, address and id arrive as HAProxy told them."""
    request = asked_as(
        rig,
        "user-agent: Mozilla/5.0",
        target="/u/%C3%A9?q=1",
        number=77,
        src=ADDRESS,
        method="POST",
    )
    assert (request.id, request.method, request.target) == (
        "request-000077",
        "POST",
        "/u/%C3%A9?q=1",
    )
    assert (request.host, request.agent) == ("example.org", "Mozilla/5.0")
    assert (request.actor.address, request.sees_body) == ("203.0.113.9", False)


def test_headers_that_speak_for_others_are_believed_from_trusted_proxies_only():
    """A visitor's X-Forwarded-For and account header count for nothing; those of a trusted proxy do."""
    lines = ("x-forwarded-for: 198.51.100.7", "x-account: boss")
    with SpoeRig(actor=TRUSTING) as rig:
        lying = asked_as(rig, *lines, src=ADDRESS).actor
        assert (lying.address, lying.account) == ("203.0.113.9", "")
        told = asked_as(rig, *lines, src=ip_address("127.0.0.2"), number=2).actor
        assert (told.address, told.account) == ("198.51.100.7", "boss")


def test_haproxys_own_words_are_believed():
    """Account, tier, class and network number as arguments of the message count before what headers say."""
    with SpoeRig(actor=TRUSTING) as rig:
        words = {"account": "u7", "tier": "gold", "fingerprint": "ja3", "asn": "AS64500"}
        told = asked_as(rig, "x-account: boss", src=ADDRESS, **words).actor
        assert (told.account, told.tier, told.asn) == ("u7", "gold", 64500)
        other = asked_as(rig, src=ADDRESS, number=2, **{**words, "fingerprint": "ja4"}).actor
        assert told.fingerprint != other.fingerprint
        assert "ja3" not in told.fingerprint


def test_an_id_that_is_none_is_replaced(rig):
    """A question without a usable id gets one of the gate's own."""
    for bad in (None, "", "short", "x" * 129, "with space", 7):
        assert asked_as(rig, id=bad).id not in {"", bad}


# ends ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frame", "status"),
    [
        (Frame(Kind.HAPROXY_HELLO, 0, 0, write_pairs(HELLO)), Status.INVALID),
        (Frame(Kind.NOTIFY, 1, 1, b"\x01"), Status.INVALID),
        (Frame(Kind.NOTIFY, 1, 1, b"\x01a\x01\x01b\x0f"), Status.INVALID),
        (Frame(Kind.NOTIFY, 1, 1, b"\xff" * 40), Status.INVALID),
        (Frame(Kind.HAPROXY_DISCONNECT, 0, 0, write_pairs({"status-code": 0, "message": ""})), 0),
    ],
)
def test_a_frame_no_haproxy_sends_ends_its_connection_alone(rig, frame, status):
    """It is told the status, it is counted, and a neighbour goes on asking."""
    before = rig.counts.get("broken", 0)
    with rig.haproxy() as neighbour, rig.haproxy() as asking:
        asking.send(frame)
        assert asking.ended() == status
        assert neighbour.ask("/about")["pass"] is True
    assert rig.counts.get("broken", 0) == before + bool(status)


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ((MAX_FRAME + 1).to_bytes(4, "big"), Status.TOO_BIG),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", Status.TOO_BIG),
        (b"\0\0\0\1x", Status.INVALID),
        (b"\0\0\0\x08\3\0\0\0\1\1\1\0", Status.INVALID),
        (b"\0\0\0\x08\1\0\0\0\0\0\0\0", Status.FRAGMENTED),
    ],
)
def test_a_connection_that_does_not_begin_with_a_hello_is_ended(rig, data, status):
    """Bytes that are no HELLO, of another protocol or a fragment, end the connection with their status."""
    with rig.haproxy(None) as asking:
        asking.sock.sendall(data)
        assert asking.ended() == status


def test_a_handshake_that_lacks_something_is_told_what(rig):
    """A HELLO of another version is refused with the status for it, and counted under it."""
    with rig.haproxy(None) as asking:
        told = {**HELLO, "supported-versions": "3.0"}
        asking.send(Frame(Kind.HAPROXY_HELLO, 0, 0, write_pairs(told)))
        assert asking.ended() == Status.BAD_VERSION
    assert rig.counts["broken_bad_version"] >= 1


@given(st.binary(min_size=1, max_size=300), st.booleans())
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_hostile_bytes_leave_the_agent_as_it_was(rig, data, greeted):
    """Whatever is sent, before or after the handshake, a neighbour is answered."""
    with rig.haproxy(HELLO if greeted else None) as asking:
        asking.sock.sendall(data)
    with rig.haproxy() as neighbour:
        assert neighbour.ask("/about")["pass"] is True


def test_whoever_takes_too_long_is_ended(monkeypatch):
    """No HELLO, half a frame, and a quiet connection each end with the status of a timeout."""
    monkeypatch.setattr("himaya.gate.spoe.agent.HELLO_S", 0.3)
    with SpoeRig(limits=Limits(idle_s=0.6, stop_s=1.0)) as rig:
        with rig.haproxy(None) as silent, rig.haproxy() as half, rig.haproxy() as idle:
            half.sock.sendall(b"\0\0\1")
            assert {silent.ended(), half.ended(), idle.ended()} == {Status.TIMEOUT}
        assert (rig.counts["broken_timeout"], rig.counts["idle"]) == (2, 1)


def test_connections_are_bounded():
    """The third of two connections is told that there is no room; the others go on."""
    limits = Limits(connections=2, stop_s=1.0)
    with SpoeRig(limits=limits) as rig, rig.haproxy() as first, rig.haproxy() as second:
        with rig.haproxy(None) as third:
            assert third.ended() == Status.NO_ROOM
        assert first.ask("/about")["pass"] is second.ask("/about")["pass"] is True


def test_answers_that_nobody_takes_stop_the_reading(monkeypatch, tmp_path):
    """A peer that asks and never reads is held back, and ended after a while; memory stays bounded."""
    monkeypatch.setattr("himaya.gate.spoe.agent._SEND_S", 0.5)
    monkeypatch.setattr(SpoeRig, "listen", f"unix:{tmp_path}/s")
    with SpoeRig(budget=10**6) as rig, socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(60)
        sock.connect(f"{tmp_path}/s")
        asking = HAProxy(sock)
        many = [question("/about", number=n) for n in range(200)] * 50
        with pytest.raises(ConnectionError):
            asking.send(*many, *many)
        wait_for(lambda: not rig.listener.connections)
        assert rig.counts["questions"] < 20_000


def test_a_stop_says_goodbye_after_the_last_answer():
    """A gate that ends answers what waits, then says that it ends."""
    ladder = "throttle_at = 0.01\nthrottle_s = 0.3"
    with SpoeRig(ladder=ladder, budget=100) as rig, rig.haproxy() as idle, rig.haproxy() as asking:
        asking.send(question("/u/1", src=ADDRESS))
        wait_for(lambda: rig.counts.get("questions"))
        rig.stop()
        assert variables(asking.read())["verdict"] == "throttle"
        assert (asking.ended(), idle.ended()) == (Status.NORMAL, Status.NORMAL)


def test_an_agent_that_fails_tells_it_and_stays(rig, monkeypatch, caplog):
    """An error of our own ends one connection with an unknown error; HAProxy then passes or refuses as configured."""
    monkeypatch.setattr("himaya.gate.spoe.agent.asker_of", lambda *_: 1 // 0)
    with rig.haproxy() as asking:
        asking.send(question("/about"))
        assert asking.ended() == Status.UNKNOWN
    assert "ZeroDivisionError" in caplog.text


def test_a_held_question_that_fails_ends_its_connection(monkeypatch, caplog):
    """An error of our own while a question waits is logged, and HAProxy does not wait for its answer."""

    async def fails(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(Verdicts, "slow_down", fails)
    ladder = "throttle_at = 0.01\nthrottle_s = 0.1"
    with SpoeRig(budget=100, ladder=ladder) as rig, rig.haproxy() as asking:
        asking.send(question("/u/1", src=ADDRESS))
        assert asking.ended() == Status.UNKNOWN
    assert "ZeroDivisionError" in caplog.text


# who may ask --------------------------------------------------------------------------------------


@pytest.mark.parametrize("listen", ["0.0.0.0:8391", ":8391", "10.0.0.5:8391", "[::]:8391", "h:1"])
def test_a_port_that_others_can_reach_is_refused(listen):
    """Without named networks only loopback and Unix sockets may be listened at."""
    with pytest.raises(ConfigError, match="SPOE has no secret") as told:
        check_place(listen, (), "himaya.toml")
    assert told.value.key == "gate.spoe_listen"
    check_place(listen, ("10.0.0.7/32",))


@pytest.mark.parametrize("listen", ["unix:/x/y", "127.0.0.1:1", "[::1]:1", "localhost:1"])
def test_loopback_and_unix_sockets_need_no_networks(listen):
    """What only this machine reaches is taken as it is."""
    check_place(listen, ())


def test_only_named_networks_are_let_in(rig):
    """Loopback and the named networks may ask, in both families; nobody else."""
    with SpoeRig(networks=("10.0.0.7/32", "2001:db8::/64")) as named:
        inside = ("", "127.0.0.1", "::1", "10.0.0.7", "2001:db8::5", "::ffff:10.0.0.7")
        assert all(map(named.listener.lets_in, inside))
        outside = ("10.0.0.8", "2001:db9::5", "::ffff:10.0.0.8", "nonsense")
        assert not any(map(named.listener.lets_in, outside))
    rig.listener.lets_in, before = lambda _: False, rig.listener.lets_in
    try:
        with rig.haproxy(None) as asking:
            assert asking.ended() == Status.UNKNOWN
    finally:
        rig.listener.lets_in = before


def gate_of(tmp_path, more, mode="authority"):
    """Run `himaya gate` with further lines in [gate]; return its exit code and what it said."""
    gate = GateProcess(tmp_path, door=mode, more=more)
    done = subprocess.run(gate.command(), capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stderr


def test_the_command_refuses_what_makes_no_sense(tmp_path):
    """An open port, a proxy that is to be asked, a network that is none: exit code 2 and a sentence with the key."""
    listen = 'spoe_listen = "0.0.0.0:8391"'
    code, said = gate_of(tmp_path, f'listen = "unix:{tmp_path}/a.sock"\n{listen}')
    assert (code, "gate.spoe_listen" in said, "Traceback" in said) == (2, True, False)
    code, said = gate_of(tmp_path, 'spoe_listen = "127.0.0.1:8391"', "proxy")
    assert (code, "--mode authority" in said) == (2, True)
    with pytest.raises(ConfigError, match="expected a network") as told:
        loads('[gate]\nspoe_from = ["10.0.0.7/8"]')
    assert told.value.key.startswith("gate.spoe_from")


def test_status_shows_what_the_agent_counted():
    """The line `spoe` names every count in plain words, and is not there without HAProxy."""
    assert "spoe        2 broken, 2 broken too big, 7 questions" in _lines(
        GateStatus(spoe={"questions": 7, "broken": 2, "broken_too_big": 2})
    )
    assert not [line for line in _lines(GateStatus()) if line.startswith("spoe")]
