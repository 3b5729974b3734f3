"""Whole lines of a log as they are written, through rotation.

Handled: rename and create (with lines still going to the old file for a while), copy and truncate, a
rotated file packed, an inode used again, several rotations while nobody read. A file is known by its
first bytes rather than by its name or inode.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

import msgspec

from himaya.watch.bookmark import FileMark
from himaya.watch.logfile import (
    LogFile,
    PackedFile,
    PlainFile,
    is_marked,
    mark_of,
    open_log,
    siblings,
)

#: Bytes of whole lines handed out at once.
PIECE = 1 << 20

#: A rotated file is left when it was quiet for this long: servers reopen their log late.
GRACE_S = 2.0


class Piece(msgspec.Struct):
    """Whole lines, without the last newline; `mark` stands behind them.

    `begins` is set on the first piece of a file; `gap` says why lines before this piece may be missing,
    `oversize` that it is the beginning of one line too long to be kept.
    """

    data: bytes
    first_line: int
    mark: FileMark
    begins: bool = False
    gap: str = ""
    oversize: bool = False


class Tail:
    """Follows one log. `read` returns what is new, or None; it never waits."""

    def __init__(
        self,
        path: Path,
        mark: FileMark | None,
        *,
        clock: Callable[[], float] = time.monotonic,
        grace_s: float = GRACE_S,
    ) -> None:
        """Begin at `mark`, or at the beginning of the log."""
        self._grace_s = grace_s
        self.path = path
        self._clock = clock
        self._file: LogFile | None = None
        self._offset = 0
        self._line = 0
        self._begins = True
        self._gap = ""
        self._skipping = False
        self._grew = clock()
        self._next: deque[Path] = deque()
        self._mark = FileMark()
        if mark is None:
            self._open_next()
        else:
            self._resume(mark)

    @property
    def mark(self) -> FileMark:
        """Return the place behind what was read; of a log that is not there yet, the empty one."""
        return self._mark

    def read(self) -> Piece | None:
        """Return the next piece, None when there is nothing new for now."""
        file = self._file or self._open_next()
        if file is None or (
            isinstance(file, PlainFile) and file.live and self._was_begun_anew(file)
        ):
            return None
        piece = self._cut(file, file.read(self._offset, PIECE + 1))
        if piece is not None:
            self._grew = self._clock()
            return piece
        return self._rest(file) if self._is_over(file) else None

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    # lines --------------------------------------------------------------------------------------

    def _cut(self, file: LogFile, data: bytes) -> Piece | None:
        """Return the whole lines of what was read."""
        if self._skipping:
            data = self._skip(data)
        end = data.rfind(b"\n", 0, PIECE)
        if end >= 0:
            return self._piece(file, data[:end], end + 1, data.count(b"\n", 0, end + 1))
        if len(data) > PIECE:
            self._skipping = True
            return self._piece(file, data[:400], len(data), 1, oversize=True)
        return None

    def _skip(self, data: bytes) -> bytes:
        """Pass over the rest of a line that is too long; return what stands behind it."""
        end = data.find(b"\n") + 1
        self._offset += end or len(data)
        self._skipping = not end
        return data[end:] if end else b""

    def _rest(self, file: LogFile) -> Piece | None:
        """Leave a file that is over; its last line may lack its newline."""
        data = file.read(self._offset, PIECE)
        if data and not self._skipping:
            return self._piece(file, data, len(data), 1)
        # Looked up now: files may have been rotated on while this one was read.
        self._next = deque(self._rotated_since(file))
        self.close()
        return self.read()

    def _piece(
        self, file: LogFile, data: bytes, size: int, lines: int, *, oversize: bool = False
    ) -> Piece:
        first = self._line + 1
        self._offset += size
        self._line += lines
        self._mark = mark_of(file, self._offset, self._line)
        piece = Piece(
            data,
            first,
            self._mark,
            begins=self._begins,
            gap=self._gap,
            oversize=oversize,
        )
        self._begins, self._gap = False, ""
        return piece

    # files --------------------------------------------------------------------------------------

    def _open_next(self) -> LogFile | None:
        """Open the next rotated file that is waiting, else the live one."""
        while self._next:
            file = open_log(self._next.popleft())
            if file is not None:
                return self._begin(file, 0, 0)
        live = open_log(self.path, live=True)
        return None if live is None else self._begin(live, 0, 0)

    def _begin(self, file: LogFile, offset: int, line: int) -> LogFile:
        self._file, self._offset, self._line = file, offset, line
        self._mark = mark_of(file, offset, line)
        self._begins = True
        self._skipping = False
        self._grew = self._clock()
        return file

    def _resume(self, mark: FileMark) -> None:
        """Find the file of a mark again, and what was written after it."""
        live = open_log(self.path, live=True)
        if live is not None:
            if is_marked(live, mark) and _reaches(live, mark.offset):
                self._begin(live, mark.offset, mark.line)
                return
            live.close()
        if not self._resume_rotated(mark):
            self._gap = "the log was rotated away before all its lines were read"

    def _resume_rotated(self, mark: FileMark) -> bool:
        """Go on in the rotated file of a mark, and then in those after it."""
        rotated = siblings(self.path)
        for index, path in enumerate(rotated):
            file = open_log(path)
            if file is None:
                continue
            if is_marked(file, mark) and _reaches(file, mark.offset):
                self._next = deque(
                    each for each in rotated[index + 1 :] if not _is_copy(each, mark)
                )
                self._begin(file, mark.offset, mark.line)
                return True
            file.close()
        return False

    def _was_begun_anew(self, file: PlainFile) -> bool:
        """Notice that the live file was emptied in place, and go on from its copy if there is one."""
        if file.size() >= self._offset and is_marked(file, self._mark):
            return False
        before = self._mark
        self.close()
        if not self._resume_rotated(before):
            self._gap = "the log was emptied; lines written before may be missing"
        return True

    def _is_over(self, file: LogFile) -> bool:
        """Tell whether nobody will write to a file any more."""
        if isinstance(file, PackedFile):
            return True
        if file.live and _inode(self.path) in {file.inode, 0}:
            return False
        # Whoever writes may still have the old file open: it must have been quiet for a while.
        quiet = self._clock() - self._grew >= self._grace_s
        return quiet or (isinstance(file, PlainFile) and file.age() >= self._grace_s)

    def _rotated_since(self, file: LogFile) -> list[Path]:
        """Return files that were rotated after one that is over, the oldest first."""
        later = [each for each in siblings(self.path) if _changed(each) > file.changed()]
        return [each for each in later if not _is_copy(each, self._mark)]


def end_of(path: Path) -> FileMark | None:
    """Return the place behind the last whole line of a log, None when it is not there."""
    file = open_log(path, live=True)
    if file is None or not isinstance(file, PlainFile):
        return None
    size = end = file.size()
    while end and file.read(end - 1, 1) != b"\n":
        start = max(0, end - PIECE)
        end = start + file.read(start, end - start).rfind(b"\n") + 1
    mark = mark_of(file, end if size else 0, 0)
    file.close()
    return mark


def _reaches(file: LogFile, offset: int) -> bool:
    """Tell whether a file is at least as long as what was read of it."""
    return not isinstance(file, PlainFile) or file.size() >= offset


def _is_copy(path: Path, mark: FileMark) -> bool:
    """Tell whether a file is the one of a mark, packed or copied."""
    file = open_log(path)
    if file is None:
        return False
    try:
        return is_marked(file, mark)
    finally:
        file.close()


def _inode(path: Path) -> int:
    """Return the inode of a file, 0 when it is not there."""
    try:
        return path.stat().st_ino
    except OSError:
        return 0


def _changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
