"""Persisted queries that a site's own programs use: an id for each text, from a file the site builds anyway.

Either one JSON object from id to text, as Relay's compiler writes it, or Apollo's manifest
(`{"format": "apollo-persisted-query-manifest", "operations": [{"id": …, "body": …}]}`).
"""

from __future__ import annotations

import json
from pathlib import Path

from himaya.config import Config
from himaya.core.errors import ConfigError
from himaya.core.matching import Surfaces
from himaya.gate.operations.documents import prepare
from himaya.gate.operations.opener import Opener

#: A larger file is no list of queries.
_MAX_BYTES = 64 * 1024 * 1024


def opener_of(config: Config) -> Opener:
    """Return what opens requests under a configuration. Raises ConfigError for persisted queries."""
    if Surfaces(config.surfaces).opens:
        prepare()
    return Opener(config.operations, load_persisted(config))


def load_persisted(config: Config) -> dict[str, str]:
    """Return text by id, empty without a file. Raises ConfigError when the file cannot be used."""
    place = config.operations.persisted_file
    if not place:
        return {}
    try:
        with Path(place).open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except OSError as problem:
        raise _wrong(config, f"cannot read {place}: {problem.strerror or problem}") from None
    if len(data) > _MAX_BYTES:
        raise _wrong(config, f"{place} is larger than {_MAX_BYTES} bytes")
    try:
        found = _texts(json.loads(data))
    except (ValueError, RecursionError):
        raise _wrong(config, f"{place} is not JSON") from None
    if found is None:
        raise _wrong(config, f"{place} is neither an object from id to text nor Apollo's manifest")
    return found


def _texts(document: object) -> dict[str, str] | None:
    if isinstance(document, dict) and isinstance(document.get("operations"), list):
        rows = [row if isinstance(row, dict) else {} for row in document["operations"]]
        pairs = [(row.get("id"), row.get("body")) for row in rows]
    elif isinstance(document, dict):
        pairs = list(document.items())
    else:
        return None
    texts = {key: text for key, text in pairs if isinstance(key, str) and isinstance(text, str)}
    return texts if len(texts) == len(pairs) else None


def _wrong(config: Config, why: str) -> ConfigError:
    return ConfigError(
        f"{why}.",
        file=config.file,
        key="operations.persisted_file",
        hint='Write {"id": "query { … }"}, or leave persisted_file out.',
    )
