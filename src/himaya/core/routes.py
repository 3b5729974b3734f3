"""Route templates as patterns whose matching takes time in proportion to the path, whatever the path.

A template is a path with `{name}` standing for (a part of) one segment, and an optional final `{rest...}` for
any tail, also none. A hostile path must not make a pattern try again and again: at most two names stand in one
segment, and a segment that has matched is never matched otherwise.
"""

from __future__ import annotations

import re
from functools import lru_cache

_HOLE = re.compile(r"(\{[^}]*\})")
_END = r"(?:/|\Z)"


@lru_cache(maxsize=1024)
def compile_route(route: str) -> re.Pattern[str]:
    """Return the pattern of a route template; fixed parts match in any letter case.

    Ids keep their case. Raises ValueError for a template with unbalanced braces, more than two names in
    one segment, a name that is none or stands twice, or `{rest...}` before the end.
    """
    if route.count("{") != route.count("}"):
        raise ValueError(f"unbalanced braces in route {route!r}")
    path, tail = "/" + route.strip("/"), ""
    if path.endswith("...}"):
        path, _, _ = path.rpartition("{")
        path, tail = (path[:-1], "(?:/.*)?") if path.endswith("/") else (path, ".*")
    if "...}" in path:
        raise ValueError(f"what takes the whole tail must come last in route {route!r}")
    if tail == ".*" and path.rpartition("/")[2].count("{") > 1:
        raise ValueError(f"a tail needs a segment of its own in route {route!r}")
    pattern = "/".join(_segment(segment) for segment in path.split("/"))
    try:
        return re.compile(pattern + tail, re.IGNORECASE | re.DOTALL)
    except re.error as problem:
        raise ValueError(f"a bad name in route {route!r}: {problem}") from None


def fixed_length(route: str) -> tuple[int, bool]:
    """Return how many characters of a template are fixed, and whether it has a tail.

    The slash before a tail is left out: it belongs to the tail, which may be empty.
    """
    tail = route.endswith("...}")
    fixed = _HOLE.sub("", route.strip("/"))
    return len(fixed.removesuffix("/") if tail else fixed), tail


def _segment(text: str) -> str:
    pieces = _HOLE.split(text)
    holes = len(pieces) // 2
    if holes > 2:
        raise ValueError(f"more than two names in one segment: {text!r}")
    pattern = "".join(
        rf"(?P<{piece[1:-1]}>[^/]+)" if number % 2 else re.escape(piece)
        for number, piece in enumerate(pieces)
    )
    if holes < 2:
        return pattern
    # The end is looked at first: then the last place of the text between the names decides at once.
    return rf"(?=[^/]*{re.escape(pieces[-1])}{_END})(?>{pattern}(?={_END}))"
