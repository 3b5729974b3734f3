"""The feed of a running gate over real HTTP and from the command line: who may read, what is told, what is bounded."""

from __future__ import annotations

import gzip
import json
import socket
import stat
import subprocess
import time

import pytest
from click.testing import CliRunner
from tests.gate.feed_support import HIMAYA, FeedGate, until
from tests.gate.test_feed_words import BODY

from himaya.cli import group
from himaya.core.errors import HimayaError
from himaya.ledger.reader import Reader


@pytest.fixture(scope="module")
def gate(tmp_path_factory):
    """Give a running gate with a feed of at most 12 blocks, 3 bouncers and 8 connections."""
    made = FeedGate(tmp_path_factory.mktemp("feed"), "most = 12\nbouncers = 3\nmax_connections = 8")
    with made:
        yield made


@pytest.fixture(autouse=True)
def _nothing_stands(request):
    """Lift what a test left behind."""
    yield
    if "gate" in request.fixturenames:
        gate = request.getfixturevalue("gate")
        for block in gate.blocks():
            gate.lift(block.name)


def deleted(gate, agent: str) -> list[str]:
    """Return what a bouncer is told to let go; other tests' endings may be among it."""
    told = gate.json("/v1/decisions/stream", User_Agent=agent)["deleted"]
    return [one["value"] for one in told or ()]


def test_only_a_key_opens_the_feed(gate):
    """Without a key, with a wrong or a removed one, everything but /health is 403 in JSON; a new key works at once."""
    for key in ("", "wrong", "x" * 5000):
        status, headers, body = gate.ask("/v1/decisions", key=key)
        assert (status, body) == (403, b'{"message":"access forbidden"}')
        assert headers["content-type"] == "application/json"
    assert gate.ask("/lists/text", key="")[0] == 403
    assert gate.ask("/v1/usage-metrics", method="POST", body=b"{}", key="")[0] == 403
    assert gate.ask("/health", key="")[0] == 200
    second = gate.himaya("feed", "key", "add", "second").strip()
    assert gate.ask("/v1/decisions", key=second)[0] == 200
    gate.himaya("feed", "key", "remove", "second")
    assert gate.ask("/v1/decisions", key=second)[0] == 403


def test_keys_are_kept_as_hashes(gate):
    """The file of keys holds SHA-512 only, for its owner only; a taken or bad name is refused."""
    file = gate.folder / "feed.keys"
    assert gate.key not in file.read_text()
    assert len(file.read_text().split()[1]) == 128
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "already" in gate.himaya("feed", "key", "add", "front", code=2)
    assert "no name" in gate.himaya("feed", "key", "add", "two words", code=2)
    assert "no key named" in gate.himaya("feed", "key", "remove", "nobody", code=2)
    assert "front" in gate.himaya("feed", "key", "list")


def test_a_damaged_file_of_keys_lets_nobody_in(gate):
    """A line that is no key closes the feed and is named with its number; mended, it opens again."""
    file = gate.folder / "feed.keys"
    text = file.read_text()
    file.write_text(text + "not a key\n")
    assert gate.ask("/v1/decisions")[0] == 403
    assert "feed.keys:2" in gate.himaya("feed", "key", "list", code=2)
    file.write_text(text)
    assert gate.ask("/v1/decisions")[0] == 200


def test_a_block_is_told_and_runs_out(gate):
    """A block appears in list, stream and lists, then in `deleted`, without anybody's help."""
    assert gate.json("/v1/decisions/stream?startup=true", User_Agent="one/1")["new"] is None
    assert gate.ask("/v1/decisions")[2] == b"null"
    gate.himaya("block", "203.0.113.7", "--for", "3s", "--why", "a test")
    (told,) = gate.json("/v1/decisions?ip=203.0.113.7")
    assert (told["type"], told["scope"], told["origin"]) == ("ban", "Ip", "himaya")
    assert gate.ask("/lists/text")[2] == b"203.0.113.7\n"
    fresh = gate.json("/v1/decisions/stream", User_Agent="one/1")
    assert [one["value"] for one in fresh["new"]] == ["203.0.113.7"]
    until(lambda: gate.ask("/v1/decisions")[2] == b"null")
    until(lambda: "203.0.113.7" in deleted(gate, "one/1"))
    assert gate.ask("/lists/text")[2] == b""
    (ended,) = [
        one
        for one in json.loads(gate.himaya("block", "--list", "--ended", "--json"))["blocks"]
        if one["name"] == f"b{told['id']}"
    ]
    assert ended["ended"] == ended["until"]


