"""The table `[response]`: where cases are kept, and what is known of the people they concern."""

from __future__ import annotations

import msgspec


class Response(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The register of cases: `docs/cases.md`. `database`: its address, "": SQLite beside the ledger."""

    database: str = ""
