"""Lines beside the surfaces: requests for assets, which an engine wants where its policy counts them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from himaya.core.assets import AssetPaths, is_counted
from himaya.core.engine import Engine
from himaya.core.exchange import Exchange
from himaya.core.matching import Surfaces
from himaya.core.policy import Policy
from himaya.core.surface import Surface
from himaya.watch.keep import KeepSurfaces
from himaya.watch.reading import Keep

#: Takes one exchange and its time.
Take = Callable[[Exchange, float], None]


class KeepAssets:
    """Keeps what `surfaces` keeps, and requests for assets."""

    def __init__(self, surfaces: KeepSurfaces, assets: Sequence[AssetPaths]) -> None:
        """Take both."""
        self._surfaces = surfaces
        self._assets = assets

    def may_keep(self, target: str) -> object:
        """Tell quickly, and never wrongly no, whether a target could be worth an entry."""
        return self._surfaces.may_keep(target) or self._is_asset(target)

    def keeps(self, method: str, target: str) -> bool:
        """Tell exactly."""
        return self._is_asset(target) or self._surfaces.keeps(method, target)

    def _is_asset(self, target: str) -> bool:
        return any(paths.has(target) for paths in self._assets)


def keep_of(surfaces: tuple[Surface, ...], policies: Sequence[Policy]) -> Keep:
    """Return what chooses the lines that engines of these policies want."""
    kept = KeepSurfaces(surfaces)
    assets = [AssetPaths(policy.assets) for policy in policies if is_counted(policy)]
    return KeepAssets(kept, assets) if assets else kept


def beside(take: Take, surfaces: tuple[Surface, ...], engines: Sequence[Engine]) -> Take:
    """Return a taker that shows requests to no surface to the engines alone; `take` gets and counts the others."""
    if not any(is_counted(engine.policy) for engine in engines):
        return take
    match = Surfaces(surfaces).match

    def part(exchange: Exchange, at: float) -> None:
        if match(exchange.request.method, exchange.request.target) is not None:
            take(exchange, at)
            return
        for engine in engines:
            engine.record(exchange, at)

    return part
