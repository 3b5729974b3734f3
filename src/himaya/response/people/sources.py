"""Who says where people live, in the order in which they are asked; counts and notices ask the same."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from himaya.config.response import Response
from himaya.facts_store import facts_path
from himaya.response.notices.recipients import read_contacts
from himaya.response.people.countries import country_of
from himaya.response.people.residence import Found, Source, file_source
from himaya.response.people.residence_asked import command_source
from himaya.response.people.residence_facts import facts_source


def sources_of(ledger: Path, settings: Response) -> list[tuple[str, Source]]:
    """Return the site's file of residences, its command, the facts beside the ledger, and its file of contacts."""
    found: list[tuple[str, Source]] = []
    if settings.residence:
        found.append(("file", file_source(Path(settings.residence))))
    if settings.residence_command:
        command = command_source(settings.residence_command, settings.residence_s)
        found.append(("command", command))
    found.append(("facts", facts_source(facts_path(ledger.absolute()))))
    if settings.contacts:
        found.append(("contacts", contacts_source(settings.contacts)))
    return found


def contacts_source(path: str) -> Source:
    """Return what the column `country` of a file of contacts says; many have none."""

    def source(people: Collection[str]) -> Found:
        contacts = read_contacts(path, people)
        return Found({name: country_of(one.country, file=path) for name, one in contacts.items()})

    return source
