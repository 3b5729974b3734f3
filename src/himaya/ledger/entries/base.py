"""The base of every entry, and how a file of rows is named in the chain."""

from __future__ import annotations

import msgspec


class Entry(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Base of all entries."""

    at: str


class Twin(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The second copy of a file of rows, of the same name, and what is known of the rows without reading them.

    `gaps` of them are unobserved periods. `first` and `last` are the times (microseconds) of the others; 0 and -1
    where there are no others.
    """

    sha256: str
    bytes: int
    gaps: int = 0
    first: int = 0
    last: int = -1


class File(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A file of rows of one day. `first` and `last` are times in microseconds.

    `archive`: encrypted with the sealing key, readable only with its private half. `twin` is its copy in the other
    order; files of earlier releases and archives have none. `longer`: rows of members of confirmed cases, sealed apart
    since they are kept longer.
    """

    name: str
    day: int
    sha256: str
    bytes: int
    rows: int
    first: int
    last: int
    archive: bool = False
    twin: Twin | None = None
    longer: bool = False

    @property
    def stored(self) -> int:
        """Return the bytes of its copies together."""
        return self.bytes + (self.twin.bytes if self.twin else 0)


class CompactFile(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A file of compact rows: `rows` of UTC days from `first` to `last`, and the SHA-256 of the file."""

    name: str
    sha256: str
    rows: int
    first: int
    last: int


class Files(Entry, frozen=True):
    """Base of entries that change which files count.

    `ends`: for each writer's slot, segments up to that number are in the files. `upto` says so of the first slot, in
    entries of format 1.
    """

    add: tuple[File, ...] = ()
    drop: tuple[str, ...] = ()
    upto: int = 0
    ends: dict[int, int] = {}
