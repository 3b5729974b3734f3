"""A followed log: every line once, in order, through every kind of rotation and restart."""

from __future__ import annotations

import gzip
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from himaya.watch import tail as module
from himaya.watch.tail import Tail, end_of


class Log:
    """A log that is written and rotated, and whoever follows it, on a clock of their own."""

    def __init__(self, folder):
        self.path = folder / "access.log"
        self.path.write_text("")
        self.now = 0.0
        self.number = 0
        self.written = []
        self.read = []
        self.gaps = []
        self.mark = None
        self.handle = self.path.open("ab")
        self.tail = self.follower()

    def follower(self):
        return Tail(self.path, self.mark, clock=lambda: self.now)

    def write(self, count=1, *, end=b"\n"):
        for _ in range(count):
            self.number += 1
            text = f"line {self.number} {'x' * (self.number % 50)}"
            self.handle.write(text.encode() + end)
            self.handle.flush()
            self.written.append(text)

    def take(self):
        """Read all there is, waiting out the time that old files are kept open."""
        for _ in range(60):
            piece = self.tail.read()
            if piece is None:
                self.now += 1.0
                continue
            self.note(piece)

    def take_one(self):
        piece = self.tail.read()
        if piece is not None:
            self.note(piece)

    def note(self, piece):
        lines = piece.data.decode().split("\n")
        assert piece.oversize or piece.first_line + len(lines) - 1 == piece.mark.line
        self.read += lines
        self.mark = piece.mark
        if piece.gap:
            self.gaps.append(piece.gap)

    def shift(self):
        """Move rotated files on by one number, as logrotate does."""
        for number in range(40, 0, -1):
            for tail in ("", ".gz"):
                old = Path(f"{self.path}.{number}{tail}")
                if old.exists():
                    old.rename(f"{self.path}.{number + 1}{tail}")

    def rename(self, late=0):
        """Rotate by renaming; the server writes `late` more lines before it opens the new file."""
        self.shift()
        self.path.rename(f"{self.path}.1")
        self.path.touch()
        self.write(late)
        self.handle.close()
        self.handle = self.path.open("ab")

    def copytruncate(self):
        """Rotate by copying and emptying in place."""
        self.shift()
        shutil.copy2(self.path, f"{self.path}.1")
        os.truncate(self.path, 0)

    def pack(self):
        """Pack the newest rotated file."""
        old = Path(f"{self.path}.1")
        if old.exists():
            stat = old.stat()
            packed = Path(f"{old}.gz")
            packed.write_bytes(gzip.compress(old.read_bytes()))
            os.utime(packed, ns=(stat.st_atime_ns, stat.st_mtime_ns))
            old.unlink()

    def restart(self):
        """A new follower takes up where the last one stood."""
        self.tail.close()
        self.tail = self.follower()

    def close(self):
        self.tail.close()
        self.handle.close()


@pytest.fixture(name="log")
def _log(tmp_path):
    log = Log(tmp_path)
    yield log
    log.close()


def test_lines_as_they_are_written(log):
    """Whole lines come at once; half a line waits for its end."""
    log.write(3)
    log.write(end=b"")
    log.take()
    assert log.read == log.written[:3]
    log.handle.write(b"\n")
    log.handle.flush()
    log.take()
    assert log.read == log.written


def test_rename_and_create_with_late_lines(log):
    """Lines that go to the old file after it was renamed are read before those of the new one."""
    log.write(3)
    log.take_one()
    log.rename(late=2)
    log.write(3)
    log.take()
    assert log.read == log.written


def test_copy_and_truncate(log):
    """Lines that were not read before the log was emptied are read from the copy."""
    log.write(5)
    log.take()
    log.write(5)
    log.copytruncate()
    log.write(1)
    log.take()
    assert log.read == log.written
    assert log.gaps == []


def test_truncated_and_grown_beyond_where_it_was(log):
    """A log emptied and filled again is known by its beginning, even when it is longer than before."""
    log.write(5)
    log.take()
    log.copytruncate()
    log.write(50)
    log.take()
    assert log.read == log.written


