"""The model that `detectors.model.file` names: read, checked and put into the configuration."""

from __future__ import annotations

from pathlib import Path

import msgspec

from himaya.config.config import Config
from himaya.config.decode import Problem
from himaya.core.errors import ConfigError
from himaya.core.learned import MAX_BYTES, Learned, parse


def read_model(path: Path) -> Learned:
    """Return the model in a file. Raises ConfigError with file and key."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as problem:
        raise ConfigError(f"cannot be read: {problem.strerror}.", file=str(path)) from None
    except ValueError as problem:  # a name with a zero byte
        raise ConfigError(f"cannot be read: {problem}.", file=str(path)) from None
    return parse(data, str(path))


def with_model(config: Config, base: Path) -> tuple[Config, list[Problem]]:
    """Return the configuration with the content of its model, and what is wrong with that.

    A model that is switched off is not read, so that a broken file can be switched off, too.
    """
    model = config.detectors.model
    if not model.file or not model.enabled:
        return config, []
    try:
        learned = read_model(base / model.file)
    except ConfigError as problem:
        hint = "enabled = false switches the model off."
        return config, [Problem(("detectors", "model", "file"), str(problem), hint)]
    if model.digest not in {"", learned.digest}:
        wrong = f"{model.file} has the digest {learned.digest}, not the one written here."
        hint = "Put the file of that time back, or leave digest out to take this one."
        return config, [Problem(("detectors", "model", "digest"), wrong, hint)]
    settled = msgspec.structs.replace(model, digest=learned.digest, learned=learned)
    detectors = msgspec.structs.replace(config.detectors, model=settled)
    return msgspec.structs.replace(config, detectors=detectors), []