def test_head_moves_nothing(gate):
    """HEAD says whether the key is good and leaves the news for the next GET."""
    gate.json("/v1/decisions/stream?startup=true", User_Agent="two/1")
    gate.block("203.0.113.8")
    assert gate.ask("/v1/decisions/stream", method="HEAD", User_Agent="two/1")[0] == 200
    assert gate.ask("/v1/decisions/stream", method="HEAD", key="no")[0] == 403
    assert gate.ask("/v1/decisions", method="HEAD")[0] == 200
    assert gate.json("/v1/decisions/stream", User_Agent="two/1")["new"]
    assert gate.json("/v1/decisions/stream", User_Agent="two/1")["new"] is None


def test_bouncers_with_one_key_get_their_own_news(gate):
    """Two bouncers that share a key are told apart by what they call themselves."""
    gate.json("/v1/decisions/stream?startup=true", User_Agent="first/1")
    gate.json("/v1/decisions/stream?startup=true", User_Agent="second/1")
    gate.block("203.0.113.9")
    assert gate.json("/v1/decisions/stream", User_Agent="first/1")["new"]
    assert gate.json("/v1/decisions/stream", User_Agent="second/1")["new"]


def test_blocks_are_lifted_by_name_and_by_place(gate):
    """A lifted block is told as deleted at once, stays listed as ended, and is in the chain with both reasons."""
    gate.himaya("block", "198.51.100.0/24", "--why", "to be lifted", "--challenge")
    gate.himaya("block", "198.51.100.0/24", "--why", "to be lifted, too")
    assert [one["type"] for one in gate.json("/v1/decisions")] == ["ban"]
    gate.json("/v1/decisions/stream?startup=true", User_Agent="lift/1")
    ended = json.loads(
        gate.himaya("block", "--lift", "198.51.100.0/24", "--why", "wrong", "--json")
    )
    assert len(ended["blocks"]) == 2
    assert gate.ask("/v1/decisions")[2] == b"null"
    assert "198.51.100.0/24" in deleted(gate, "lift/1")
    assert "No block stands" in gate.himaya("block", "--list")
    assert "stands" in gate.himaya("block", "--lift", "b1", "--why", "x", code=2)
    with Reader.open(gate.ledger) as reader:
        log = [e for e in reader.log() if e["kind"] in {"blocked", "lifted"}]
        assert reader.verify() == []
    assert {"to be lifted", "to be lifted, too", "wrong"} <= {entry["why"] for entry in log}


def test_what_cannot_be_blocked_is_refused(gate):
    """No reason, no place, a span that is none, a place that is too wide, a year and more: said in words, exit 2."""
    for words, said in [
        (("203.0.113.7",), "--why is empty"),
        (("nobody", "--why", "x"), "no address"),
        (("10.0.0.0/8", "--why", "x"), "too wide"),
        (("127.0.0.1", "--why", "x"), "no address of a visitor"),
        (("198.18.0.0/16", "--why", "x"), "trusted_proxies"),
        (("203.0.113.7", "--why", "x", "--for", "soon"), "no span"),
        (("203.0.113.7", "--why", "x", "--for", "400d"), "366 days"),
        ((), "name one address"),
        (("203.0.113.7", "--list"), "name one address"),
        (("--lift", "b99999", "--why", "x"), "no block of b99999"),
    ]:
        result = CliRunner().invoke(group, ["block", "--config", str(gate.config), *words])
        assert isinstance(result.exception, HimayaError)
        assert said in str(result.exception)


