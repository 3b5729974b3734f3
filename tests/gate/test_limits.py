"""What a hostile client can take of a door: connections, time, bodies; others go on being served, and it is counted."""

import asyncio
import contextlib
import socket
import time

import msgspec
import pytest
from tests.gate.gate_support import (
    Reader,
    Rig,
    Upstream,
    config_text,
    ok,
    read_all,
    wait_for,
)

from himaya.bootstrap.words import say_fixed
from himaya.config import GateConfig, loads
from himaya.gate.clients import Clients, client_of
from himaya.gate.limits import Limits
from himaya.gate.listener import Listener

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.fixture(name="upstream")
def _upstream():
    with Upstream() as upstream:
        yield upstream


def test_one_client_cannot_take_every_connection(upstream):
    """Past its share a client is told 429, then cut; what it holds goes on, and its places come back."""
    limits = Limits(connections=100, per_client=3)
    with Rig(upstream.port, limits=limits) as rig:
        held = [rig.connect() for _ in range(3)]
        wait_for(lambda: len(rig.listener.connections) == 3)
        assert rig.raw(b"").startswith(b"HTTP/1.1 429 ")
        for sock in held:
            sock.sendall(GET)
            assert Reader(sock).answer().status == 200
            sock.close()
        wait_for(lambda: not rig.listener.connections)
        assert rig.get("/").status == 200
        assert rig.listener.ended["429"] == 1
        wait_for(lambda: rig.listener.clients._held == {})


def test_a_flood_of_connections_of_one_client_is_cut(upstream):
    """Hundreds of connections leave the client its share and a few that are told; the rest holds no memory."""
    with Rig(upstream.port, limits=Limits(connections=1000, per_client=5)) as rig:
        socks = []
        for _ in range(200):
            with contextlib.suppress(ConnectionError):
                socks.append(rig.connect())
        wait_for(lambda: rig.listener.taken == 200)
        wait_for(lambda: len(rig.listener.connections) <= 5 + 8)
        assert rig.listener.ended["flood"] >= 200 - 5 - 8 - rig.listener.ended["429"]
        for sock in socks:
            sock.close()


def test_whoever_brings_others_is_not_held_to_one_share():
    """A trusted proxy and a Unix socket are not counted; an IPv6 client is its /64."""
    clients = Clients(1, exempt=lambda peer: peer == "192.0.2.1")
    assert [clients.enter("192.0.2.1"), clients.enter("")] == ["", ""]
    first, second = clients.enter("2001:db8::1"), clients.enter("2001:db8::ffff:2")
    assert first == second == client_of("2001:db8::7")
    assert (clients.excess(first), clients.excess(clients.enter("198.51.100.1"))) == (1, 0)
    clients.leave(first)
    assert clients.excess(second) == 0
    clients.leave(second)
    clients.leave("198.51.100.1")
    assert clients._held == {}


def test_a_body_that_drips_has_no_more_time_than_one_that_stops(upstream):
    """Byte after byte is no sign of life: the upload is given up, and so is the application's connection."""
    with Rig(upstream.port, limits=Limits(body_s=0.5)) as rig, rig.connect() as sock:
        sock.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
        begun = time.monotonic()
        with contextlib.suppress(OSError):
            while time.monotonic() < begun + 30:
                sock.sendall(b"x")
                time.sleep(0.02)
        assert time.monotonic() - begun < 15
        wait_for(lambda: not rig.listener.connections and not rig.pool.connections)
        assert rig.listener.ended["body"] == 1


def test_a_slow_body_that_goes_on_is_let(upstream):
    """An upload that brings its pieces in time takes as long as it needs."""
    upstream.answer = lambda asked, sock: ok(str(len(asked.body)).encode())
    with (
        Rig(upstream.port, limits=Limits(body_s=1.0, body_piece=100)) as rig,
        rig.connect() as sock,
    ):
        sock.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1500\r\n\r\n")
        for _ in range(15):
            time.sleep(0.1)
            sock.sendall(b"x" * 100)
        assert Reader(sock).answer().body == b"1500"


def test_the_time_of_a_body_does_not_run_against_the_answer(upstream):
    """Once an upload is complete, a long answer is not cut by the time that its pieces had."""
    upstream.answer = lambda asked, sock: time.sleep(1.0) or ok(b"late")
    with Rig(upstream.port, limits=Limits(body_s=0.3)) as rig, rig.connect() as sock:
        sock.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na")
        time.sleep(0.1)
        sock.sendall(b"b")
        assert Reader(sock).answer().body == b"late"


