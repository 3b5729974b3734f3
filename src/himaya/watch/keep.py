"""Which lines are worth an entry: those on surfaces, or all of them."""

from __future__ import annotations

import re

from himaya.core.matching import Surfaces
from himaya.core.surface import Surface


class KeepAll:
    """Keeps every line; for samples."""

    def may_keep(self, target: str) -> bool:
        """Return True."""
        return True

    def keeps(self, method: str, target: str) -> bool:
        """Return True."""
        return True


class KeepSurfaces:
    """Keeps lines that the engine would match to a surface.

    The quick test reads the first segment, and passes whatever could change it under
    canonicalisation: escapes, dot segments, doubled slashes, absolute targets. What passes is
    matched exactly.
    """

    def __init__(self, surfaces: tuple[Surface, ...]) -> None:
        """Compile the quick test."""
        self._surfaces = Surfaces(surfaces)
        heads = {surface.route.strip("/").split("/")[0] for surface in surfaces}
        first = "|".join(".*" if "{" in head else re.escape(head) for head in sorted(heads))
        plain = r"[^?#%\\/]*+(?:/(?![/.])[^?#%\\/]*+)*+"
        self.may_keep = re.compile(
            rf"/(?:{first})(?:[/?#;.]|$)|[^/]|{plain}[%\\/]", re.IGNORECASE
        ).match

    def keeps(self, method: str, target: str) -> bool:
        """Tell whether a surface matches."""
        return self._surfaces.match(method, target) is not None
