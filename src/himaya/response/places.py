"""Where the files of this room lie, without loading what reads them."""

from __future__ import annotations

from pathlib import Path


def register_path(ledger: Path) -> Path:
    """Return where the register of cases lies when no other database is configured: beside the ledger."""
    return ledger.with_name(ledger.name + ".register")
