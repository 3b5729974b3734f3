"""The configuration a world is measured under: the shipped one, or a site's own with the world's surfaces."""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path

import msgspec

from himaya.bench.world.knobs import Knobs
from himaya.config import Config, load
from himaya.core.surface import Surface

_LINKED = {"profile": "/u/{link}", "photo": "/photo/{link}", "preview": "/preview/{link}"}


def shipped() -> Config:
    """Return the configuration that comes with the bench."""
    with as_file(files("himaya.bench").joinpath("himaya.toml")) as path:
        return load(path)


def configuration(knobs: Knobs, own: Path | None = None) -> Config:
    """Return the configuration of a run, enforcing.

    `own` is a site's himaya.toml: its budgets, ladder, detectors and the rest hold; the surfaces, and how actors are
    found, are those of the bench's site. Raises ConfigError.
    """
    base = shipped()
    config = base
    if own is not None:
        config = msgspec.structs.replace(
            load(own), actor=base.actor, fields=load(own).fields or base.fields
        )
    site = msgspec.structs.replace(config.site, population=knobs.people)
    surfaces = _per_viewer(base.surfaces) if knobs.ids == "per-viewer" else base.surfaces
    return msgspec.structs.replace(
        config, mode="enforce", site=site, surfaces=surfaces, activated="", file=""
    )


def _per_viewer(surfaces: tuple[Surface, ...]) -> tuple[Surface, ...]:
    """Return surfaces whose links say nothing: the application says in a header whom it shows."""
    return tuple(
        msgspec.structs.replace(s, route=_LINKED[s.id], people=("header",))
        if s.id in _LINKED
        else s
        for s in surfaces
    )
