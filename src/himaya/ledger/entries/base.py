"""The base of every entry, and how a file of rows is named in the chain."""

from __future__ import annotations

import msgspec


class Entry(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Base of all entries."""

    at: str


class File(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A file of rows of one day. `first` and `last` are times in microseconds.

    `archive`: encrypted with the sealing key, readable only with its private half.
    """

    name: str
    day: int
    sha256: str
    bytes: int
    rows: int
    first: int
    last: int
    archive: bool = False


class Files(Entry, frozen=True):
    """Base of entries that change which files count.

    `ends`: for each writer's slot, segments up to that number are in the files. `upto` says so of the first slot, in
    entries of format 1.
    """

    add: tuple[File, ...] = ()
    drop: tuple[str, ...] = ()
    upto: int = 0
    ends: dict[int, int] = {}
