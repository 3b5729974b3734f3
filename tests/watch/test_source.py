"""Files, plain and packed, whole and broken: every line once, and nothing fills the memory."""

from __future__ import annotations

import bz2
import gzip
import lzma

import pytest
import zstandard

from himaya.core.errors import InputError
from himaya.watch import source as module
from himaya.watch.source import open_source

LINES = [f"line {number}" for number in range(5000)]
TEXT = ("\n".join(LINES) + "\n").encode()

PACK = {
    "plain": lambda data: data,
    "gzip": gzip.compress,
    "gzip of two": lambda data: gzip.compress(data[:100]) + gzip.compress(data[100:]),
    "zstd": zstandard.ZstdCompressor().compress,
    "zstd of two": lambda d: (
        zstandard.ZstdCompressor().compress(d[:100]) + zstandard.ZstdCompressor().compress(d[100:])
    ),
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "utf-8 with mark": lambda data: b"\xef\xbb\xbf" + data,
    "utf-16": lambda data: data.decode().encode("utf-16"),
    "utf-16 big end": lambda data: b"\xfe\xff" + data.decode().encode("utf-16-be"),
}


def lines_of(path):
    source = open_source(str(path))
    chunks = list(source.chunks())
    source.close()
    return [line for chunk in chunks for line in chunk.data.decode().split("\n")], chunks, source


@pytest.mark.parametrize("packing", PACK)
def test_every_packing_gives_the_same_lines(tmp_path, packing):
    """Plain, gzip, zstd, bzip2, xz and UTF-16: the same lines come out."""
    path = tmp_path / "log"
    path.write_bytes(PACK[packing](TEXT))
    lines, _, source = lines_of(path)
    assert lines == LINES
    assert source.torn == ""


@pytest.mark.parametrize("packing", ["gzip", "zstd", "bzip2", "xz"])
def test_a_cut_off_file_gives_what_is_there_and_says_so(tmp_path, packing):
    """What stands before the damage is read; the rest is told of, not passed over in silence."""
    packed = PACK[packing](b"".join(b"%d %d\n" % (n, n * 7919 % 100_003) for n in range(200_000)))
    path = tmp_path / "log"
    path.write_bytes(packed[: len(packed) * 2 // 3])
    lines, _, source = lines_of(path)
    assert len(lines) > 1000
    assert "cut off or damaged" in source.torn


def test_chunks_are_whole_lines_with_their_numbers(tmp_path, monkeypatch):
    """Chunks are cut at line ends only, and know the number of their first line."""
    monkeypatch.setattr(module, "BLOCK", 1000)
    path = tmp_path / "log"
    path.write_bytes(TEXT)
    lines, chunks, _ = lines_of(path)
    assert lines == LINES
    assert len(chunks) > 20
    for chunk in chunks:
        assert chunk.data.split(b"\n")[0].decode() == LINES[chunk.first_line - 1]


def test_what_was_peeked_comes_again(tmp_path, monkeypatch):
    """A sample takes nothing away from what is read later."""
    monkeypatch.setattr(module, "BLOCK", 1000)
    path = tmp_path / "log"
    path.write_bytes(TEXT)
    source = open_source(str(path))
    source.peek()
    source.peek()
    assert b"\n".join(chunk.data for chunk in source.chunks()) + b"\n" == TEXT
    source.close()


@pytest.mark.parametrize("place", ["first", "middle", "last", "only"])
def test_a_line_without_end_is_one_malformed_line(tmp_path, monkeypatch, place):
    """A line past the bound is cut, counted once, and the lines around it are not lost."""
    monkeypatch.setattr(module, "BLOCK", 1000)
    monkeypatch.setattr(module, "MAX_LINE", 1000)
    parts = {
        "first": [b"x" * 7777, b"a", b"b"],
        "middle": [b"a", b"x" * 7777, b"b"],
        "last": [b"a", b"b", b"x" * 7777],
        "only": [b"x" * 7777],
    }[place]
    path = tmp_path / "log"
    path.write_bytes(b"\n".join(parts))
    source = open_source(str(path))
    chunks = list(source.chunks())
    source.close()
    over = [chunk for chunk in chunks if chunk.oversize]
    assert [chunk.first_line for chunk in over] == [parts.index(b"x" * 7777) + 1]
    assert len(over[0].data) <= 400
    rest = b"\n".join(chunk.data for chunk in chunks if not chunk.oversize)
    assert rest.split(b"\n") == [part for part in parts if len(part) == 1] or place == "only"


def test_an_empty_file_has_no_chunks(tmp_path):
    """An empty log is a log with no lines."""
    path = tmp_path / "log"
    path.write_bytes(b"")
    assert lines_of(path)[1] == []


@pytest.mark.parametrize(
    ("data", "word"),
    [(b"PK\x03\x04rest", "zip"), (b"%PDF-1.7", "PDF"), (b"SQLite format 3\0", "SQLite")],
)
def test_foreign_files_are_named(tmp_path, data, word):
    """A file that is plainly something else is called by its name."""
    path = tmp_path / "log"
    path.write_bytes(data)
    with pytest.raises(InputError, match=word):
        open_source(str(path))


def test_what_cannot_be_opened_is_an_input_error(tmp_path):
    """A missing file and a directory are errors with the path."""
    with pytest.raises(InputError, match="cannot be read"):
        open_source(str(tmp_path / "missing"))
    with pytest.raises(InputError, match="directory"):
        open_source(str(tmp_path))
