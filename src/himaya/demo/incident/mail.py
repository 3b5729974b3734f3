"""The mails that arrived, one by one: each goes to one of the people taken, and holds that person's data alone."""

from __future__ import annotations

import re
from email.message import EmailMessage
from pathlib import Path

from himaya.demo.incident.residents import Resident
from himaya.demo.incident.tale import Tale
from himaya.demo.incident.traffic import LOOKUP, PROFILE
from himaya.response.notices.texts import Library

#: One mail of each language is written here, to be looked at.
MAILS = Path("mails")
_ADDRESS = re.compile(r"[\w.+-]+@post\.example")


def check_mail(tale: Tale, sent: int) -> None:
    """Compare the mails that arrived with the people on the farm's disk, and each mail with its person."""
    homes = {one.email: one for one in tale.people}
    arrived = [(homes.get(recipient), mail) for recipient, mail in tale.mail.read()]
    reached = {one.handle for one, _ in arrived if one}
    tale.check(
        f"{len(arrived):,} mails arrived, one for each of {len(tale.played.disk):,} people and for nobody else",
        holds=len(arrived) == len(reached) == sent and reached == set(tale.played.disk),
    )
    others = sum(_names_another(one, mail) for one, mail in arrived if one)
    tale.check("no mail holds the address of anybody but its recipient", holds=others == 0)
    right = sum(
        _named(one, mail) == tale.played.disk.get(one.handle) for one, mail in arrived if one
    )
    tale.check(
        f"{right:,} of {len(arrived):,} mails name exactly the fields that the farm has of that person",
        holds=right == len(arrived),
    )
    _keep(arrived)


def language_of(person: Resident) -> str:
    """Return the language in which somebody is written to."""
    return person.language or "en"


def _text(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    return str(part.get_content()) if part else ""


def _names_another(person: Resident, mail: EmailMessage) -> bool:
    """Tell whether a mail holds an address of the site's people that is not its recipient's."""
    text = _text(mail, "plain") + _text(mail, "html")
    return any(found != person.email for found in _ADDRESS.findall(text))


def _named(person: Resident, mail: EmailMessage) -> set[str]:
    """Return the fields that stand as points in the text of a mail, in the words of its language."""
    words = Library().texts(language_of(person))
    lines = {
        line.removeprefix("- ") for line in _text(mail, "plain").splitlines() if line[:2] == "- "
    }
    return {field for field in (*PROFILE, *LOOKUP) if words.field(field) in lines}


def _keep(arrived: list[tuple[Resident | None, EmailMessage]]) -> None:
    """Write one mail of each language, to be looked at."""
    MAILS.mkdir(mode=0o700)
    for language in ("ar", "en", "es", "fr"):
        mail = next(mail for one, mail in arrived if one and language_of(one) == language)
        (MAILS / f"{language}.html").write_text(_text(mail, "html"), "utf-8")
        (MAILS / f"{language}.txt").write_text(_text(mail, "plain"), "utf-8")
