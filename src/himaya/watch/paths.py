"""What a log asked for, path by path: the material that surfaces are guessed from."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qsl

import msgspec

from himaya.core.paths import canonical_path

#: Values kept per query parameter of a path; more would prove nothing further.
_VALUES = 40
_PARAMETERS = 20
_METHODS = frozenset({"GET", "HEAD", "POST"})


class PathCount(msgspec.Struct):
    """One path: how often it was answered, and the query parameters with some of their values."""

    requests: int = 0
    queries: dict[str, set[str]] = {}


class PathCounts:
    """Counts of answered paths, at most `max_paths` different ones; `dropped` counts the rest."""

    def __init__(self, max_paths: int = 200_000) -> None:
        """Start empty."""
        self.paths: dict[str, PathCount] = {}
        self.requests = 0
        self.dropped = 0
        self._max = max_paths

    def add(self, method: str, target: str, status: int) -> None:
        """Count one request; only answers that show something (2xx, 304) tell of a surface."""
        self.requests += 1
        if method not in _METHODS or not (200 <= status < 300 or status == 304):
            return
        path = canonical_path(target)
        count = self.paths.get(path)
        if count is None:
            if len(self.paths) >= self._max:
                self.dropped += 1
                return
            count = self.paths[path] = PathCount()
        count.requests += 1
        query = target.partition("?")[2]
        if query:
            _add_query(count, query)

    def __iter__(self) -> Iterator[tuple[str, PathCount]]:
        """Yield paths and their counts in the order of first sight."""
        return iter(self.paths.items())


def _add_query(count: PathCount, query: str) -> None:
    try:
        pairs = parse_qsl(query[:2000], max_num_fields=50)
    except ValueError:
        return
    for name, value in pairs:
        values = count.queries.get(name)
        if values is None:
            if len(count.queries) >= _PARAMETERS:
                return
            values = count.queries[name] = set()
        if len(values) < _VALUES:
            values.add(value[:100])
