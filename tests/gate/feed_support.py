"""What the tests of the feed share: blocks, bouncers that keep what they are told, and a gate with a feed over HTTP."""

from __future__ import annotations

import http.client
import json
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from himaya.control import Control
from himaya.control.feed import AskBlocks, AskFeed, Block, Lift
from himaya.gate.feeds import block as kept

HIMAYA = Path(sys.executable).with_name("himaya")

CONFIG = """
mode = "enforce"
[owner]
name = "The people office"
contact = "office@people.example"
[retention]
identified_days = 31
[actor]
account_header = "X-Account"
trusted_proxies = ["127.0.0.1/32", "198.18.0.9/32"]
new_account_s = 0
[ladder]
challenge = true
[[surface]]
id = "profile"
route = "/u/{{subject}}"
[gate]
listen = "127.0.0.1:0"
upstream = "http://127.0.0.1:9"
socket = "g.sock"
[feed]
listen = "127.0.0.1:0"
{feed}
"""


def a_block(number: int = 1, value: str = "203.0.113.7", **more) -> kept.Block:
    """Return a block that stands from 0 to 1000."""
    told = {"remedy": "ban", "source": "operator", "start": 0.0, "until": 1000.0, **more}
    return kept.Block(number=number, uuid=f"u{number}", value=value, **told)


class Ideal:
    """A bouncer that does what it is told: deletes first, then adds."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    def take(self, told, now: float) -> None:
        for block, _ in told.deleted:
            self.kept.pop(block.value, None)
        for block in told.new:
            self.kept[block.value] = block.remedy


class Script(Ideal):
    """As crowdsec-custom-bouncer: what was added or deleted since its cache was last emptied is not done again."""

    def __init__(self, every_s: float = 10.0) -> None:
        super().__init__()
        self.every_s, self.emptied = every_s, 0.0
        self.added, self.deleted = set(), set()

    def take(self, told, now: float) -> None:
        if now >= self.emptied + self.every_s:
            self.added, self.deleted, self.emptied = set(), set(), now
        for block, _ in told.deleted:
            if (block.value, block.remedy) not in self.deleted:
                self.deleted.add((block.value, block.remedy))
                self.kept.pop(block.value, None)
        for block in told.new:
            if (block.value, block.remedy) not in self.added:
                self.added.add((block.value, block.remedy))
                self.kept[block.value] = block.remedy


class Firewall:
    """As crowdsec-firewall-bouncer with nftables: bans only; what is in the set keeps its first end."""

    def __init__(self) -> None:
        self.until: dict[str, float] = {}

    def take(self, told, now: float) -> None:
        for block, _ in told.deleted:
            self.until.pop(block.value, None)
        for block in told.new:
            if block.remedy == "ban" and self.until.get(block.value, 0.0) <= now:
                self.until[block.value] = block.until

    def drops(self, value: str, now: float) -> bool:
        return self.until.get(value, 0.0) > now


class FeedGate:
    """`himaya gate` with a feed, in a directory of its own. `feed` are lines of `[feed]`; `inside`: where it runs."""

    def __init__(self, folder: Path, feed: str = "", *, inside: Sequence[str] = ()) -> None:
        self.folder, self.inside = folder, inside
        self.config = folder / "himaya.toml"
        self.config.write_text(CONFIG.format(feed=feed))
        self.ledger = folder / "ledger"
        self.key = self.himaya("feed", "key", "add", "front").strip()
        self.process = None
        self.port = self.door = 0

    def start(self):
        log = self.folder / "gate.log"
        before = log.read_text().count("himaya gate: proxy at") if log.exists() else 0
        words = [*self.inside, HIMAYA, "gate", "--config", self.config, "--mode", "proxy"]
        with log.open("ab") as out:
            self.process = subprocess.Popen(words, stderr=out)
        until(lambda: log.read_text().count("himaya gate: proxy at") > before, self.process, log)
        self.door = int(re.findall(r"proxy at \S+:(\d+)", log.read_text())[-1])
        self.port = int(self.told().listen.rpartition(":")[2])
        return self

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)
            self.process = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def control(self) -> Control:
        return Control(self.folder / "g.sock", timeout_s=30)

    def told(self):
        with self.control() as control:
            return control.ask(AskFeed()).feed

    def himaya(self, *words: str, code: int = 0) -> str:
        """Return what a command prints, or says when it fails as it should."""
        command = [HIMAYA, *words]
        if words[0] in {"block", "feed"}:
            command += ["--config", self.config]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout if code == 0 else done.stderr

    def ask(
        self,
        target: str,
        *,
        method: str = "GET",
        body: bytes = b"",
        key: str | None = None,
        **headers: str,
    ):
        """Return status, headers and body of an answer of the feed."""  # fmt: skip
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent["X-Api-Key"] = self.key if key is None else key
        try:
            connection.request(method, target, body or None, sent)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def block(self, place: str, for_s: float = 0.0):
        """Have a place blocked, quicker than by the command."""
        with self.control() as control:
            return control.ask(Block(place, "a test", "test", for_s)).blocks[0]

    def lift(self, what: str) -> None:
        """Have a block lifted."""
        with self.control() as control:
            control.ask(Lift(what, "a test", "test"))

    def blocks(self):
        """Return the blocks that stand."""
        with self.control() as control:
            return control.ask(AskBlocks()).blocks

    def json(self, target: str, **more):
        status, _, body = self.ask(target, **more)
        assert status == 200, body
        return json.loads(body)


def until(ready, process=None, log=None, most_s: float = 60.0) -> None:
    """Wait for a condition; a process that ended meanwhile fails with what it said."""
    end = time.monotonic() + most_s
    while not ready():
        assert process is None or process.poll() is None, log.read_text()[-3000:]
        assert time.monotonic() < end, "this did not happen in time"
        time.sleep(0.02)
