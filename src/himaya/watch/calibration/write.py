"""A configuration with calibrated values in it: every key written out, and where the values come from."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from himaya.config import Config, loads
from himaya.config.canonical import render
from himaya.config.decode import decode
from himaya.core.errors import InputError
from himaya.watch.calibration.keys import keys_of
from himaya.watch.calibration.receipt import Receipt, Setting, digest_of


def with_values(config: Config, settings: Iterable[Setting]) -> Config:
    """Return a configuration with every value that a calibration gives."""
    values = {one.key: one.value for one in settings if one.value is not None}
    for key in keys_of(config, budgets=True):
        if key.name in values:
            config = _put(config, key.path, values[key.name])
    return config


def _put(value: Any, path: tuple[str, ...], new: float) -> Any:  # noqa: ANN401  (any part of a configuration)
    if not path:
        return type(value)(new)
    head, rest = path[0], path[1:]
    if isinstance(value, Mapping):
        return {**value, head: _put(value[head], rest, new)}
    return msgspec.structs.replace(value, **{head: _put(getattr(value, head), rest, new)})


def written(config: Config, receipt: Receipt) -> str:
    """Return the text of a `himaya.toml` with the values of a receipt, its origin in comments."""
    plain, _ = decode(tomllib.loads(config.canonical))
    if plain is None:
        raise InputError(f"{config.file}: its activated text does not load again")
    text = "\n".join([*_origin(receipt), "", render(with_values(plain, receipt.settings))])
    loads(text)
    return text


def _origin(receipt: Receipt) -> Iterable[str]:
    yield f"# himaya calibrate: {receipt.start} to {receipt.end}, nominal rate {100 * receipt.rate:g} % for each key."
    yield f"# Calibrated from policy {receipt.policy}; receipt {digest_of(receipt.text())}."
    for setting in receipt.settings:
        if setting.value is not None:
            covered = ", ".join(setting.cohorts)
            yield f"# {setting.key} = {setting.value:g}, was {setting.present:g}; promised to: {covered}"


def write(path: Path, text: str) -> None:
    """Write a new file. Raises InputError when there is one of that name, or it cannot be written."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise InputError(f"{path}: exists already; name a file to make") from None
    except OSError as problem:
        raise InputError(f"{path}: cannot be written: {problem.strerror}") from None
