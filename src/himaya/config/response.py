"""The table `[response]`: where cases are kept, and what is known of the people they concern."""

from __future__ import annotations

import msgspec


class Response(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The register of cases: `docs/cases.md`. `database`: its address, "": SQLite beside the ledger.

    `regimes`: a directory with the site's own regimes over those of the package (`docs/regimes.md`), "": none.
    `soon_hours`: a deadline that ends within so many hours is told as an alert. `residence` is a file that says where
    people live, `residence_command` a command of the site that is asked for the rest and ended after `residence_s`.
    `categories` is a file laid over the shipped categories of fields. A person's request is answered within
    `answer_days`.
    """

    database: str = ""
    regimes: str = ""
    soon_hours: int = 24
    residence: str = ""
    residence_command: tuple[str, ...] = ()
    residence_s: int = 60
    categories: str = ""
    answer_days: int = 30
