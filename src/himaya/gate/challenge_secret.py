"""The secret that signs clearances and keys the marks of sessions: one file for every process of a site."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from himaya.config import Config
from himaya.core.errors import ConfigError

_BYTES = 32


def secret_path(config: Config) -> Path:
    """Return where the secret lies: `[gate] key_file`, else beside the control socket."""
    return Path(config.gate.key_file or f"{config.gate.socket}.key")


def load_secret(config: Config) -> bytes:
    """Return the secret, 32 bytes; made on first use with mode 0600, whichever process comes first.

    Raises ConfigError when the file cannot be read or made, holds too little, or others may read it.
    """
    path = secret_path(config)
    try:
        if not path.exists():
            _make(path)
        mode = path.stat().st_mode
        secret = path.read_bytes()
    except OSError as problem:
        raise ConfigError(
            f"cannot read or make the secret {path}: {problem.strerror or problem}.",
            key="gate.key_file",
        ) from None
    if len(secret) < _BYTES:
        raise ConfigError(f"the secret {path} has less than {_BYTES} bytes.", key="gate.key_file")
    if mode & 0o077:
        hint = f"Run: chmod 600 {path}"
        raise ConfigError(f"others may read the secret {path}.", key="gate.key_file", hint=hint)
    return secret


def _make(path: Path) -> None:
    """Write a new secret aside and link it into place: of two processes one wins, and nobody reads half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(fresh, path)
    finally:
        fresh.unlink()
