"""GraphQL texts as the fields they select: fragments put in place, aliases kept, everything under a bound.

Sources: GraphQL specification, October 2021, sections 2 (language) and 6.3.2 (how a server collects fields). The
parser is graphql-core's. Neither types nor directives are looked at: a field that may be there counts as there.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections import OrderedDict
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from himaya.config import OperationsConfig
from himaya.core.exchange import Excess

if TYPE_CHECKING:
    from graphql.language import FieldNode, FragmentDefinitionNode, SelectionNode, SelectionSetNode

#: Lexical tokens as section 2.1.6 has them, near enough to count them; comments are found to be left out.
_TOKEN = re.compile(
    r'#[^\n\r]*|"""[\s\S]*?"""|"(?:\\.|[^"\\\n\r])*"|[_A-Za-z][_0-9A-Za-z]*|[-0-9.]+|[^\s,\ufeff]'
)

#: Fields of all remembered documents together, so that their memory is bounded whatever they hold.
_REMEMBERED_FIELDS = 200_000


class UnreadableError(Exception):
    """Nobody can tell what a request asks for."""


class TooMuchError(Exception):
    """A request passes a bound; `excess` says which."""

    def __init__(self, what: str, value: int, most: int) -> None:
        super().__init__(what)
        self.excess = Excess(what, value, most)


class Field(NamedTuple):
    """A selected field: its name in the schema, its key in the answer, and what is selected inside it."""

    name: str
    key: str
    inside: tuple[Field, ...] = ()


class Operation(NamedTuple):
    """One operation: `kind` is query, mutation or subscription."""

    kind: str
    fields: tuple[Field, ...]


class Document(NamedTuple):
    """A parsed text: its operations by name ("" for none), and how many tokens and fields it has."""

    operations: dict[str, Operation]
    tokens: int
    fields: int


def prepare() -> None:
    """Import the parser now, so that no request waits for it."""
    import graphql.language  # noqa: F401, PLC0415


def digest_of(text: str) -> str:
    """Return the SHA-256 of a text in hex, the name of a persisted query."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class Documents:
    """Parses texts and remembers them by their hash; `persisted` are never forgotten.

    A client can register a text under its true hash only, so what is remembered cannot be poisoned.
    """

    def __init__(self, limits: OperationsConfig, persisted: dict[str, str] | None = None) -> None:
        """Take the bounds, and the texts of persisted queries by id."""
        self.limits = limits
        self._persisted = dict(persisted or {})
        self._known: OrderedDict[str, Document] = OrderedDict()
        self._fields = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Return how many documents are remembered."""
        return len(self._known)

    def is_like(self, other: Documents) -> bool:
        """Tell whether another one has the same bounds and persisted queries."""
        return self.limits == other.limits and self._persisted == other._persisted

    def read(self, text: str, tokens: int) -> Document:
        """Return a text parsed, at most `tokens` long. Raises UnreadableError, TooMuchError."""
        digest = digest_of(text)
        found = self._recent(digest)
        if found is None:
            found = parse(text, tokens, self.limits)
            self._keep(digest, found)
        return self._within(found, tokens)

    def known(self, name: str, tokens: int) -> Document:
        """Return the document of a persisted query. Raises UnreadableError when it is unknown, TooMuchError."""
        text = self._persisted.get(name)
        if text is not None:
            return self.read(text, tokens)
        found = self._recent(name.lower())
        if found is None:
            raise UnreadableError
        return self._within(found, tokens)

    def _within(self, found: Document, tokens: int) -> Document:
        if found.tokens > tokens:
            raise TooMuchError("tokens", found.tokens, self.limits.max_tokens)
        return found

    def _recent(self, digest: str) -> Document | None:
        with self._lock:
            found = self._known.get(digest)
            if found is not None:
                self._known.move_to_end(digest)
        return found

    def _keep(self, digest: str, document: Document) -> None:
        """Remember a document; forget those that nobody asked for the longest, while there are too many."""
        most = self.limits.documents
        with self._lock:
            if digest in self._known:
                return
            self._known[digest] = document
            self._fields += document.fields + 1
            while len(self._known) > most or self._fields > _REMEMBERED_FIELDS:
                _, forgotten = self._known.popitem(last=False)
                self._fields -= forgotten.fields + 1


def parse(text: str, tokens: int, limits: OperationsConfig) -> Document:
    """Return a text parsed. Raises UnreadableError, or TooMuchError past `tokens` or the depth of `limits`."""
    from graphql.error import GraphQLError  # noqa: PLC0415  (150 ms: only where an operation is declared)
    from graphql.language import parse as read  # noqa: PLC0415

    count = sum(1 for found in _TOKEN.finditer(text) if found[0][0] != "#")
    if count > tokens:
        raise TooMuchError("tokens", count, limits.max_tokens)
    try:
        tree = read(text, no_location=True, max_tokens=tokens + 2)
    except GraphQLError as problem:
        raise UnreadableError from problem
    except RecursionError:
        raise TooMuchError("levels", limits.max_depth + 1, limits.max_depth) from None
    return _document(tree.definitions, count, limits)


def _document(definitions: Iterable[object], tokens: int, limits: OperationsConfig) -> Document:
    from graphql.language import (  # noqa: PLC0415
        FragmentDefinitionNode,
        OperationDefinitionNode,
    )

    parts = tuple(definitions)
    fragments: dict[str, FragmentDefinitionNode] = {}
    for part in parts:
        if isinstance(part, FragmentDefinitionNode):
            if part.name.value in fragments:
                raise UnreadableError
            fragments[part.name.value] = part
    expander = _Expander(fragments, limits)
    operations: dict[str, Operation] = {}
    for part in parts:
        if isinstance(part, OperationDefinitionNode):
            name = part.name.value if part.name else ""
            if name in operations:
                raise UnreadableError
            fields = expander.fields([part.selection_set], 1)
            operations[name] = Operation(part.operation.value, fields)
    if not operations:
        raise UnreadableError
    return Document(operations, tokens, expander.count)


class _Expander:
    """Puts fragments in place; `count` are the fields so far, which many small fragments could multiply."""

    def __init__(
        self, fragments: dict[str, FragmentDefinitionNode], limits: OperationsConfig
    ) -> None:
        self.count = 0
        self._fragments = fragments
        self._limits = limits

    def fields(self, sets: list[SelectionSetNode], depth: int) -> tuple[Field, ...]:
        """Return the fields of selection sets that a server would merge into one."""
        if depth > self._limits.max_depth:
            raise TooMuchError("levels", depth, self._limits.max_depth)
        found: dict[tuple[str, str], list[SelectionSetNode]] = {}
        passed: set[str] = set()
        for each in sets:
            self._collect(each.selections, found, passed, 1)
        return tuple(
            Field(name, key, self.fields(inside, depth + 1) if inside else ())
            for (key, name), inside in found.items()
        )

    def _collect(
        self,
        selections: Iterable[SelectionNode],
        found: dict[tuple[str, str], list[SelectionSetNode]],
        passed: set[str],
        depth: int,
    ) -> None:
        """Add the fields of one level, those of its fragments with them."""
        from graphql.language import FieldNode, InlineFragmentNode  # noqa: PLC0415

        if depth > self._limits.max_depth:
            raise TooMuchError("levels", depth, self._limits.max_depth)
        for one in selections:
            self._count()
            if isinstance(one, FieldNode):
                self._add(one, found)
            elif isinstance(one, InlineFragmentNode):
                self._collect(one.selection_set.selections, found, passed, depth + 1)
            else:
                name = str(getattr(one, "name").value)  # noqa: B009  (a spread; nothing else is left)
                if name not in passed:
                    passed.add(name)
                    self._collect(self._fragment(name), found, passed, depth + 1)

    def _add(self, one: FieldNode, found: dict[tuple[str, str], list[SelectionSetNode]]) -> None:
        name = one.name.value
        key = one.alias.value if one.alias else name
        inside = found.setdefault((key, name), [])
        if one.selection_set is not None:
            inside.append(one.selection_set)

    def _fragment(self, name: str) -> Iterable[SelectionNode]:
        fragment = self._fragments.get(name)
        if fragment is None:
            raise UnreadableError
        return fragment.selection_set.selections

    def _count(self) -> None:
        self.count += 1
        if self.count > self._limits.max_tokens:
            raise TooMuchError("fields", self.count, self._limits.max_tokens)
