"""From paths to route templates: segments that take many values become a variable.

Ids that look like ids (numbers, uuids, handles) are merged when there are a few of them. Words are
merged when there are many and none of them stands out, because `/about` and `/contact` are pages while
`/anna` and `/bernd` are people.
"""

from __future__ import annotations

from collections import Counter

import msgspec

from himaya.watch.nouns import FIXED, LISTS, PEOPLE, noun_of, shape
from himaya.watch.paths import PathCounts

_FEW_IDS = 3
_FEW_WORDS = 5
_MANY_WORDS = 20
_SAMPLES = 3
_VALUES = 40
_MAX_DEPTH = 8
_MAX_EXTENSION = 5


class Part(msgspec.Struct, frozen=True):
    """One segment of a template: fixed text, or a variable with the extension that follows it."""

    text: str
    variable: bool = False


class Template:
    """A route and its traffic: how often, the looks of its last variable, queries, samples."""

    __slots__ = ("parts", "queries", "requests", "samples", "shapes", "values")

    def __init__(self, parts: tuple[Part, ...]) -> None:
        """Start without traffic."""
        self.parts = parts
        self.requests = 0
        self.values = 0
        self.shapes: Counter[str] = Counter()
        self.queries: dict[str, set[str]] = {}
        self.samples: list[str] = []

    @property
    def last_variable(self) -> int:
        """Return the index of the last variable part, -1 when there is none."""
        return max((i for i, part in enumerate(self.parts) if part.variable), default=-1)


class _Node:
    """A path segment in the tree of all paths."""

    __slots__ = ("children", "own", "queries", "requests", "sample", "values")

    def __init__(self) -> None:
        self.children: dict[str, _Node] = {}
        self.requests = 0
        self.own = 0
        self.queries: dict[str, set[str]] = {}
        self.sample = ""
        self.values: tuple[int, Counter[str], list[str]] | None = None


def templates(counts: PathCounts) -> list[Template]:
    """Return the route templates of a log, with at most eight segments each."""
    root = _Node()
    for path, count in counts:
        node = root
        node.requests += count.requests
        for segment in path.strip("/").split("/")[:_MAX_DEPTH]:
            node = node.children.setdefault(segment, _Node())
            node.requests += count.requests
        node.own += count.requests
        node.sample = node.sample or path
        _add_queries(node.queries, count.queries)
    found: list[Template] = []
    _collect(root, (), found)
    return found


def _add_queries(into: dict[str, set[str]], more: dict[str, set[str]]) -> None:
    for name, values in more.items():
        held = into.setdefault(name, set())
        if len(held) < _VALUES:
            held |= values


def _collect(node: _Node, parts: tuple[Part, ...], found: list[Template]) -> None:
    if node.own:
        found.append(_template(node, parts))
    merged = _merge_variables(node, parts)
    for segment, child in sorted(node.children.items()):
        if segment not in merged.gone:
            _collect(child, (*parts, Part(segment)), found)
    for extension, child in sorted(merged.nodes.items()):
        _collect(child, (*parts, Part(extension, variable=True)), found)


def _template(node: _Node, parts: tuple[Part, ...]) -> Template:
    template = Template(parts)
    template.requests = node.own
    template.queries = node.queries
    template.samples = [node.sample]
    if node.values is not None:
        template.values, template.shapes, template.samples = node.values
    return template


class _Merged:
    """What became of a node's children: which are gone, and one node per extension instead."""

    def __init__(self) -> None:
        self.gone: set[str] = set()
        self.nodes: dict[str, _Node] = {}


def _merge_variables(node: _Node, parts: tuple[Part, ...]) -> _Merged:
    merged = _Merged()
    by_extension: dict[str, list[str]] = {}
    for segment in node.children:
        stem, extension = _split(segment)
        if stem.lower() not in FIXED:
            by_extension.setdefault(extension, []).append(segment)
    noun = noun_of(parts[-1].text) if parts and not parts[-1].variable else ""
    for extension, segments in by_extension.items():
        variable = _variable(node, segments, noun)
        if variable:
            merged.gone.update(variable)
            merged.nodes[extension] = _joined([(s, node.children[s]) for s in variable])
    return merged


def _split(segment: str) -> tuple[str, str]:
    """Return a segment's stem and extension (with its dot), "" when it has none."""
    stem, dot, extension = segment.rpartition(".")
    is_word = extension.isalnum() and not extension.isdigit() and len(extension) <= _MAX_EXTENSION
    if dot and stem and is_word and "@" not in segment:
        return stem, "." + extension.lower()
    return segment, ""


def _variable(node: _Node, segments: list[str], noun: str) -> list[str]:
    """Return those segments that are values of one variable; an empty list when none is."""
    ids = [s for s in segments if shape(_split(s)[0]) not in {"name", "text"}]
    words = [s for s in segments if shape(_split(s)[0]) in {"name", "text"}]
    chosen = ids if len(ids) >= _FEW_IDS else []
    enough = _FEW_WORDS if noun in PEOPLE else _MANY_WORDS
    words = [s for s in words if noun_of(s) not in LISTS]
    if len(words) >= enough and (noun in PEOPLE or _is_even(node, words)):
        chosen = chosen + words
    return chosen


def _is_even(node: _Node, words: list[str]) -> bool:
    """Tell whether no word takes most of the traffic, and they lead to the same places."""
    requests = [node.children[word].requests for word in words]
    pages = sum(1 for word in words if not node.children[word].children)
    return max(requests) < 0.5 * sum(requests) and pages >= 0.5 * len(words)


def _joined(children: list[tuple[str, _Node]]) -> _Node:
    joined = _Node()
    shapes: Counter[str] = Counter()
    ends = [(segment, child) for segment, child in children if child.own]
    for segment, _ in ends:
        shapes[shape(_split(segment)[0])] += 1
    joined.values = (len(ends), shapes, [child.sample for _, child in ends[:_SAMPLES]])
    for _, child in children:
        _absorb(joined, child)
    return joined


def _absorb(into: _Node, node: _Node) -> None:
    into.requests += node.requests
    into.own += node.own
    into.sample = into.sample or node.sample
    _add_queries(into.queries, node.queries)
    for segment, child in node.children.items():
        _absorb(into.children.setdefault(segment, _Node()), child)
