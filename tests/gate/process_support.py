"""`himaya gate` as a real process of a test."""

import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from tests.gate.gate_support import config_text

from himaya.control import Control
from himaya.ledger.reader import Reader

ADDRESS = re.compile(r"at (\S+), mode")


class GateProcess:
    """A gate over one directory: configuration, socket and ledger lie in it. Start it as often as wanted."""

    def __init__(
        self, folder: Path, upstream: int = 1, *, door="proxy", arguments=(), more="", **config
    ):
        self.folder = folder
        self.config = folder / "himaya.toml"
        self.socket = folder / "g.sock"
        self.ledger = folder / "ledger"
        self.door = door
        self.upstream = upstream
        self.arguments = list(arguments)
        self.more = more
        self.write(**config)
        self.said = ""
        self.process = None
        self.port = 0

    def write(self, **config):
        """Write the configuration anew."""
        text = config_text(**config).replace(
            "[gate]\n", f'[gate]\nsocket = "{self.socket.name}"\n{self.more}\n'
        )
        self.config.write_text(text)

    def command(self):
        listen = ["--listen", f"127.0.0.1:{self.port}"] if self.door == "proxy" else []
        return [
            Path(sys.executable).with_name("himaya"), "gate", "--config", str(self.config), "--mode", self.door,
            "--upstream", f"http://127.0.0.1:{self.upstream}", *listen, *self.arguments,
        ]  # fmt: skip

    def start(self):
        self.said = ""
        self.process = subprocess.Popen(self.command(), stderr=subprocess.PIPE, text=True)
        ready = threading.Event()
        self._listener = threading.Thread(
            target=self._listen, args=(self.process, ready), daemon=True
        )
        self._listener.start()
        deadline = time.monotonic() + 90
        while not ready.wait(0.05):
            assert self.process.poll() is None, self.said
            assert time.monotonic() < deadline, self.said
        return self

    def _listen(self, process, ready):
        for line in process.stderr:
            self.said += line
            if found := ADDRESS.search(line):
                port = found[1].rpartition(":")[2]
                self.port = int(port) if port.isdecimal() else 0
                ready.set()
        process.stderr.close()

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self):
        """End gracefully; return the exit code."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(20)
        self._listener.join(5)
        return self.process.returncode

    def kill(self):
        self.process.kill()
        self.process.wait(10)
        self._listener.join(5)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.stop()

    def control(self):
        return Control(self.socket)

    def rows(self):
        with Reader.open(self.ledger) as reader:
            return list(reader.rows())

    def shown(self, actor):
        """Return the subjects the ledger names for an actor."""
        with Reader.open(self.ledger) as reader:
            return [one.subject for one in reader.who_actor(actor).subjects]

    def unobserved(self):
        with Reader.open(self.ledger) as reader:
            return [one.why for one in reader.unobserved()]
