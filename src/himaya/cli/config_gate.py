"""Putting a configuration in force: the file, and the gate that reads it."""

from __future__ import annotations

import contextlib
import os
import time
from datetime import UTC, datetime
from pathlib import Path

from himaya.config import Config, load
from himaya.control import Control
from himaya.core.errors import ConfigError, InputError, ServiceError
from himaya.ledger import forecasts
from himaya.ledger.reader import Reader
from himaya.ledger.versions import Version

#: A policy change acts within this time, or is an error.
WITHIN_S = 10.0

_POLL_S = 0.05


def take_over(socket: str, wanted: str, within_s: float = WITHIN_S) -> float | str:
    """Have the gate read its file again and wait until `wanted` (hash of the configuration) is in force.

    Returns the seconds it took, or why no gate was reached. Raises ServiceError when the gate keeps the old one.
    """
    with Control(socket) as control:
        try:
            control.status()
        except ServiceError as problem:
            return str(problem)
        begun = time.monotonic()
        control.reload()
        while True:
            told, took = control.status(), time.monotonic() - begun
            if told.config == wanted:
                return took
            if took > within_s:
                raise ServiceError(
                    f"the gate at {socket} has configuration {told.config} in force after {took:.0f} s, not"
                    f" {wanted}; does it read another file? {told.config_problem}".rstrip()
                )
            time.sleep(_POLL_S)


def waive(config: Config, why: str, by: str) -> None:
    """Put on record that somebody has a policy enforced without a forecast. Raises LedgerError, ServiceError."""
    with Control(config.gate.socket) as control:
        directory = Path(control.status().ledger)
    key = Path(config.ledger.key_file) if config.ledger.key_file else None
    policy = config.policy().hash()
    with Reader.open(directory, key) as reader:
        forecasts.record_without(
            reader.chain, reader.keys, policy, "waived", time.time(), why=why, by=by
        )


def socket_of(file: Path, otherwise: Config) -> str:
    """Return the control socket that the present file names: a running gate keeps it until a restart."""
    try:
        return load(file).gate.socket
    except ConfigError:
        return otherwise.gate.socket


def write_version(file: Path, version: Version, now: float) -> Path | None:
    """Write the text of a version to the file; return where the present one is kept, None when there was none.

    Raises InputError when it cannot be written.
    """
    place = file.resolve()
    said = f"# configuration {version.config}, in force from {version.at}; written by `himaya config rollback`\n"
    try:
        kept = _keep(place, now)
        _replace(place, (said + version.text).encode())
    except OSError as problem:
        raise InputError(f"cannot be written: {problem.strerror}", file=str(file)) from None
    return kept


def put_back(file: Path, kept: Path | None) -> None:
    """Undo `write_version`: the gate refused what was written."""
    if kept is not None:
        kept.replace(file.resolve())


def _keep(place: Path, now: float) -> Path | None:
    """Copy the present file to a name with the time."""
    if not place.exists():
        return None
    stamp = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H-%M-%SZ")
    kept, number = place.with_name(f"{place.name}.{stamp}"), 1
    while kept.exists():
        number += 1
        kept = place.with_name(f"{place.name}.{stamp}-{number}")
    _write(kept, place.read_bytes(), place)
    return kept


def _replace(place: Path, data: bytes) -> None:
    """Replace the file whole, with the owner and mode it had: the gate may run as somebody else."""
    fresh = place.with_name(f"{place.name}.new")
    _write(fresh, data, place)
    fresh.replace(place)


def _write(path: Path, data: bytes, like: Path) -> None:
    with path.open("wb") as file:
        if like.exists():
            was = like.stat()
            os.fchmod(file.fileno(), was.st_mode & 0o7777)
            with contextlib.suppress(PermissionError):
                os.fchown(file.fileno(), was.st_uid, was.st_gid)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
