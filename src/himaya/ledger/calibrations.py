"""Calibrations on record: who took which thresholds from how many accounts, with the receipt."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from himaya.ledger import entries as e
from himaya.ledger.chain import Chain
from himaya.ledger.keys import Keys


def record(chain: Chain, calibration: e.Calibration, keys: Keys) -> None:
    """Append a calibration, whose `by` is not sealed yet. Raises LedgerError."""
    chain.append(msgspec.structs.replace(calibration, by=keys.seal_text(calibration.by)))


def recorded(chain: Chain, keys: Keys) -> Iterator[e.Calibration]:
    """Yield the calibrations on record, the oldest first, `by` opened. Raises LedgerError."""
    for _, entry in chain.lines():
        if isinstance(entry, e.Calibration):
            yield msgspec.structs.replace(entry, by=keys.open_text(entry.by))


def seed_of(keys: Keys) -> str:
    """Return the seed by which a site divides its accounts: from the key of the ledger, the same every time."""
    return keys.digest(b"himaya calibration split").hex()