def test_as_many_blocks_stand_as_may(gate):
    """Past feed.most a further block is refused with the key that bounds it."""
    for n in range(12):
        gate.block(f"192.0.2.{n}")
    assert "feed.most" in gate.himaya("block", "192.0.2.99", "--why", "one more", code=2)
    assert len(gate.json("/v1/decisions")) == 12


def test_switched_off_means_off(gate):
    """While the gate is off nothing is published and what was is told as deleted; on again, it is new again."""
    gate.block("203.0.113.10")
    gate.json("/v1/decisions/stream?startup=true", User_Agent="off/1")
    gate.himaya("off", "--config", str(gate.config), "--why", "a test")
    until(lambda: "203.0.113.10" in deleted(gate, "off/1"))
    assert gate.ask("/v1/decisions")[2] == b"null"
    assert "switched off" in gate.himaya("feed", "status")
    gate.himaya("on", "--config", str(gate.config))
    until(lambda: gate.json("/v1/decisions/stream", User_Agent="off/1")["new"])


def test_what_bouncers_enforced_is_kept(gate):
    """Usage metrics are answered 201, plain or gzip, added up, and shown; what is none is refused by its kind."""
    post = {"method": "POST", "User_Agent": "crowdsec-firewall-bouncer/v1"}
    body = json.dumps(BODY).encode()
    assert gate.ask("/v1/usage-metrics", body=body, **post)[0] == 201
    packed = gzip.compress(body)
    assert gate.ask("/v1/usage-metrics", body=packed, Content_Encoding="gzip", **post)[0] == 201
    until(lambda: "dropped 24 packet" in gate.himaya("feed", "status"))
    assert "active_decisions 3 ip" in gate.himaya("feed", "status")
    assert gate.ask("/v1/usage-metrics", body=b"{", **post)[0] == 400
    assert gate.ask("/v1/usage-metrics", body=b'{"remediation_components": 5}', **post)[0] == 422
    assert gate.ask("/v1/usage-metrics", body=b"x" * 300_000, **post)[0] == 413
    bomb = gzip.compress(b" " * 5_000_000)
    assert gate.ask("/v1/usage-metrics", body=bomb, Content_Encoding="gzip", **post)[0] == 400
    assert gate.ask("/v1/usage-metrics")[0] == 405


def test_lists_are_answered_by_their_tag(gate):
    """A list that did not change is 304 to whoever names its tag; an unknown list or type is refused."""
    gate.block("203.0.113.11")
    status, headers, body = gate.ask("/lists/haproxy-map")
    assert (status, body) == (200, b"203.0.113.11 ban\n")
    status, again, body = gate.ask("/lists/haproxy-map", If_None_Match=headers["etag"])
    assert (status, body, again["etag"]) == (304, b"", headers["etag"])
    gate.block("203.0.113.12")
    assert gate.ask("/lists/haproxy-map", If_None_Match=headers["etag"])[0] == 200
    assert gate.ask("/lists/text?type=captcha")[2] == b""
    assert gate.ask("/lists/nothing")[0] == 404
    assert gate.ask("/lists/text?type=all")[0] == 400
    assert gate.ask("/elsewhere")[0] == 404
    assert gate.ask("/v1/decisions", method="DELETE")[0] == 405
    assert gate.ask("/v1/decisions?ip=nobody")[0] == 400


def test_connections_heads_and_bouncers_are_bounded(gate):
    """A head that is too large is 431, a connection too many 503, and of five bouncers three are remembered."""
    assert gate.ask("/v1/decisions", X_Long="x" * 20_000)[0] == 431
    lines = [socket.create_connection(("127.0.0.1", gate.port), timeout=10) for _ in range(9)]
    try:
        time.sleep(0.1)
        lines[8].settimeout(10)
        assert b"503" in lines[8].recv(100)
    finally:
        for line in lines:
            line.close()
    until(lambda: gate.ask("/health")[0] == 200)
    for n in range(5):
        gate.json("/v1/decisions/stream", User_Agent=f"many/{n}")
    assert len(gate.told().bouncers) == 3