def test_emptied_without_a_copy_is_a_gap(log):
    """Lines that nobody kept cannot be read: that is said with the next piece."""
    log.write(5)
    log.take()
    log.write(2)
    os.truncate(log.path, 0)
    log.write(2)
    log.take()
    assert log.read == [*log.written[:5], *log.written[7:]]
    assert "emptied" in log.gaps[0]


def test_several_rotations_while_nobody_read(log):
    """A follower that was away finds its file under another name, packed, and those that came after."""
    log.write(4)
    log.take()
    log.write(4)
    for number in range(3):
        log.rename()
        os.utime(f"{log.path}.1", (1_700_000_000 + number, 1_700_000_000 + number))
        if number < 2:
            log.pack()
        log.write(4)
    log.restart()
    log.take()
    assert log.read == log.written
    assert log.gaps == []


def test_a_file_rotated_away_for_good_is_a_gap(log):
    """When the file is gone the follower begins at the log that is there, and says so."""
    log.write(4)
    log.take()
    log.rename()
    log.write(2)
    Path(f"{log.path}.1").unlink()
    log.restart()
    log.take()
    assert log.read == log.written
    assert "rotated away" in log.gaps[0]


def test_an_inode_used_again(log):
    """A new file with the old file's inode is not taken for the old one."""
    log.write(4)
    log.take()
    log.mark = module.FileMark(
        log.path.stat().st_ino, log.mark.head, log.mark.head_bytes, log.mark.offset, log.mark.line
    )
    log.path.write_text("")
    log.write(9)
    log.written = log.written[4:]
    log.read = []
    log.restart()
    log.take()
    assert log.read == log.written
    assert len(log.gaps) == 1


def test_a_log_that_is_not_there_yet(tmp_path):
    """A follower may be started before the server writes its first line."""
    tail = Tail(tmp_path / "log", None, clock=lambda: 0.0)
    assert tail.read() is None
    (tmp_path / "log").write_text("a\nb\n")
    assert tail.read().data == b"a\nb"
    tail.close()


def test_a_huge_line_is_cut_and_the_next_is_read(log, monkeypatch):
    """A line past the bound is handed out cut, once; the one behind it is whole."""
    monkeypatch.setattr(module, "PIECE", 1000)
    log.write(1)
    log.handle.write(b"y" * 50_000 + b"\n")
    log.write(1)
    log.take()
    assert [line[:6] for line in log.read] == ["line 1", "yyyyyy", "line 2"]
    assert len(log.read[1]) == 400


def test_beginning_at_the_end(log):
    """`--from-end` stands behind the last whole line."""
    log.write(3)
    log.write(end=b"")
    log.mark = end_of(log.path)
    log.restart()
    log.handle.write(b" and its end\n")
    log.handle.flush()
    log.take()
    assert log.read == [f"{log.written[3]} and its end"]
    assert end_of(log.path.with_name("missing")) is None


STEPS = st.lists(
    st.sampled_from(
        ["write", "write", "write", "one", "take", "rename", "copy", "pack", "restart"]
    ),
    max_size=25,
)


@given(STEPS)
def test_every_line_once_in_order_whatever_happens(tmp_path_factory, steps):
    """For any sequence of writing, rotating, packing and restarting, the lines read are those written."""
    log = Log(tmp_path_factory.mktemp("log"))
    log.write(1)
    log.take()
    clock = 1_700_000_000
    for step in steps:
        if step == "write":
            log.write(3)
        elif step == "one":
            log.take_one()
        elif step == "take":
            log.take()
        elif step == "rename":
            log.rename()
            clock += 10
            os.utime(f"{log.path}.1", (clock, clock))
            log.write(1)
        elif step == "copy":
            log.copytruncate()
            clock += 10
            os.utime(f"{log.path}.1", (clock, clock))
            log.write(1)
        elif step == "pack":
            log.pack()
        else:
            log.restart()
    log.take()
    log.close()
    assert log.read == log.written
    assert log.gaps == []
