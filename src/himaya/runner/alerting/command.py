"""The command channel: a program is run with the alert as JSON on standard input, bounded in time."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess

import msgspec

from himaya.core.errors import ConfigError, ServiceError
from himaya.runner.alerting.alert import Message
from himaya.runner.alerting.channel import failure

#: How much of the command's error output is told.
_SHOWN = 300


class CommandChannel:
    """Runs `command`. No shell is used: it is split like a shell would. Ended with its children after `timeout_s`.

    Raises ConfigError for a command that cannot be split.
    """

    name = "command"

    def __init__(self, command: str, timeout_s: float) -> None:
        try:
            self.words = shlex.split(command)
        except ValueError as problem:
            raise ConfigError(
                f"cannot be split into words: {problem}", key="alerts.command"
            ) from None
        self.timeout_s = timeout_s

    def send(self, message: Message) -> str:
        """Run the command once."""
        try:
            process = subprocess.Popen(
                self.words,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as problem:
            raise failure("the alert command cannot be run", problem) from None
        with process:
            return self._talk(process, msgspec.json.encode(message) + b"\n")

    def _talk(self, process: subprocess.Popen[bytes], line: bytes) -> str:
        try:
            _, errors = process.communicate(line, timeout=self.timeout_s)
        except subprocess.TimeoutExpired:
            # The command may have children that hold the pipe: end its whole session.
            os.killpg(process.pid, signal.SIGKILL)
            raise ServiceError(
                f"the alert command did not end within {self.timeout_s:g} s and was stopped"
            ) from None
        if process.returncode:
            told = errors[:_SHOWN].decode("utf-8", "replace").strip()
            said = f": {told}" if told else ""
            raise ServiceError(f"the alert command ended with {process.returncode}{said}")
        return "the command ended with 0"