def test_files_follow_the_feed(gate):
    """`feed write` replaces a file as a whole when something changed, keeps its mode, and runs the command then."""
    file, mark = gate.folder / "blocked.map", gate.folder / "reloads"
    run = ("--run", f"sh -c 'echo x >> {mark}'")
    write = ("feed", "write", "--format", "nginx-geo", *run, str(file))
    gate.block("203.0.113.13")
    gate.himaya(*write)
    assert file.read_text() == "203.0.113.13 ban;\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    inode = file.stat().st_ino
    gate.himaya(*write)
    assert (file.stat().st_ino, mark.read_text()) == (inode, "x\n")
    file.chmod(0o644)
    gate.lift("203.0.113.13")
    gate.himaya(*write)
    assert (file.read_text(), mark.read_text()) == ("", "x\nx\n")
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    assert "ended with 3" in gate.himaya(
        "feed", "write", "--format", "text", "--run", "sh -c 'exit 3'",
        str(gate.folder / "new.txt"), code=2,
    )  # fmt: skip


def test_a_watched_file_follows(gate):
    """`feed write --watch` writes a block within seconds; while the gate is away what is over leaves the file."""
    file = gate.folder / "watched.txt"
    words = ["feed", "write", "--watch", "--format", "text", "--config", gate.config, file]
    watcher = subprocess.Popen([HIMAYA, *words], stderr=subprocess.PIPE, text=True)
    try:
        until(file.exists, most_s=60)
        gate.block("203.0.113.20", 9.0)
        gate.block("203.0.113.21")
        until(lambda: file.read_text() == "203.0.113.20\n203.0.113.21\n")
        gate.stop()
        until(lambda: file.read_text() == "203.0.113.21\n")
        gate.start()
    finally:
        watcher.terminate()
        said = watcher.communicate(timeout=20)[1]
    assert said.count("no authority") == 1


def test_status_tells_of_the_feed(gate):
    """`himaya status` has a line about the feed."""
    assert "blocks and" in gate.himaya("status", "--config", str(gate.config))


def test_blocks_outlive_a_restart(gate):
    """A block stands after a restart with its name and end, and an ending in between is told."""
    gate.block("203.0.113.7")
    gate.block("203.0.113.8")
    gate.lift("203.0.113.8")
    (before,) = gate.json("/v1/decisions")
    gate.stop()
    gate.start()
    (after,) = gate.json("/v1/decisions")
    assert (after["id"], after["uuid"]) == (before["id"], before["uuid"])
    told = gate.json("/v1/decisions/stream")
    assert [one["value"] for one in told["new"]] == ["203.0.113.7"]
    assert "203.0.113.8" in [one["value"] for one in told["deleted"]]


def test_an_erased_address_is_published_no_more(gate):
    """When the ledger forgets an address its block ends at a running gate, not only at the next start."""
    gate.block("203.0.113.7", 3600.0)
    gate.block("203.0.113.8", 3600.0)
    words = ("--ledger", str(gate.ledger), "--actor", "address:203.0.113.7", "--why", "art. 17")
    gate.himaya("forget", *words)
    until(lambda: [one.place for one in gate.blocks()] == ["203.0.113.8"])
    told = gate.json("/v1/decisions/stream?startup=true")
    assert [one["value"] for one in told["new"]] == ["203.0.113.8"]


def test_shadow_publishes_nothing(gate):
    """While everybody passes, a block is kept and nobody is told of it; enforced again, it is published."""
    text = gate.config.read_text()
    gate.config.write_text(text.replace("enforce", "shadow", 1))
    with gate.control() as control:
        control.reload()
    assert not gate.block("203.0.113.14").published
    assert gate.ask("/v1/decisions")[2] == b"null"
    assert "shadow" in gate.told().silent
    gate.config.write_text(text)
    with gate.control() as control:
        control.reload()
    until(lambda: gate.json("/v1/decisions"))
