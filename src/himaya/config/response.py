"""The table `[response]`: where cases are kept, and what is known of the people they concern."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from himaya.config.locate import Path
from himaya.config.words import nearest
from himaya.core.policy import Detectors

#: Detectors whose findings are about a surface or a class of visitors, never about an actor.
_NOBODY = frozenset({"drift", "surge"})


class Response(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The register of cases, whom they concern and what leaves the house: `docs/cases.md`.

    `database`: address of the register, "": SQLite beside the ledger. `regimes`: a directory with the site's own
    regimes over those of the package (`docs/regimes.md`), "": none. `soon_hours`: a deadline that ends within so many
    hours is told as an alert. `residence` is a file that says where people live, `residence_command` a command of the
    site that is asked for the rest and ended after `residence_s`. `categories` is a file laid over the shipped
    categories of fields. A person's request is answered within `answer_days`.

    `organisation`, `registration`, `contact` are what a notice says of the site, where `site` and `owner` do not
    (`docs/notices.md`). `templates` is a directory of texts in further languages, `contacts` a file of mail addresses,
    `language` what somebody is written to in whose own is unknown. A wave of notices has `wave` mails, over `smtp_*`
    (`smtp_host` "": those of `[alerts]`).

    A finding of a detector of `open_from` opens a case for its actor, while fewer than `open_most` such cases are open.
    A suspected case that nobody acknowledged within `escalate_s` is escalated; 0: never. Reasons and data of cases that
    are over for `register_days` are removed; 0: never. `revoke_url`: where the identity system is told whose sessions
    and keys to end (`docs/containment.md`), signed with the secret in `revoke_secret_file`; "": nowhere.
    """

    database: str = ""
    open_from: tuple[str, ...] = ()
    open_most: int = 100
    escalate_s: int = 3600
    register_days: int = 1826
    revoke_url: str = ""
    revoke_secret_file: str = ""
    regimes: str = ""
    soon_hours: int = 24
    residence: str = ""
    residence_command: tuple[str, ...] = ()
    residence_s: int = 60
    categories: str = ""
    answer_days: int = 30
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


def response_problems(response: Response) -> Iterator[tuple[Path, str, str]]:
    """Yield key path, problem and hint of what is wrong with the table beside its types and ranges."""
    known = sorted(set(Detectors.__struct_fields__) - _NOBODY)
    for at, name in enumerate(response.open_from):
        path: Path = ("response", "open_from", at)
        if name == "group":
            yield path, "the search for groups opens cases by itself.", "Take it out."
        elif name in _NOBODY:
            yield (
                path,
                f"a finding of {name} is about no actor, so it opens no case.",
                "Take it out.",
            )
        elif name not in known:
            hint = nearest(name, known) or f"There are: {', '.join(known)}."
            yield path, f'no detector has the name "{name}".', hint
