"""Calibrations on record: who is sealed, the receipt is as it was, and the seed is the site's own."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledger.making import NOON, disclosed, write

from himaya.core.errors import LedgerError
from himaya.ledger import calibrations
from himaya.ledger import entries as e
from himaya.ledger.chain import Chain
from himaya.ledger.files import Layout
from himaya.ledger.keys import Keys
from himaya.ledger.reader import Reader

RECEIPT = '{"accounts":3,"settings":[],"seed":"himaya"}'
CALIBRATION = e.Calibration(
    at="2025-06-15T12:00:00Z",
    policy="aaaa",
    calibrated="bbbb",
    receipt=RECEIPT,
    digest="c" * 64,
    by="dana ü",
)
MASTERS = st.binary(min_size=32, max_size=32)


@pytest.fixture(name="ledger")
def _ledger(tmp_path: Path) -> Path:
    """Return the directory of a ledger with one row."""
    write(tmp_path / "l", disclosed(NOON, "u1", "p1"))
    return tmp_path / "l"


def test_what_is_recorded_is_read_back(ledger: Path):
    """Every part of a calibration comes back, `by` opened; the chain is whole, and `ledger log` tells the same."""
    with Reader.open(ledger) as reader:
        calibrations.record(reader.chain, CALIBRATION, reader.keys)
        assert list(calibrations.recorded(reader.chain, reader.keys)) == [CALIBRATION]
        assert reader.verify() == []
        (told,) = [entry for entry in reader.log() if entry["kind"] == "calibration"]
    assert (told["by"], told["receipt"], told["digest"]) == ("dana ü", RECEIPT, "c" * 64)


def test_who_is_sealed_and_the_receipt_is_not(ledger: Path):
    """Names of operators stand in the chain under the key, twice the same one differently; the receipt can be read."""
    with Reader.open(ledger) as reader:
        for _ in range(2):
            calibrations.record(reader.chain, CALIBRATION, reader.keys)
        held = [one for _, one in reader.chain.lines() if isinstance(one, e.Calibration)]
    raw = (ledger / "chain.jsonl").read_text()
    assert "dana" not in raw
    assert held[0].by != held[1].by
    assert [one.receipt for one in held] == [RECEIPT, RECEIPT]


def test_calibrations_come_oldest_first_and_nothing_else_does(ledger: Path):
    """Between other entries of the chain each calibration is found, in the order of recording."""
    with Reader.open(ledger) as reader:
        assert list(calibrations.recorded(reader.chain, reader.keys)) == []
        for policy in ("one", "two", "three"):
            told = msgspec.structs.replace(CALIBRATION, policy=policy)
            calibrations.record(reader.chain, told, reader.keys)
            reader.chain.append(e.Closed(at="2025-06-15T12:00:00Z"))
        found = [one.policy for one in calibrations.recorded(reader.chain, reader.keys)]
    assert found == ["one", "two", "three"]


def test_an_operator_whose_name_is_no_unicode_is_recorded(ledger: Path):
    """A user name that the system gave in other bytes does not stop the record."""
    with Reader.open(ledger) as reader:
        told = msgspec.structs.replace(CALIBRATION, by="d\udcff")
        calibrations.record(reader.chain, told, reader.keys)
        (one,) = calibrations.recorded(reader.chain, reader.keys)
    assert one.by == "d\\udcff"


def test_with_another_key_nobody_is_named(ledger: Path):
    """Under another key the declared error comes, and no name."""
    with Reader.open(ledger) as reader:
        calibrations.record(reader.chain, CALIBRATION, reader.keys)
        with pytest.raises(LedgerError, match="does not open with this key"):
            list(calibrations.recorded(reader.chain, Keys(b"x" * 32)))


def test_a_name_that_was_written_by_hand_is_the_declared_error(ledger: Path):
    """An entry whose `by` was never sealed ends in LedgerError."""
    with Reader.open(ledger) as reader:
        reader.chain.append(CALIBRATION)
        with pytest.raises(LedgerError, match="does not open with this key"):
            list(calibrations.recorded(reader.chain, reader.keys))


def test_a_damaged_chain_is_named(ledger: Path):
    """A receipt that somebody changed is not read: the line of the chain is."""
    with Reader.open(ledger) as reader:
        calibrations.record(reader.chain, CALIBRATION, reader.keys)
    path = ledger / "chain.jsonl"
    path.write_text(path.read_text().replace('\\"accounts\\":3', '\\"accounts\\":4'))
    with (
        Reader.open(ledger) as reader,
        pytest.raises(LedgerError, match=r"chain\.jsonl: line \d+ "),
    ):
        list(calibrations.recorded(reader.chain, reader.keys))


def test_without_a_chain_nothing_is_recorded(tmp_path: Path):
    """Where no chain is, record and reading name the file."""
    chain, keys = Chain(Layout(tmp_path / "none"), Keys(b"k" * 32)), Keys(b"k" * 32)
    with pytest.raises(LedgerError, match=r"chain\.jsonl: cannot open for writing"):
        calibrations.record(chain, CALIBRATION, keys)
    with pytest.raises(LedgerError, match=r"chain\.jsonl: cannot read"):
        list(calibrations.recorded(chain, keys))


@settings(max_examples=50)
@given(MASTERS, MASTERS)
def test_the_seed_is_the_keys_own(one: bytes, other: bytes):
    """The same key gives the same 32 hex digits, another key others; neither key nor look-ups can be read from it."""
    seed = calibrations.seed_of(Keys(one))
    assert seed == calibrations.seed_of(Keys(one))
    assert len(bytes.fromhex(seed)) == 16
    assert (calibrations.seed_of(Keys(other)) == seed) is (one == other)
    assert bytes.fromhex(seed) not in {Keys(one).check, one[:16], one[16:]}


def test_the_seed_of_a_ledger_stays(ledger: Path):
    """Opened again, after more rows and calibrations, a ledger divides its accounts as before."""
    with Reader.open(ledger) as reader:
        seed = calibrations.seed_of(reader.keys)
        calibrations.record(reader.chain, CALIBRATION, reader.keys)
    write(ledger, disclosed(NOON + 1, "u2", "p2"))
    with Reader.open(ledger) as reader:
        assert calibrations.seed_of(reader.keys) == seed
    assert calibrations.seed_of(Keys(b"k" * 32)) == "884457269927ead48aaf84942e1cf965"
