"""nginx as `himaya init nginx --edge` prints it, with a real gate and a real follow, on sockets and free ports."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.cli.nginx_rig import RealGate, Rig

from himaya.cli.init_edge import edge_blocks
from himaya.config import Config, loads

CONFIG = """
mode = "enforce"
[owner]
name = "owner"
contact = "appeal@site.example"
[retention]
[actor]
session_cookie = "sid"
[[surface]]
id = "profile"
route = "/p/{{subject}}"
[[surface]]
id = "search"
route = "/search"
kind = "listing"
people = ["header"]
max_people = 20
fail = "closed"
[budgets]
address = {{ hour = {limit}, day = 1000 }}
prefix = {{}}
session = {{ hour = {limit}, day = 1000 }}
account = {{ hour = {limit}, day = 1000 }}
[edge]
surfaces = ["profile"]
directory = "{directory}/passes"
{edge}
"""

#: The rig's nginx listens on a Unix socket, so the visitor's address comes from its trusted other end.
_REAL_IP = {
    "    #set_real_ip_from 10.0.0.0/8;": "    set_real_ip_from unix:;",
    "    #real_ip_header X-Forwarded-For;": "    real_ip_header X-Forwarded-For;",
}


class EdgeRig(Rig):
    """The rig with the edge's configuration; `start` starts the gate and `follow` the follower."""

    def __init__(self, directory: Path, *, limit: int = 80, edge: str = "") -> None:
        self.text = CONFIG.format(directory=directory, limit=limit, edge=edge)
        self.passes = directory / "passes"
        self.passes.mkdir()
        self.gate: RealGate | None = None
        self.follower: subprocess.Popen[bytes] | None = None
        super().__init__(directory, edit=_REAL_IP, edge=edge_blocks(self.config))

    @property
    def config(self) -> Config:
        """Return the configuration."""
        return (
            loads(self.text, directory=self.directory)
            if hasattr(self, "directory")
            else loads(self.text)
        )

    def start(self) -> None:
        """Start the gate and the follower."""
        self.gate = RealGate(self, self.text)
        self.follow()

    def follow(self) -> None:
        """Start the follower and wait until it knows the gate."""
        program = Path(sys.executable).with_name("himaya")
        words = [program, "follow", self.log, "--config", self.directory / "himaya.toml"]
        with (self.directory / "follow.log").open("ab") as log:
            self.follower = subprocess.Popen(words, stderr=log)
        told = self.directory / "follow.log"
        wait_until(lambda: "telling the gate" in told.read_text(), 60)

    def view(
        self, path: str, address: str = "203.0.113.1", method: str = "GET", **headers: str
    ) -> int:
        """Return the status of one request from an address."""
        return self.get(path, method, X_Forwarded_For=address, **headers)[0]

    def edges(self, count: int) -> list[str]:
        """Return what the log says of the last `count` requests: asked, pass or free."""
        return [str(line["edge"]) for line in self.logged()[-count:]]

    def logged(self) -> list[dict[str, object]]:
        """Return the whole log once nginx has written what it holds back for a second."""
        time.sleep(1.3)
        return self.lines(0)

    def told(self) -> str:
        """Return what the gate said."""
        return (self.directory / "gate.log").read_text()

    def close(self) -> None:
        """Stop everything."""
        if self.follower is not None:
            self.follower.terminate()
            self.follower.wait(20)
        if self.gate is not None and self.gate.process.poll() is None:
            self.gate.stop()
        super().close()


def wait_until(holds: Callable[[], object], most_s: float = 30) -> None:
    """Wait for a condition."""
    end = time.monotonic() + most_s
    while not holds():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)
