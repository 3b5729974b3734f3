"""Take single people and fields out of a JSON body, so that the rest of a page may still be served."""

from __future__ import annotations

import json
from collections.abc import Iterable

from himaya.core.exchange import Person
from himaya.core.surface import Surface
from himaya.gate import bodies, people_json

#: Response headers that describe the bytes as they were; they must go when a body was trimmed.
STALE_HEADERS = frozenset(
    {
        "accept-ranges",
        "content-digest",
        "content-encoding",
        "content-length",
        "content-md5",
        "digest",
        "etag",
        "last-modified",
        "repr-digest",
    }
)


def can_trim(surface: Surface, content_type: str) -> bool:
    """Tell whether single people can be taken out of a response of this surface, by its head alone."""
    return bool(surface.json_rows and surface.json_subject) and "json" in content_type.lower()


def trim(
    surface: Surface,
    body: bytes,
    content_type: str,
    content_encoding: str,
    withheld: Iterable[Person],
    redact: Iterable[str],
    *,
    limit: int = bodies.DECODED_LIMIT,
) -> bytes | None:
    """Return the body without the rows of `withheld` and without the fields `redact`; None where that cannot be done.

    The result is UTF-8 JSON without a content coding; drop the headers of `STALE_HEADERS`. Totals and everything else
    in the document stay as they are. None: not JSON (HTML cannot be trimmed), no `json_rows` declared while people
    must go, a withheld person who would remain, undecodable. Never raises.
    """
    gone, names = frozenset(one.subject for one in withheld), frozenset(redact)
    if not gone and not names:
        return body
    if "json" not in content_type.lower() or (gone and not can_trim(surface, content_type)):
        return None
    plain = bodies.decode(body, content_encoding, limit)
    if plain is None:
        return None
    try:
        document = people_json.parse(plain)
        people_json.trim(document, surface.json_subject, surface.json_rows, gone, names)
        return json.dumps(document, separators=(",", ":"), allow_nan=False).encode()
    except (people_json.UnreadableError, ValueError, RecursionError):
        return None