def test_a_reader_who_leaves_the_last_answer_lying_is_cut():
    """A kept connection whose last answer is never taken ends after its time, although nothing is asked any more."""

    async def tell():
        async def handle(incoming, out):
            while (
                not out.unsent
            ):  # until the kernels take no more; what is left waits with the door
                out.write(b"x" * 4096)

        listener = Listener(handle, Limits(idle_s=0.2, stop_s=1.0))
        await listener.start("127.0.0.1:0")
        with socket.socket() as sock:
            sock.connect(("127.0.0.1", int(listener.address.rpartition(":")[2])))
            sock.sendall(GET)
            end = time.monotonic() + 20
            while not listener.taken or (listener.connections and time.monotonic() < end):
                await asyncio.sleep(0.02)
                listener.sweep(asyncio.get_running_loop().time())
            left = len(listener.connections)
        await listener.stop()
        return left, listener.ended["reader"]

    assert asyncio.run(tell()) == (0, 1)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"Content-Length: 1001\r\n\r\n" + b"x" * 1001, 413),
        (b"Transfer-Encoding: chunked\r\n\r\n3e9\r\n" + b"x" * 1001 + b"\r\n0\r\n\r\n", 413),
        (b"Content-Length: 1000\r\n\r\n" + b"x" * 1000, 200),
    ],
    ids=["declared", "chunked", "as large as allowed"],
)
def test_a_body_beyond_the_bound_is_413(upstream, body, status):
    """Where a bound is set, a larger body is refused, whether its length was told or not."""
    with Rig(upstream.port, limits=Limits(body_bytes=1000)) as rig, rig.connect() as sock:
        sock.sendall(b"POST / HTTP/1.1\r\nHost: a\r\n" + body)
        assert Reader(sock).answer().status == status
        assert rig.listener.ended["413"] == (status == 413)


def test_many_bad_requests_do_not_stop_good_ones(upstream):
    """Hundreds of broken, too large and half requests are counted by status while others are served."""
    bad = [
        b"\x16\x03\x01\x02\x00",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 300,
        b"GET /" + b"a" * 70_000,
    ]
    with Rig(upstream.port, limits=Limits(connections=500)) as rig:
        for n in range(200):
            with rig.connect() as sock, contextlib.suppress(OSError):
                sock.sendall(bad[n % 4])
                if n % 20 == 0:
                    read_all(sock)
            if n % 10 == 0:
                assert rig.get("/").status == 200
        wait_for(lambda: rig.listener.ended["400"] >= 100)
        wait_for(lambda: rig.listener.ended["431"] >= 90)
        wait_for(lambda: not rig.listener.connections)


def test_a_stopping_door_still_reads_what_is_on_its_way():
    """A request that comes on an idle kept connection while the door stops is answered as its last."""

    async def tell():
        async def handle(incoming, out):
            from himaya.gate.reply import plain_reply

            out.write(plain_reply(200, "served", keep_alive=out.stays_open))

        listener = Listener(handle, Limits(stop_s=5.0))
        await listener.start("127.0.0.1:0")
        host, _, port = listener.address.rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(GET)
        assert b"keep-alive" in await reader.readuntil(b"\r\n\r\n")
        stopping = asyncio.create_task(listener.stop())
        await asyncio.sleep(0.05)
        await reader.readline()
        writer.write(GET)
        head = await reader.readuntil(b"\r\n\r\n")
        await stopping
        writer.close()
        return head

    head = asyncio.run(tell())
    assert head.startswith(b"HTTP/1.1 200 ")
    assert b"connection: close" in head


def test_a_reload_says_of_every_changed_bound_that_it_waits_for_a_restart(caplog):
    """Every key that `Limits.of` reads is named when a reload changes it: nobody relies on a bound not in force."""
    before = loads(config_text())
    keys = [key for key in GateConfig.__struct_fields__ if _bounds(key)]
    assert len(keys) == 8
    for key in keys:
        gate = msgspec.structs.replace(before.gate, **{key: getattr(before.gate, key) + 1})
        say_fixed(before, msgspec.structs.replace(before, gate=gate))
    assert [record.args[0] for record in caplog.records] == [f"gate.{key}" for key in keys]


def _bounds(key: str) -> bool:
    """Tell whether a key of [gate] changes what a connection may cost."""
    usual = GateConfig()
    value = getattr(usual, key)
    if isinstance(value, str | tuple):
        return False
    changed = msgspec.structs.replace(usual, **{key: value + 1})
    return Limits.of(changed) != Limits.of(usual)
