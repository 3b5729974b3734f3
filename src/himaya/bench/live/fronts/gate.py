"""himaya's own gate before the site, as an operator starts it, and what its ledger says afterwards."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from himaya.bench.defences.base import Exposed
from himaya.bench.live.children import Child, free_port
from himaya.bench.live.fronts.front import Command, Front
from himaya.config import load
from himaya.control.client import Control
from himaya.core.errors import ConfigError, ServiceError
from himaya.core.facts import Fact
from himaya.facts_store import FactsStore, facts_path
from himaya.ledger.reader import Reader

#: Runs the installed command in this very interpreter, wherever its script lies.
COMMAND = (sys.executable, "-c", "from himaya.cli import main; main()")
_SETTLE_S = 20.0


class HimayaGate(Front):
    """`himaya gate --mode proxy`, with the shipped configuration of the bench or a site's own budgets."""

    def __init__(self, people: int, policy: Path | None = None) -> None:
        """Take the size of the site; `policy` is a site's own himaya.toml. Raises ConfigError when it is wrong."""
        super().__init__("himaya", "himaya", policy.name if policy else "shipped")
        self._tables = _configuration(people, policy)
        self._runtime: tempfile.TemporaryDirectory[str] | None = None
        self._socket = Path()
        self.ledger = Path()

    async def start(self, site: int, folder: Path, facts: Sequence[Fact]) -> None:
        """Keep what the application knows, then start the gate."""
        self.port, self.ledger = free_port(), folder / "ledger"
        # A Unix socket's path may have 107 bytes, and a folder may be longer.
        self._runtime = tempfile.TemporaryDirectory(prefix="himaya-", ignore_cleanup_errors=True)
        self._socket = Path(self._runtime.name) / "gate.sock"
        tables = self._tables | {"gate": {"socket": str(self._socket)}}
        config = folder / "himaya.toml"
        config.write_text(toml(tables))
        with FactsStore(facts_path(self.ledger)) as store:
            store.put(facts)
        listen = ["--listen", f"127.0.0.1:{self.port}", "--upstream", f"http://127.0.0.1:{site}"]
        command: Command = [*COMMAND, "gate", "--config", config, "--mode", "proxy"]
        command += [*listen, "--ledger", self.ledger]
        child = Child(self.name, command, folder / "gate.log")
        self.children.append(child)
        await child.ready(self.port)

    async def settle(self) -> None:
        """Wait until every answer is settled, and have everything written down. Raises ServiceError."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _SETTLE_S
        with Control(self._socket) as control:
            while control.status().open_tickets:
                if loop.time() > deadline:
                    raise ServiceError(
                        f"{self.name}: answers were not settled within {_SETTLE_S:g} s"
                    )
                await asyncio.sleep(0.1)
            control.flush()

    def exposed(self, actors: Iterable[str]) -> Exposed | None:
        """Return what the ledger on disk says these actors were shown; after `settle`."""
        with Reader.open(self.ledger) as reader:
            return reader.shown_to(actors)

    def stop(self) -> None:
        """End the gate and remove its socket."""
        super().stop()
        if self._runtime is not None:
            self._runtime.cleanup()

    def rule(self) -> str:
        """Return what really ran."""
        return "himaya gate --mode proxy ran; the record is its ledger."


def _configuration(people: int, policy: Path | None) -> dict[str, Any]:
    """Return the tables of the gate's configuration: surfaces and actors are always those of the bench's site."""
    base = tomllib.loads(files("himaya.bench").joinpath("himaya.toml").read_text("utf-8"))
    tables = base
    if policy is not None:
        load(policy)
        own = tomllib.loads(policy.read_text("utf-8"))
        tables = {**own, "surface": base["surface"], "fields": own.get("fields", base["fields"])}
        tables.pop("alerts", None)
        tables.pop("ledger", None)
        # What is enforced must say how long it keeps people's data; nothing of a run lasts that long.
        tables.setdefault("retention", {"identified_days": 31})
    actor = base["actor"] | {"tier_header": "X-Tier"}
    site = {**tables.get("site", base["site"]), "population": people}
    return {**tables, "mode": "enforce", "actor": actor, "site": site}


def toml(tables: dict[str, Any]) -> str:
    """Return tables as TOML, one top-level key a line. Raises ConfigError for a value TOML does not know."""
    return "".join(f"{_key(name)} = {_value(value)}\n" for name, value in tables.items())


def _key(name: str) -> str:
    return json.dumps(name)


def _value(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, str | bool | int | float):
        # Basic strings, booleans and numbers are written alike in JSON.
        return json.dumps(value)
    raise ConfigError(
        f"{value!r} cannot be written down again", hint="Use text, numbers and tables only."
    )
