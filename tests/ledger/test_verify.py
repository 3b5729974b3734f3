from __future__ import annotations

import random
from pathlib import Path

import pytest
from tests.ledger.making import DAY, NOON, disclosed, write

from himaya.core.errors import LedgerError
from himaya.ledger import Ledger
from himaya.ledger.files import Layout
from himaya.ledger.keys import read_key_file
from himaya.ledger.reader import Reader
from himaya.ledger.verify import verify


def _verify(directory: Path) -> list[str]:
    return verify(Layout(directory), read_key_file(directory.with_name(directory.name + ".key")))


@pytest.fixture(name="ledger")
def _ledger(tmp_path: Path) -> Path:
    items = [disclosed(NOON + n * DAY / 9, f"u{n % 7}", f"p{n}") for n in range(50)]
    write(tmp_path / "l", *items)
    return tmp_path / "l"


def test_a_sound_ledger_has_no_problems(ledger: Path):
    """Nothing is found in a ledger that nobody touched, closed or open."""
    assert _verify(ledger) == []
    opened = write(ledger, disclosed(NOON, "u1", "p1"), close=False)
    assert _verify(ledger) == []
    opened.close()
    assert _verify(ledger) == []


def test_one_changed_byte_is_found_and_named(ledger: Path):
    """One flipped bit, anywhere in a sealed file, the chain or its head, is found and the file named."""
    rng = random.Random(7)
    paths = [*ledger.glob("sealed/*"), ledger / "chain.jsonl", ledger / "chain.head"]
    for path in paths:
        data = path.read_bytes()
        for _ in range(40):
            changed = bytearray(data)
            changed[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
            path.write_bytes(changed)
            problems = _verify(ledger)
            assert any(path.name in problem for problem in problems), problems
        path.write_bytes(data)
    assert _verify(ledger) == []


def test_a_missing_file_is_found(ledger: Path):
    """A sealed file, the end of the chain, or the head that is gone is found."""
    (first, *_) = sorted(ledger.glob("sealed/*"))
    data = first.read_bytes()
    first.unlink()
    assert any(first.name in problem for problem in _verify(ledger))
    first.write_bytes(data)
    chain = ledger / "chain.jsonl"
    lines = chain.read_bytes().splitlines(keepends=True)
    chain.write_bytes(b"".join(lines[:-1]))
    assert any("missing" in problem for problem in _verify(ledger))
    chain.write_bytes(b"".join(lines))
    (ledger / "chain.head").unlink()
    assert any("chain.head: is missing" in problem for problem in _verify(ledger))


def test_a_file_nobody_counted_is_found(ledger: Path):
    """A file of rows that no entry counts is found, and is in no answer."""
    (first, *_) = sorted(ledger.glob("sealed/*"))
    (ledger / "sealed/2025-06-15-ffffffffffff.parquet").write_bytes(first.read_bytes())
    assert any("no entry of the chain" in problem for problem in _verify(ledger))
    with Reader.open(ledger) as reader:
        assert len(list(reader.rows())) == 50


def test_damage_in_a_segment_is_found(tmp_path: Path):
    """A changed byte in a segment, before its last batch, is found while the writer runs."""
    ledger = write(tmp_path / "l", disclosed(NOON, "u1", "p1"), close=False)
    ledger.append(disclosed(NOON, "u1", "p2"))
    ledger.flush()
    (path,) = (tmp_path / "l/live").glob("*.arrow")
    data = bytearray(path.read_bytes())
    end = len(data)
    ledger.append(disclosed(NOON, "u1", "p3"))
    ledger.flush()
    data = bytearray(path.read_bytes())
    data[end - 30] ^= 1
    path.write_bytes(data)
    assert any("damaged" in problem for problem in _verify(tmp_path / "l"))


def test_a_damaged_chain_stops_answers(ledger: Path):
    """No answer is given from a chain that was changed; the message names the line."""
    chain = ledger / "chain.jsonl"
    chain.write_bytes(chain.read_bytes().replace(b'"rows":9', b'"rows":8', 1))
    with Reader.open(ledger) as reader, pytest.raises(LedgerError, match="line 3 was changed"):
        reader.who_actor("account:u1")
    with pytest.raises(LedgerError, match="line 3 was changed"):
        Ledger.open(ledger)
