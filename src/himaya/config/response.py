"""The table `[response]`: where cases are kept, and what is known of the people they concern."""

from __future__ import annotations

import msgspec


class Response(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The register of cases: `docs/cases.md`. `database`: its address, "": SQLite beside the ledger.

    `revoke_url`: where the identity system is told whose sessions and keys to end (`docs/containment.md`), signed with
    the secret in `revoke_secret_file`; "": nowhere.
    """

    database: str = ""
    revoke_url: str = ""
    revoke_secret_file: str = ""
