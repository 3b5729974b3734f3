"""Request targets in one canonical form, so that two spellings of one path cannot count as two or as none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import unquote

#: What makes a path differ from its canonical form; most paths have none of it.
_ODD = re.compile(r"[%;#]|//|/\.|\./|[./]$")
_SLASH = re.compile("%2f", re.IGNORECASE)

#: Canonical forms of longer paths are not remembered: whoever asks chooses them.
_LONGEST = 200


def canonical_path(target: str) -> str:
    """Return the path of a request target in one canonical form.

    Absolute-form targets lose scheme and host (RFC 9112 section 3.2.2); query and fragment are
    dropped; percent-encoding is undone once (an encoded slash stays encoded, as it is data, RFC 3986
    section 2.2); matrix parameters (`;x`), empty and dot segments and trailing dots go.
    """
    path = target.partition("?")[0]
    if path.startswith("/") and not _ODD.search(path):
        return path
    return _remembered(path) if len(path) <= _LONGEST else _canonical(path)


def other_paths(target: str) -> Iterator[str]:
    """Yield what applications may read in an odd target instead of its canonical path.

    Some decode a path before they cut it into segments (WSGI and ASGI servers do), so that an encoded slash
    is a slash; some never resolve `..`.
    """
    path = target.partition("?")[0]
    if "%" in path:
        path = _SLASH.sub("/", path)
        yield _canonical(path)
    if "." in path or "%" in path:
        yield "/" + "/".join(_segments(path))


def _canonical(path: str) -> str:
    out: list[str] = []
    for segment in _segments(path):
        if segment != "..":
            out.append(segment)
        elif out:
            out.pop()
    return "/" + "/".join(out)


_remembered = lru_cache(maxsize=16384)(_canonical)


def _segments(path: str) -> list[str]:
    """Return the decoded segments of a path; `..` stays, empty ones go."""
    if not path.startswith("/") and "://" in path[:12]:
        path = path.split("://", 1)[1].partition("/")[2]
    raws = path.partition("#")[0].split("/")
    return [segment for raw in raws if raw and (segment := _decoded(raw))]


def _decoded(raw: str) -> str:
    raw = raw.partition(";")[0]
    if "%" in raw:
        # Bytes that are no UTF-8 stay apart from each other: two ids must not become one.
        raw = unquote(_SLASH.sub("%252F", raw), errors="backslashreplace")
        if "%2F" in raw:
            raw = _without_outer_slashes(raw)
    return raw if raw == ".." else raw.rstrip(".")


def _without_outer_slashes(segment: str) -> str:
    parts = segment.split("%2F")
    first = next((n for n, part in enumerate(parts) if part), len(parts))
    last = next((n for n, part in enumerate(reversed(parts)) if part), 0)
    return "%2F".join(parts[first : len(parts) - last])
