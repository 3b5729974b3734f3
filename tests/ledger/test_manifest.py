"""Entries by which files go are signed by the ledger, and their numbers are those of the files."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.ledger.making import DAY, NOON, disclosed

from himaya.ledger import Ledger, manifest, retention
from himaya.ledger import entries as e
from himaya.ledger.reader import Reader


def _merged(directory: Path) -> Ledger:
    """Write a ledger whose retention removed a day, and then made one file of eight of another."""
    with Ledger.open(directory, clock=lambda: NOON) as ledger:
        ledger.append(disclosed(NOON - 40 * DAY, "u1", "old"))
        ledger.seal(NOON, everything=True)
        assert retention.execute(ledger, NOON).rows == 1
        for number in range(9):
            ledger.append(disclosed(NOON - DAY, "u1", f"p{number}"))
            ledger.seal(NOON, everything=True)
    return ledger


def test_merging_is_signed(tmp_path: Path):
    """Entries that make one file of several carry the signature of the ledger, and the ground."""
    ledger = _merged(tmp_path / "l")
    found = [entry for _, entry in ledger.chain.lines() if isinstance(entry, e.Merged)]
    assert found
    assert all(entry.signature and entry.ground for entry in found)
    with Reader.open(tmp_path / "l") as reader:
        assert reader.verify() == []


def test_a_merging_that_nobody_signed_is_found(tmp_path: Path):
    """Who puts one file in the place of another, without the key's signature, is found by verification."""
    ledger = _merged(tmp_path / "l")
    with Reader.open(tmp_path / "l") as reader:
        file = max(reader.state().files.values(), key=lambda one: one.rows)
        ledger.chain.append(e.Merged(at="2025-06-15T12:00:00Z", add=(file,), drop=(file.name,)))
        (problem,) = reader.verify()
    assert "takes files away, and is not signed by this ledger" in problem


@pytest.mark.parametrize("kind", [e.Merged, e.Blanked, e.Renumbered, e.Removed])
def test_rows_that_go_in_silence_are_found(tmp_path: Path, kind: type[e.Merged]):
    """A signed entry that makes rows fewer than it says is found, whatever hashes and signature it has."""
    ledger = _merged(tmp_path / "l")
    with Reader.open(tmp_path / "l") as reader:
        file = max(reader.state().files.values(), key=lambda one: one.rows)
        entry = kind(at="2025-06-15T12:00:00Z", drop=(file.name,))
        ledger.chain.append(manifest.signed(reader.keys, entry))
        problems = reader.verify()
    assert any(f"takes {file.rows} rows away, which is not what it says" in p for p in problems)
