from __future__ import annotations

from pathlib import Path

import pytest
from tests.ledger.making import DAY, NOON, disclosed, write

from himaya.core.errors import InputError, LedgerError
from himaya.ledger.attachments import Attachments
from himaya.ledger.reader import Reader


@pytest.fixture(name="reader")
def _reader(tmp_path: Path):
    write(tmp_path / "ledger", disclosed(NOON, "u1", "p1"))
    with Reader.open(tmp_path / "ledger") as reader:
        yield reader


def kept(reader: Reader) -> Attachments:
    return Attachments(reader.layout, reader.chain, reader.keys)


def attach(reader: Reader, directory: Path, data: bytes, days: int = 30) -> str:
    (directory / "found.csv").write_bytes(data)
    return kept(reader).attach(
        directory / "found.csv", days, NOON, why="claim", by="dana", case="g-1"
    )


@pytest.mark.parametrize("size", [0, 10, 1 << 20, (1 << 20) + 1, 3_000_000])
def test_a_kept_file_comes_back_whole(reader, tmp_path, size):
    """What is attached reads back byte by byte; on the disk it stands encrypted, for its owner alone."""
    data = (b"secret-name," * (size // 12 + 1))[:size]
    name = attach(reader, tmp_path, data)
    with kept(reader).open(name) as file:
        assert file.read() == data
    path = tmp_path / "ledger.found" / f"{name}.sealed"
    assert path.stat().st_mode & 0o777 == 0o600
    assert b"secret-name" not in path.read_bytes()
    told = list(reader.log())[-1]
    assert (told["kind"], told["case"], told["why"], told["by"]) == (
        "attached",
        "g-1",
        "claim",
        "dana",
    )


def test_a_kept_file_ends_with_its_time(reader, tmp_path):
    """It is there until its time is over; then it is removed, and the chain says so."""
    name = attach(reader, tmp_path, b"id\np1\n", days=2)
    assert kept(reader).expire(NOON + 2 * DAY - 1) == 0
    assert kept(reader).expire(NOON + 2 * DAY) == 1
    assert list((tmp_path / "ledger.found").iterdir()) == []
    assert list(reader.log())[-1]["kind"] == "detached"
    with pytest.raises(InputError, match="no attached file"):
        kept(reader).open(name)
    assert kept(reader).expire(NOON + 9 * DAY) == 0


def test_an_attachment_that_never_ended_goes(reader, tmp_path):
    """What a crash left behind, without an entry of the chain, is removed after an hour."""
    attach(reader, tmp_path, b"id\n")
    orphan = tmp_path / "ledger.found" / "00ff.sealed"
    orphan.write_bytes(b"half")
    kept(reader).expire(orphan.stat().st_mtime + 60)
    assert orphan.exists()
    kept(reader).expire(orphan.stat().st_mtime + 3601)
    assert not orphan.exists()


@pytest.mark.parametrize("change", ["flip", "cut", "swap"])
def test_a_changed_file_does_not_open(reader, tmp_path, change):
    """A file with a changed byte, a missing end, or another's content is an error, never other rows."""
    name = attach(reader, tmp_path, b"x" * 3_000_000)
    path = tmp_path / "ledger.found" / f"{name}.sealed"
    data = bytearray(path.read_bytes())
    if change == "flip":
        data[-1] ^= 1
    elif change == "cut":
        del data[-(len(data) // 3) :]
    else:
        other = attach(reader, tmp_path, b"y" * 10)
        data = bytearray((tmp_path / "ledger.found" / f"{other}.sealed").read_bytes())
    path.write_bytes(data)
    with pytest.raises(LedgerError, match="does not open"), kept(reader).open(name) as file:
        file.read()
