"""Front doors that ask the authority: who answers each, where HAProxy asks, and what must be so before a start."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from himaya.config import Config
from himaya.core.errors import ConfigError
from himaya.gate.auth_request import AuthRequest
from himaya.gate.forward_auth import ForwardAuth
from himaya.gate.limits import Limits
from himaya.gate.spoe.listener import SpoeListener, check_place
from himaya.gate.verdicts import Verdicts

Mode = Literal["proxy", "authority"]


def asked(config: Config, verdicts: Verdicts, secret: bytes) -> AuthRequest | ForwardAuth:
    """Return what answers the questions of the front door that the configuration names."""
    if config.gate.front == "nginx":
        return AuthRequest(verdicts, secret)
    return ForwardAuth(config.gate.front, verdicts, secret)


def spoe_listeners(config: Config, verdicts: Verdicts, limits: Limits) -> dict[str, SpoeListener]:
    """Return the listener for HAProxy by its address; nothing where none is configured."""
    gate = config.gate
    if not gate.spoe_listen:
        return {}
    return {gate.spoe_listen: SpoeListener(verdicts, limits, gate.spoe_from)}


def check_spoe(config: Config, mode: Mode) -> None:
    """Refuse a place for HAProxy to ask that makes no sense. Raises ConfigError."""
    gate, key = config.gate, "gate.spoe_listen"
    if gate.spoe_listen and mode == "proxy":
        raise ConfigError(
            "HAProxy asks an authority, and this gate is a proxy.",
            file=config.file, key=key, hint="Start it with --mode authority.",
        )  # fmt: skip
    if gate.spoe_listen:
        check_place(gate.spoe_listen, gate.spoe_from, config.file)


def front_secret(config: Config, mode: Mode) -> bytes:
    """Return the secret a front door must show. Raises ConfigError when there must be one and is none."""
    listen, place = config.gate.listen, config.gate.secret_file
    if mode == "proxy" or (not place and listen.startswith("unix:")):
        return b""
    if not place:
        raise ConfigError(
            f"the authority listens on the port {listen}, so whoever reaches it could speak for the front door.",
            file=config.file,
            key="gate.secret_file",
            hint="Name a file with a secret, or listen on unix:/path.",
        )
    try:
        secret = Path(place).read_bytes().strip()
    except OSError as problem:
        raise ConfigError(
            f"cannot read {place}: {problem.strerror}", file=config.file, key="gate.secret_file"
        ) from None
    if len(secret) < 16:
        raise ConfigError(
            f"{place} holds fewer than 16 bytes.", file=config.file, key="gate.secret_file"
        )
    return secret
