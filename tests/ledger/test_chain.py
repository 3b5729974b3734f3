from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from himaya.core.errors import LedgerError
from himaya.ledger import entries as e
from himaya.ledger.chain import Chain
from himaya.ledger.files import Layout
from himaya.ledger.keys import Keys

KEYS = Keys(b"k" * 32)


def _chain(directory: Path, entries: int = 0) -> Chain:
    layout = Layout(directory)
    layout.create()
    chain = Chain(layout, KEYS)
    chain.create()
    for number in range(entries):
        chain.append(e.Config(at="2025-06-15T00:00:00Z", policy=f"p{number}", digest="d" * number))
    return chain


def test_entries_come_back_in_order(tmp_path: Path):
    """What was appended is read back, numbered and in order."""
    found = list(_chain(tmp_path / "l", 5).lines())
    assert [line.seq for line, _ in found] == [1, 2, 3, 4, 5]
    assert [entry.policy for _, entry in found] == ["p0", "p1", "p2", "p3", "p4"]


@pytest.fixture(name="written", scope="module")
def _written(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("chain") / "l"
    _chain(path, 8)
    return path


@given(at=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_every_changed_byte_is_found(written: Path, at: float, bit: int):
    """One flipped bit anywhere in the chain is found: a line is named, or the end is missing."""
    layout = Layout(written)
    data = layout.chain.read_bytes()
    changed = bytearray(data)
    changed[int(len(data) * at)] ^= 1 << bit
    layout.chain.write_bytes(changed)
    try:
        assert _finds_something(Chain(layout, KEYS))
    finally:
        layout.chain.write_bytes(data)


def _finds_something(chain: Chain) -> bool:
    try:
        lines = list(chain.lines())
    except LedgerError as problem:
        return "chain.jsonl: line " in str(problem)
    return len(lines) < chain.head().seq


def test_a_torn_last_line_is_cut_and_recorded(tmp_path: Path):
    """A line torn by a crash is not read; the next append cuts it and says so."""
    chain = _chain(tmp_path / "l", 3)
    path = tmp_path / "l/chain.jsonl"
    with path.open("ab") as end:
        end.write(b'{"seq":4,"prev":"ab')
    assert len(list(chain.lines())) == 3
    chain.append(e.Closed(at="2025-06-15T00:00:00Z"))
    kinds = [type(entry).__name__ for _, entry in chain.lines()]
    assert kinds == ["Config", "Config", "Config", "Repaired", "Closed"]


def test_a_long_entry_is_found_again(tmp_path: Path):
    """An entry longer than one read from the end does not break the chain."""
    chain = _chain(tmp_path / "l")
    for size in (10, 200_000, 70_000, 3):
        chain.append(e.Config(at="2025-06-15T00:00:00Z", policy="p", digest="x" * size))
    assert [len(entry.digest) for _, entry in chain.lines()] == [10, 200_000, 70_000, 3]


def _append_many(directory: str, name: str) -> None:
    chain = Chain(Layout(Path(directory)), KEYS)
    for number in range(25):
        chain.append(e.Config(at="2025-06-15T00:00:00Z", policy=name, digest=str(number)))


def test_processes_append_safely(tmp_path: Path):
    """Several processes append at once, and no entry is lost or torn."""
    chain = _chain(tmp_path / "l")
    spawn = multiprocessing.get_context("spawn")
    workers = [
        spawn.Process(target=_append_many, args=(str(tmp_path / "l"), name)) for name in "abc"
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    found = [(entry.policy, int(entry.digest)) for _, entry in chain.lines()]
    assert sorted(found) == [(name, number) for name in "abc" for number in range(25)]


def test_a_damaged_last_entry_refuses_more(tmp_path: Path):
    """Nothing is chained to an entry that cannot be read; the message says what to run."""
    chain = _chain(tmp_path / "l", 2)
    path = tmp_path / "l/chain.jsonl"
    path.write_bytes(path.read_bytes()[:-9] + b"????????\n")
    with pytest.raises(LedgerError, match="ledger verify"):
        chain.append(e.Closed(at=""))
