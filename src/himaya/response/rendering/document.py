"""The one model of whatever is sent to somebody: parts with sentences, points, tables and links, and marks."""

from __future__ import annotations

from typing import Literal

import msgspec


class Table(msgspec.Struct, frozen=True):
    """Figures; the first cell of a row says what the row is about. `caption` may be ""."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Link(msgspec.Struct, frozen=True):
    """A name and an address; it is drawn as a link where the address is plain http or https."""

    words: str
    url: str


class Part(msgspec.Struct, frozen=True):
    """A part of a document: sentences, points, a table, links, lines to be filled in by hand; each may be missing."""

    title: str
    sentences: tuple[str, ...] = ()
    points: tuple[str, ...] = ()
    table: Table | None = None
    links: tuple[Link, ...] = ()
    blanks: tuple[str, ...] = ()


class Document(msgspec.Struct, frozen=True):
    """A whole document. `language` is a BCP 47 tag, `direction` how its lines run.

    `marks` stand above everything, such as that it is a draft; `about` are names and values on top; `foot` are the last
    lines. On paper the first mark and the first line of the foot stand on every page. Foreign text is put in by
    `shown.within` or `shown.value` alone.
    """

    language: str
    direction: Literal["ltr", "rtl"]
    title: str
    parts: tuple[Part, ...]
    marks: tuple[str, ...] = ()
    about: tuple[tuple[str, str], ...] = ()
    opening: tuple[str, ...] = ()
    foot: tuple[str, ...] = ()
