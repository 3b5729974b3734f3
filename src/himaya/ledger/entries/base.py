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


class CompactFile(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A file of compact rows: `rows` of UTC days from `first` to `last`, and the SHA-256 of the file."""

    name: str
    sha256: str
    rows: int
    first: int
    last: int


class Files(Entry, frozen=True):
    """Base of entries that change which files count. `upto`: segments up to it are in the files."""

    add: tuple[File, ...] = ()
    drop: tuple[str, ...] = ()
    upto: int = 0
