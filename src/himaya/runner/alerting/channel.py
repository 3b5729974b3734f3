"""A channel: one way by which an alert reaches somebody. `send` may wait; it runs in a thread of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from himaya.core.errors import ConfigError, ServiceError
from himaya.runner.alerting.alert import Message

#: A secret shorter than this is guessed.
_LEAST_BYTES = 16


class Channel(Protocol):
    """One way to tell somebody."""

    name: str

    def send(self, message: Message) -> str:
        """Send one message and return in a few words what the other side said.

        Raises ServiceError with what went wrong; then it is tried again.
        """
        ...


def read_secret(path: str, key: str, least: int = _LEAST_BYTES) -> bytes:
    """Return what a secret's file holds, without blanks around it.

    Raises ConfigError naming the key when the file cannot be read, others may read it, or it holds too little.
    """
    place = Path(path)
    try:
        mode, secret = place.stat().st_mode, place.read_bytes().strip()
    except OSError as problem:
        raise ConfigError(f"cannot read {path}: {problem.strerror}.", key=key) from None
    if mode & 0o077:
        raise ConfigError(f"others may read {path}.", key=key, hint=f"Run: chmod 600 {path}")
    if len(secret) < least:
        raise ConfigError(f"{path} holds fewer than {least} bytes.", key=key)
    return secret


def failure(what: str, problem: Exception) -> ServiceError:
    """Return the error of a channel: what failed, and what the system says of it."""
    said = getattr(problem, "strerror", None) or str(problem) or type(problem).__name__
    return ServiceError(f"{what}: {said}"[:300])
