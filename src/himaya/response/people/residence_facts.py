"""Where people live by the facts that the application told: `country` of a person."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from himaya.core.errors import InputError
from himaya.facts_store import FactsStore
from himaya.response.people.countries import country_of
from himaya.response.people.residence import Found, Source


def facts_source(path: Path) -> Source:
    """Return what the facts beside a ledger say. Raises InputError for a fact whose country is none."""

    def source(people: Collection[str]) -> Found:
        if not path.exists():
            return Found()
        with FactsStore(path) as store:
            return Found({one: _country(store, one, path) for one in people})

    return source


def _country(store: FactsStore, person: str, path: Path) -> str:
    fact = store.subject(person)
    try:
        return country_of(fact.country) if fact else ""
    except InputError as problem:
        raise InputError(
            f"the fact about {person!r}: {problem}; tell it anew", file=str(path)
        ) from None
