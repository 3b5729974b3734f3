"""A letter: plain words to one person, as text and as a page that loads nothing, runs nothing and can be printed."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

import msgspec

from himaya._version import __version__
from himaya.evidence.page import environment
from himaya.evidence.words import visible

#: Rows of one table: whoever views somebody from many addresses must not make a letter endless.
MOST_ROWS = 1000

_WIDTH = 78


class Table(msgspec.Struct, frozen=True):
    """Figures of a section; the first cell of a row says what the row is about."""

    caption: str
    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


def table_of(caption: str, head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Table:
    """Return a table of the first `MOST_ROWS` rows; of more its caption says so."""
    if len(rows) > MOST_ROWS:
        caption += f" The first {MOST_ROWS:,} of {len(rows):,}; the JSON has all."
    return Table(caption, head, rows[:MOST_ROWS])


class Section(msgspec.Struct, frozen=True):
    """A part of a letter: sentences, then points, then a table; each may be missing."""

    title: str
    sentences: list[str] = []
    points: list[str] = []
    table: Table | None = None


class Letter(msgspec.Struct, frozen=True):
    """A letter. `about` are names and values that stand on top."""

    kind: str
    title: str
    about: list[tuple[str, str]]
    sections: list[Section]


def text_of(letter: Letter) -> str:
    """Return a letter as plain text, at most 78 characters a line where words allow it."""
    lines = [*_wrapped(letter.title), ""]
    lines += [line for name, value in letter.about for line in _wrapped(f"{name}: {value}")]
    for section in letter.sections:
        lines += ["", *_wrapped(section.title.upper()), ""]
        for sentence in section.sentences:
            lines += _wrapped(sentence)
        for point in section.points:
            lines += _wrapped(point, "- ")
        lines += _rows(section.table) if section.table else []
    return "\n".join(lines) + "\n"


def _rows(table: Table) -> list[str]:
    lines = [*_wrapped(table.caption)]
    for row in table.rows:
        lines += _wrapped(row[0], "- ")
        rest = zip(table.head[1:], row[1:], strict=True)
        lines += _wrapped("; ".join(f"{head}: {cell}" for head, cell in rest if cell), "  ")
    return lines


def _wrapped(words: str, before: str = "") -> list[str]:
    """Return words as lines. What could steer a terminal or turn text around is written out."""
    return wrap(
        visible(words),
        _WIDTH,
        initial_indent=before,
        subsequent_indent=" " * len(before),
        break_on_hyphens=False,
    )


def page_of(letter: Letter) -> str:
    """Return a letter as a whole HTML document."""
    template = environment().get_template("letter.html.j2")
    return template.render(letter=letter, version=__version__)
