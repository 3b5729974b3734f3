"""A file that somebody found, read row by row: CSV, TSV or JSON lines. Nothing of it is written anywhere.

Every row is counted. What cannot be read (no UTF-8, too long, another number of cells, no id) is unusable, never
guessed.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, Literal
from urllib.parse import unquote

import msgspec

from himaya.core.errors import InputError

Form = Literal["csv", "tsv", "jsonl"]

#: The longest line in bytes; a longer one is one unusable row.
MAX_LINE = 1 << 20
#: Rows that are in memory at once.
CHUNK = 20_000
_FORMS: dict[str, Form] = {".csv": "csv", ".tsv": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
_HERE = "{subject}"


class Wanted(msgspec.Struct, frozen=True):
    """What is taken of each row: columns with the id of a person, tried in order, and further columns.

    `pattern` is "" where a column holds the bare id, else a template such as `/u/{subject}` that is looked for in it.
    """

    keys: tuple[str, ...]
    columns: tuple[str, ...] = ()
    pattern: str = ""


class Chunk(msgspec.Struct):
    """Some rows: per key column the ids ("" for none), per further column the texts; and rows that are unusable."""

    keys: list[list[str]]
    columns: list[list[str]]
    unusable: int = 0

    def __len__(self) -> int:
        """Return the number of usable rows."""
        return len(self.keys[0])


def form_of(path: Path) -> Form:
    """Return the form that a file's name says. Raises InputError."""
    if form := _FORMS.get(path.suffix.lower()):
        return form
    raise InputError(
        "the name does not say how it is written; add --format csv, tsv or jsonl", file=str(path)
    )


class FileRows:
    """The rows of one file, in chunks."""

    def __init__(
        self, path: Path, wanted: Wanted, form: Form, opened: Callable[[], IO[bytes]] | None = None
    ) -> None:
        """Take what to read: `path`, or with `opened` what that gives, `path` being its name in messages.

        Raises InputError: a pattern without `{subject}`.
        """
        self._path, self._wanted, self._form = path, wanted, form
        self._opened: Callable[[], IO[bytes]] = opened or (lambda: path.open("rb"))
        self._id = _taker(wanted.pattern)
        self._unusable = 0

    def chunks(self) -> Iterator[Chunk]:
        """Yield all rows. Raises InputError: unreadable file, no such column."""
        try:
            with self._opened() as file:
                yield from self._chunks(file)
        except OSError as problem:
            raise InputError(
                f"cannot be read: {problem.strerror}", file=str(self._path)
            ) from problem

    def _chunks(self, file: IO[bytes]) -> Iterator[Chunk]:
        names = (*self._wanted.keys, *self._wanted.columns)
        rows = self._objects(file, names) if self._form == "jsonl" else self._table(file, names)
        keys = len(self._wanted.keys)
        taken: list[tuple[str, ...]] = []
        for row in rows:
            ids = tuple(map(self._id, row[:keys]))
            if not any(ids):
                self._unusable += 1
            else:
                taken.append((*ids, *row[keys:]))
            if len(taken) >= CHUNK or self._unusable >= CHUNK:
                yield self._made(taken)
                taken = []
        yield self._made(taken)

    def _made(self, rows: Sequence[tuple[str, ...]]) -> Chunk:
        """Return rows column by column, and forget what was counted."""
        width = len(self._wanted.keys) + len(self._wanted.columns)
        columns = [list(one) for one in zip(*rows, strict=True)] or [[] for _ in range(width)]
        keys = len(self._wanted.keys)
        unusable, self._unusable = self._unusable, 0
        return Chunk(columns[:keys], columns[keys:], unusable)

    # -- lines ---------------------------------------------------------------------------------

    def _lines(self, file: IO[bytes]) -> Iterator[str]:
        """Yield the lines that are text and not too long; count the others."""
        first = "utf-8-sig"
        while line := file.readline(MAX_LINE):
            if len(line) == MAX_LINE and not line.endswith(b"\n"):
                while (rest := file.readline(MAX_LINE)) and not rest.endswith(b"\n"):
                    pass
                self._unusable += 1
                continue
            try:
                yield line.decode(first)
            except UnicodeDecodeError:
                self._unusable += 1
            first = "utf-8"

    def _objects(self, file: IO[bytes], names: Sequence[str]) -> Iterator[tuple[str, ...]]:
        decode = msgspec.json.Decoder(dict[str, Any]).decode
        for line in self._lines(file):
            if not line.strip():
                continue
            try:
                told = decode(line)
            except (msgspec.DecodeError, RecursionError):
                self._unusable += 1
                continue
            yield tuple([_text(told.get(name)) for name in names])

    def _table(self, file: IO[bytes], names: Sequence[str]) -> Iterator[tuple[str, ...]]:
        delimiter = "\t" if self._form == "tsv" else ","
        reader = csv.reader(self._lines(file), delimiter=delimiter, strict=True)
        rows = self._records(reader)
        head = next(rows, [])
        places = self._places(head, names)
        for row in rows:
            if len(row) == len(head):
                yield tuple([row[place] for place in places])
            else:
                self._unusable += 1

    def _records(self, reader: Any) -> Iterator[list[str]]:  # noqa: ANN401  (csv names no type)
        """Yield the records that are well formed; of one that is not, every line counts."""
        line = 0
        while True:
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error:
                self._unusable += max(1, reader.line_num - line)
                row = []
            line = reader.line_num
            if row:
                yield row

    def _places(self, head: list[str], names: Sequence[str]) -> list[int]:
        for name in names:
            if head.count(name) != 1:
                how = "stands there twice" if name in head else "is not in its first line"
                raise InputError(f"column {name!r} {how}", file=str(self._path), line=1)
        return [head.index(name) for name in names]


def _text(value: object) -> str:
    """Return a value of JSON as text: strings and whole numbers; everything else is nothing."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value)


def _taker(pattern: str) -> Callable[[str], str]:
    """Return what takes the id out of a cell; it gives "" for none. Raises InputError."""
    if not pattern:
        return str.strip
    before, here, after = pattern.partition(_HERE)
    if not here or not (before or after):
        raise InputError(f"--key-pattern {pattern!r}: write what stands around {_HERE}")
    form = re.compile(f"{re.escape(before)}([^/?#\\s]+){re.escape(after)}")

    def take(cell: str) -> str:
        found = form.search(cell)
        return unquote(found[1]) if found else ""

    return take
