"""A document as plain text, at most 78 characters a line where words allow it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from textwrap import TextWrapper

from himaya.response.rendering.document import Document, Part, Table
from himaya.response.rendering.shown import plain

_WIDTH = 78
_RULE = "=" * 34
_BLANK = "_" * 20


def text_of(document: Document) -> str:
    """Return a document as plain text. Marks stand at its beginning and at its end."""
    text = "\n".join(_lines(document)) + "\n"
    return text if document.direction == "rtl" else plain(text)


def _lines(document: Document) -> Iterator[str]:
    yield from _marks(document)
    yield from _wrapped(document.title)
    if document.about:
        yield ""
    for name, words in document.about:
        yield from _wrapped(f"{name}: {words}")
    yield from _paragraphs(document.opening)
    for part in document.parts:
        yield from _part(part)
    yield from _paragraphs(document.foot)
    if document.marks:
        yield ""
        yield from _marks(document)


def _marks(document: Document) -> Iterator[str]:
    if document.marks:
        yield _RULE
        for mark in document.marks:
            yield from _wrapped(mark)
        yield _RULE


def _part(part: Part) -> Iterator[str]:
    yield ""
    yield from _wrapped(part.title)
    yield "-" * min(len(plain(part.title)), _WIDTH)
    yield from _paragraphs(part.sentences)
    if part.points:
        yield ""
    for point in part.points:
        yield from _wrapped(point, "- ")
    if part.table:
        yield from _rows(part.table)
    for link in part.links:
        yield ""
        yield f"{link.words}: {link.url}"
    for blank in part.blanks:
        yield ""
        yield from _wrapped(f"{blank}: {_BLANK}")


def _paragraphs(sentences: Iterable[str]) -> Iterator[str]:
    for sentence in sentences:
        yield ""
        yield from _wrapped(sentence)


def _rows(table: Table) -> Iterator[str]:
    yield ""
    yield from _wrapped(table.caption)
    for row in table.rows:
        yield from _wrapped(row[0], "- ")
        rest = zip(table.head[1:], row[1:], strict=True)
        yield from _wrapped("; ".join(f"{head}: {cell}" for head, cell in rest if cell), "  ")


def _wrapped(words: str, before: str = "") -> list[str]:
    return list(_wrapped_once(words, before))


@lru_cache(maxsize=512)
def _wrapped_once(words: str, before: str) -> tuple[str, ...]:
    """Most sentences of a hundred thousand notices are the same ones."""
    wrapper = TextWrapper(
        _WIDTH,
        initial_indent=before,
        subsequent_indent=" " * len(before),
        break_on_hyphens=False,
        break_long_words=False,
    )
    return tuple(wrapper.wrap(words))
