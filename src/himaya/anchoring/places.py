"""The places of a configuration."""

from __future__ import annotations

from pathlib import Path

from himaya.anchoring.directory import Directory
from himaya.anchoring.place import Place
from himaya.anchoring.repository import Repository
from himaya.config import AnchorPlace, Config


def places_of(config: Config) -> list[Place]:
    """Return every place that is configured, in the order of the file. Raises ConfigError for a file that is missing."""
    return [_place(config, each) for each in config.anchor.places]


def _place(config: Config, place: AnchorPlace) -> Place:
    timeout_s = float(config.anchor.timeout_s)
    match place.kind:
        case "file":
            return Directory(place.called, Path(place.path))
        case "git":
            return Repository(place.called, place.url, place.branch, timeout_s)
