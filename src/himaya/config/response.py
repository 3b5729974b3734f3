"""The table `[response]`: where cases are kept, and what is known of the people they concern."""

from __future__ import annotations

from typing import Literal

import msgspec


class Response(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The register of cases and what leaves the house: `docs/cases.md`, `docs/notices.md`.

    `database`: address of the register, "": SQLite beside the ledger. `organisation`, `registration`, `contact` are
    what a notice says of the site, where `site` and `owner` do not. `templates` is a directory of texts in further
    languages, `contacts` a file of mail addresses, `language` what somebody is written to in whose own is unknown.
    A wave of notices has `wave` mails, over `smtp_*` (`smtp_host` "": those of `[alerts]`).
    """

    database: str = ""
    organisation: str = ""
    registration: str = ""
    contact: str = ""
    templates: str = ""
    contacts: str = ""
    language: str = "en"
    wave: int = 1000
    smtp_host: str = ""
    smtp_port: int = 587
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    smtp_user: str = ""
    smtp_password_file: str = ""
    mail_from: str = ""
