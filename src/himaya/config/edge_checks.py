"""What must hold for `[edge]` beyond types and ranges."""

from __future__ import annotations

from collections.abc import Iterator

from himaya.config.config import Config
from himaya.config.decode import Problem
from himaya.config.words import nearest


def edge_problems(config: Config) -> Iterator[Problem]:
    """Yield what is wrong with `[edge]`."""
    known = sorted(surface.id for surface in config.surfaces)
    for at, name in enumerate(config.edge.surfaces):
        if name not in known:
            path = ("edge", "surfaces", at)
            yield Problem(path, f'no surface has the id "{name}".', nearest(name, known))
    if not config.edge.directory.startswith("/"):
        yield Problem(("edge", "directory"), "is no absolute path.", 'Example: "/run/himaya-edge"')
