"""The one model of whatever is sent to somebody: parts with sentences, points, tables and links, and marks."""

from __future__ import annotations

from typing import Literal

import msgspec


class Table(msgspec.Struct, frozen=True):
    """Figures; the first cell of a row says what the row is about. `caption` says what the table shows."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Link(msgspec.Struct, frozen=True):
    """A name and an address; it is drawn as a link where the address is plain http or https."""

    words: str
    url: str


class Part(msgspec.Struct, frozen=True):
    """A part of a document: sentences, then points, a table, links; each may be missing."""

    title: str
    sentences: tuple[str, ...] = ()
    points: tuple[str, ...] = ()
    table: Table | None = None
    links: tuple[Link, ...] = ()


class Document(msgspec.Struct, frozen=True):
    """A whole document. `language` is a BCP 47 tag, `direction` how its lines run.

    `marks` are what stands on every page, such as that it is a draft; `about` are names and values on top; `foot` are
    the last lines. Foreign text is put in by `shown.value` alone.
    """

    language: str
    direction: Literal["ltr", "rtl"]
    title: str
    parts: tuple[Part, ...]
    marks: tuple[str, ...] = ()
    about: tuple[tuple[str, str], ...] = ()
    opening: tuple[str, ...] = ()
    foot: tuple[str, ...] = ()
