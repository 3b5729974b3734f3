"""An HTTP request as the GraphQL operations it asks for.

The name that a client gives an operation is not believed: what the text selects counts. Where two servers could read
one request differently (a key twice or in another case, a query in body and target), nobody can tell what it asks
for. Sources: GraphQL over HTTP, working draft, section 5 (requests); Apollo's automatic persisted queries.
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple
from urllib.parse import parse_qsl

from himaya.gate import bodies
from himaya.gate.operations.documents import (
    Document,
    Documents,
    Operation,
    TooMuchError,
    UnreadableError,
    digest_of,
)

#: Keys that say what is asked for, without case and signs: servers differ in how exactly they take them.
_KNOWN = frozenset({"query", "operationname", "extensions", "documentid", "docid", "id"})
_EXACT = frozenset({"query", "operationName", "extensions", "documentId", "doc_id", "id"})
_IDS = ("documentId", "doc_id", "id")
_JSON = frozenset({"application/json", "application/graphql+json"})
_SIGNS = re.compile(r"[^a-z]")


class NothingError(Exception):
    """A request asks for nothing at all: the page at the endpoint's address."""


class Posted(NamedTuple):
    """What of a request says what it asks for; `body` is as received, `upgrades` tells of a websocket."""

    method: str
    target: str
    content_type: str = ""
    content_encoding: str = ""
    body: bytes = b""
    upgrades: bool = False


class Asked(NamedTuple):
    """One operation of a request: None when nobody can tell which. `at` is its place in a batch, -1 outside of one."""

    operation: Operation | None
    at: int = -1


def read(posted: Posted, documents: Documents) -> tuple[Asked, ...]:
    """Return what a request asks for. Raises TooMuchError; what cannot be read is one operation that is None."""
    try:
        asked = _told(posted, documents.limits.max_bytes)
    except NothingError:
        return ()
    except (UnreadableError, ValueError, RecursionError):
        return (Asked(None),)
    if isinstance(asked, dict):
        return (Asked(_Budget(documents).operation(asked)),)
    most = documents.limits.max_operations
    if len(asked) > most:
        raise TooMuchError("operations", len(asked), most)
    budget = _Budget(documents)
    return tuple(Asked(budget.operation(one), at) for at, one in enumerate(asked))


class _Budget:
    """All texts of one request share its tokens."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._left = documents.limits.max_tokens

    def operation(self, asked: object) -> Operation | None:
        """Return the operation that a server would run; None when nobody can tell."""
        try:
            document, name = self._document(asked)
            self._left -= document.tokens
            return _chosen(document, name)
        except (UnreadableError, ValueError, RecursionError):
            return None

    def _document(self, asked: object) -> tuple[Document, object]:
        if not isinstance(asked, dict) or not _is_exact(asked):
            raise UnreadableError
        text, names = asked.get("query"), _names(asked)
        if text in (None, ""):
            if len(names) != 1:
                raise UnreadableError
            return self._documents.known(names[0], self._left), asked.get("operationName")
        if not isinstance(text, str) or (names and names != [digest_of(text)]):
            raise UnreadableError
        return self._documents.read(text, self._left), asked.get("operationName")


def _chosen(document: Document, name: object) -> Operation:
    """Return the operation of a document that is run. One alone is, whatever it is called."""
    if len(document.operations) == 1:
        return next(iter(document.operations.values()))
    found = document.operations.get(name) if isinstance(name, str) else None
    if found is None:
        raise UnreadableError
    return found


def _names(asked: dict[str, object]) -> list[str]:
    """Return the names of persisted queries that a request gives. Raises UnreadableError for what is no name."""
    extensions = asked.get("extensions")
    if isinstance(extensions, str):  # in a target it is JSON text
        extensions = json.loads(extensions, object_pairs_hook=unique)
    persisted = extensions.get("persistedQuery") if isinstance(extensions, dict) else None
    found = [asked[key] for key in _IDS if asked.get(key) not in (None, "")]
    if persisted is not None:
        found.append(persisted.get("sha256Hash") if isinstance(persisted, dict) else None)
    names = [one for one in found if isinstance(one, str)]
    if len(names) != len(found):
        raise UnreadableError
    return names


def _is_exact(asked: dict[str, object]) -> bool:
    return not any(_is_known(key) and key not in _EXACT for key in asked)


def _is_known(key: str) -> bool:
    return _SIGNS.sub("", key.lower()) in _KNOWN


def _told(posted: Posted, most: int) -> dict[str, object] | list[object]:
    """Return the request, or the list of requests, as a server reads it. Raises UnreadableError, ValueError."""
    query = posted.target.partition("?")[2].partition("#")[0]
    if posted.upgrades:
        raise UnreadableError
    pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=100)
    told = [key for key, _ in pairs if _is_known(key)]
    if posted.method.upper() in {"GET", "HEAD"}:
        if not query and not posted.body:
            raise NothingError
        if posted.body or ";" in query or len({*told}) < len(told):
            raise UnreadableError
        return dict(pairs)
    if told:
        raise UnreadableError
    plain = bodies.decode(posted.body, posted.content_encoding, most)
    if plain is None:
        raise UnreadableError
    return _of_body(plain, posted.content_type.partition(";")[0].strip().lower())


def _of_body(body: bytes, kind: str) -> dict[str, object] | list[object]:
    if kind == "application/graphql":
        return {"query": body.decode()}
    if kind not in _JSON:
        raise UnreadableError
    document = json.loads(body, object_pairs_hook=unique)
    if not isinstance(document, dict | list):
        raise UnreadableError
    return document


def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return the members of a JSON object. Raises UnreadableError when one stands twice: servers differ in which."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise UnreadableError
    return found
