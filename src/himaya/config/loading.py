"""Reading `himaya.toml`: text, tables, structs, checks; the first mistake ends it with its place."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path as FilePath
from typing import Any

import msgspec

from himaya.config.anchor import AnchorConfig
from himaya.config.canaries import take_canaries
from himaya.config.canonical import render
from himaya.config.checks import problems as checked
from himaya.config.config import Config
from himaya.config.decode import Problem, decode
from himaya.config.locate import key_lines, line_of
from himaya.config.model_file import with_model
from himaya.config.words import key_of
from himaya.core.errors import ConfigError

#: A configuration is written by hand; what is larger is another file.
MAX_BYTES = 4 * 1024 * 1024


#: Keys of `[response]` that are paths.
_RESPONSE_PATHS = (
    *("regimes", "residence", "categories", "templates", "contacts", "smtp_password_file"),
    "revoke_secret_file",
)


def load(path: FilePath | str, *, canaries: bool = True) -> Config:
    """Return the configuration in a file, with relative paths made absolute.

    `canaries` False leaves the list of canaries unread: it need not be there yet. Raises ConfigError (file, line, key,
    what was expected) for the first mistake.
    """
    place = FilePath(path)
    base = place.absolute().parent
    return loads(read(place), file=str(path), directory=base, canaries=canaries)


def loads(
    text: str,
    *,
    file: str = "himaya.toml",
    directory: FilePath | None = None,
    canaries: bool = True,
) -> Config:
    """Return the configuration in a text; `directory` is where relative paths stand against."""
    config, found = examine(text, file=file, directory=directory, canaries=canaries)
    if config is None:
        raise found[0]
    return config


def read(path: FilePath) -> str:
    """Return the text of a configuration file, or raise ConfigError when it is none."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as problem:
        reason = problem.strerror or str(problem)
        absent = isinstance(problem, FileNotFoundError)
        hint = "`himaya discover LOG` writes a first one." if absent else ""
        raise ConfigError(f"cannot be read: {reason}.", file=str(path), hint=hint) from problem
    if len(data) > MAX_BYTES:
        raise ConfigError(f"larger than {MAX_BYTES} bytes; this is no himaya.toml.", file=str(path))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        raise ConfigError("expected UTF-8 text.", file=str(path), line=line) from problem


def examine(
    text: str,
    *,
    file: str = "himaya.toml",
    directory: FilePath | None = None,
    canaries: bool = True,
) -> tuple[Config | None, list[ConfigError]]:
    """Return the configuration, or None and every mistake in the order of the file."""
    base = directory or FilePath.cwd()
    try:
        raw = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as problem:
        return None, [syntax(problem, text, file)]
    config, found = decode(raw)
    if config is not None:
        found = list(checked(config, raw, str(base)))
    if config is not None and not found:
        config, found = with_model(config, base)
    if config is not None and not found:
        config, found = take_canaries(config, base, read=canaries)
    if config is None or found:
        return None, _placed(found, text, file)
    return _settled(config, file, base), []


def syntax(problem: Exception, text: str, file: str) -> ConfigError:
    """Return what tomllib says of a text in our words; it names the line except at the end of the text."""
    said = str(problem)
    found = re.search(r" \(at line (\d+), column (\d+)\)", said)
    line = int(found.group(1)) if found else text.count("\n") + 1
    said = re.sub(r" \(at (line \d+, column \d+|end of document)\)", "", said)
    if isinstance(problem, RecursionError):
        line, said = 0, "tables are nested too deeply"
    return ConfigError(f"not valid TOML: {said}.", file=file, line=line)


def _placed(found: list[Problem], text: str, file: str) -> list[ConfigError]:
    """Give every problem its line and put them in the order of the file."""
    lines = key_lines(text)
    at = [(line_of(lines, p.path) or line_of(lines, p.cause), p) for p in found]
    placed = sorted(at, key=lambda pair: pair[0])
    return [
        ConfigError(p.problem, file=file, line=line, key=key_of(p.path), hint=p.hint)
        for line, p in placed
    ]


def _settled(config: Config, file: str, base: FilePath) -> Config:
    """Keep the activated text, then stand every relative path against the file's directory."""
    return msgspec.structs.replace(
        config,
        file=file,
        activated=render(config),
        actor=_absolute(config.actor, base, "jwt_key_file"),
        gate=_absolute(
            config.gate, base, "socket", "secret_file", "key_file", "listen", "upstream"
        ),
        feed=_absolute(config.feed, base, "listen", "keys_file"),
        metrics=_absolute(config.metrics, base, "listen"),
        ledger=_absolute(config.ledger, base, "directory", "key_file"),
        detectors=msgspec.structs.replace(
            config.detectors, model=_absolute(config.detectors.model, base, "file")
        ),
        canaries=_absolute(config.canaries, base, "file"),
        alerts=_absolute(
            config.alerts, base, "smtp_password_file", "webhook_secret_file", "findings_file"
        ),
        operations=_absolute(config.operations, base, "persisted_file"),
        anchor=_anchor(config.anchor, base),
        response=_absolute(config.response, base, *_RESPONSE_PATHS),
    )


def _anchor(anchor: AnchorConfig, base: FilePath) -> AnchorConfig:
    places = tuple(_absolute(place, base, "path", "ca_file") for place in anchor.places)
    return msgspec.structs.replace(anchor, places=places)


def _absolute(table: Any, base: FilePath, *keys: str) -> Any:  # noqa: ANN401  (one of several structs)
    changes = {key: _stand(getattr(table, key), key, base) for key in keys}
    return msgspec.structs.replace(table, **changes)


def _stand(text: str, key: str, base: FilePath) -> str:
    if text.startswith("unix:"):
        return "unix:" + str(base / text.removeprefix("unix:"))
    return text if not text or key in {"listen", "upstream"} else str(base / text)
