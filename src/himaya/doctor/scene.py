"""What the checks look at: one installation, asked once, at one time."""

from __future__ import annotations

from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import Self

import msgspec

from himaya.config import Config
from himaya.control import Control, Status
from himaya.core.errors import HimayaError, ServiceError
from himaya.ledger.reader import Reader
from himaya.ledger.state import State


class Asked(msgspec.Struct, frozen=True):
    """What the command line says. `now` is epoch seconds; "" and None leave a check out.

    `url` is the site as visitors reach it, `path` what is asked of it; `log` the access log that follow reads;
    `front_user` who has to open the authority's socket; `days` how far back surfaces and gaps are looked at.
    """

    now: float
    url: str = ""
    path: str = "/"
    log: Path | None = None
    front_user: str = ""
    days: int = 7


class Scene:
    """An installation. A context manager; what cannot be had is None, and why stands beside it."""

    def __init__(self, config: Config, asked: Asked) -> None:
        """Take the configuration; nothing is opened yet."""
        self.config, self.asked = config, asked
        self.status_problem = self.ledger_problem = ""
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @property
    def directory(self) -> Path:
        """Return where the ledger lies: the gate's, while it runs."""
        told = self.status.ledger if self.status else ""
        return Path(told or self.config.ledger.directory)

    @property
    def door(self) -> str:
        """Return as what the gate runs: proxy, authority, or "" unknown."""
        return self.status.door if self.status else ""

    @cached_property
    def control(self) -> Control:
        """Return the client of the control socket."""
        return self._open.enter_context(Control(self.config.gate.socket))

    @cached_property
    def status(self) -> Status | None:
        """Return how the gate is, None when it does not answer."""
        try:
            return self.control.status()
        except ServiceError as why:
            self.status_problem = str(why)
            return None

    @cached_property
    def reader(self) -> Reader | None:
        """Return the ledger, None when it cannot be opened."""
        key = self.config.ledger.key_file
        try:
            reader = Reader.open(self.directory, Path(key) if key else None)
            return self._open.enter_context(reader)
        except HimayaError as why:
            self.ledger_problem = str(why)
            return None

    @cached_property
    def state(self) -> State | None:
        """Return what the ledger's chain adds up to, None when it cannot be read."""
        if self.reader is None:
            return None
        try:
            return self.reader.state()
        except HimayaError as why:
            self.ledger_problem = str(why)
            return None
