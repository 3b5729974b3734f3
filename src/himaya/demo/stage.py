"""The stage: the site and the gate in front of it as real processes, and the directory they work in."""

from __future__ import annotations

import shutil
import sys
import tempfile
from importlib.resources import files
from pathlib import Path
from typing import Self

from himaya.bench.live.children import Child, free_port
from himaya.control.client import Control
from himaya.core.errors import ServiceError
from himaya.demo.proof import COMMAND, FILES

#: What stays when nobody asked for everything to be kept: nothing that opens the ledger.
_PASSING = (
    "ledger",
    "ledger.key",
    "ledger.cases",
    "ledger.alerts",
    "ledger.register",
    "himaya.toml",
    "findings.jsonl",
    "site.log",
    "gate.log",
)


class Stage:
    """Starts and ends everything the story needs; use as a context manager."""

    def __init__(self, population: int, out: Path | None) -> None:
        """Work in `out`, or in a temporary directory of which only report and comparison stay."""
        self.population = population
        self.keeps = out is not None
        self.directory = out or Path(tempfile.mkdtemp(prefix="himaya-demo-"))
        # A Unix socket's path may have 107 bytes; --out may be longer.
        self._runtime = Path(tempfile.mkdtemp(prefix="himaya-"))
        self.files = self.directory / FILES
        self.ledger = self.directory / "ledger"
        self.findings = self.directory / "findings.jsonl"
        self.config = self.directory / "himaya.toml"
        self.socket = self._runtime / "gate.sock"
        self.bare_port = 0
        self.gated_port = 0
        self._children: list[Child] = []

    def __enter__(self) -> Self:
        """Make the directory. Raises ServiceError when there is a ledger in it already."""
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise ServiceError(f"{self.directory}: cannot be made: {problem.strerror}") from problem
        if self.ledger.exists():
            raise ServiceError(
                f"{self.directory} holds the ledger of an earlier demo; name another directory."
            )
        return self

    def __exit__(self, *_: object) -> None:
        """Stop every process, the gate first, and clear up."""
        for child in reversed(self._children):
            child.stop()
        shutil.rmtree(self._runtime, ignore_errors=True)
        if not self.keeps:
            self._clear()

    def _clear(self) -> None:
        for name in _PASSING:
            place = self.directory / name
            if place.is_dir():
                shutil.rmtree(place)
            else:
                place.unlink(missing_ok=True)
        if not any(self.directory.iterdir()):
            self.directory.rmdir()

    async def start(self) -> None:
        """Start the site, then the gate in front of it. Raises ServiceError when one does not start."""
        self.bare_port, self.gated_port = free_port(), free_port()
        serve = ["-m", "himaya.demo.serve", "--people", str(self.population)]
        site = self._child("site", [*serve, "--port", str(self.bare_port)])
        self.config.write_text(self._configuration())
        gate = self._child("gate", [*COMMAND, *self._gate()])
        await site.ready(self.bare_port)
        await gate.ready(self.gated_port)

    def _child(self, name: str, arguments: list[str]) -> Child:
        command = [sys.executable, *arguments]
        child = Child(f"the demo's {name}", command, self.directory / f"{name}.log")
        self._children.append(child)
        return child

    def _gate(self) -> list[str]:
        return [
            *("gate", "--config", str(self.config), "--mode", "proxy"),
            *("--listen", f"127.0.0.1:{self.gated_port}"),
            *("--upstream", f"http://127.0.0.1:{self.bare_port}"),
            *("--ledger", str(self.ledger)),
        ]

    def _configuration(self) -> str:
        """Return the shipped configuration with the places of this run."""
        text = files("himaya.demo").joinpath("himaya.toml").read_text()
        text = text.replace("population = 20000", f"population = {self.population}")
        text = text.replace('"gate.sock"', f'"{self.socket}"')
        return text.replace('"findings.jsonl"', f'"{self.findings}"')

    def check(self) -> None:
        """Raise ServiceError when a process ended by itself."""
        for child in self._children:
            if not child.alive:
                raise ServiceError(f"{child.name} ended by itself:\n{child.said()}")

    def flush(self) -> None:
        """Have the gate write everything recorded so far to its ledger."""
        with Control(self.socket) as control:
            control.flush()
