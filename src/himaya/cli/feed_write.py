"""Writing lists to files: whole or not at all, and again when something changes."""

from __future__ import annotations

import os
import shlex
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import click

from himaya.cli.block import all_blocks
from himaya.control import Control
from himaya.core.errors import HimayaError, InputError, ServiceError
from himaya.gate.feeds import lists

#: Seconds between two looks, and for a reload command.
_EVERY_S, _RUN_S = 1.0, 60.0


class Writer:
    """Writes one list to one file. `command` is run after each change; no shell runs it."""

    def __init__(self, socket: str, form: str, remedy: str, file: Path, command: str) -> None:
        """Take what to write where. Raises InputError for a command that cannot be split."""
        self._socket, self._form, self._remedy, self._file = socket, form, remedy, file
        try:
            self._command = shlex.split(command)
        except ValueError as problem:
            raise InputError(f"--run cannot be split into words: {problem}") from None
        self._lines: list[lists.Line] = []
        self._trouble = ""

    def once(self) -> None:
        """Write the list as it is now. Raises ServiceError, InputError."""
        with Control(self._socket) as control:
            self._ask(control)
        if self._write() and self._command:
            self._run()

    def watch(self, sleep: Callable[[float], None] = time.sleep) -> None:
        """Go on for good. While nobody answers the file stays, but what is over leaves it."""
        with Control(self._socket) as control:
            while True:
                self._try(lambda: self._ask(control))
                self._try(self._change)
                sleep(_EVERY_S)

    def _try(self, work: Callable[[], object]) -> None:
        try:
            work()
        except HimayaError as problem:
            if self._trouble != str(problem):
                click.echo(f"himaya: {problem}", err=True)
            self._trouble = str(problem)

    def _change(self) -> None:
        if self._write() and self._command:
            self._run()

    def _ask(self, control: Control) -> None:
        self._lines = [
            lists.Line(one.place, "ban" if one.remedy == "ban" else "captcha", one.until, one.word)
            for one in all_blocks(control)
            if one.published
        ]
        self._trouble = ""

    def _write(self) -> bool:
        """Write what stands now; tell whether the file changed."""
        now = time.time()
        body = lists.write(
            self._form, [line for line in self._lines if line.until > now], self._remedy
        )
        try:
            if self._file.exists() and self._file.read_bytes() == body:
                return False
            self._replace(body)
        except OSError as problem:
            raise ServiceError(f"{self._file}: cannot be written: {problem.strerror}") from None
        return True

    def _replace(self, body: bytes) -> None:
        """Replace the file as a whole; a new one is for its owner and group, as addresses are personal data."""
        mode = self._file.stat().st_mode & 0o777 if self._file.exists() else 0o640
        fresh = self._file.with_name(self._file.name + ".new")
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            os.fchmod(handle, mode)
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._file)

    def _run(self) -> None:
        """Run the reload command. Raises ServiceError when it fails or takes too long."""
        try:
            done = subprocess.run(
                self._command, capture_output=True, text=True, timeout=_RUN_S, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as problem:
            raise ServiceError(f"the command {self._command[0]} did not run: {problem}") from None
        if done.returncode:
            raise ServiceError(
                f"the command {self._command[0]} ended with {done.returncode}:"
                f" {done.stderr.strip()[:500]}"
            )
