"""The table `[response]`: where cases are kept, and what is known of the people they concern."""

from __future__ import annotations

import msgspec


class Response(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The register of cases: `docs/cases.md`. `database`: its address, "": SQLite beside the ledger.

    A suspected case that nobody acknowledged within `escalate_s` is escalated; 0: never. Reasons and data of cases that
    are over for `register_days` are removed; 0: never.
    """

    database: str = ""
    escalate_s: int = 3600
    register_days: int = 1826
