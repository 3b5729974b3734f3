"""Facts only the application knows: accounts, subjects, near pairs. Each is optional.

What happens when a fact is missing stands beside it. All tables are bounded: past the bound the
oldest fact is dropped, and the actor or subject counts as unknown again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from himaya.core.tables import make_room


class AccountFact(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What is known of an account.

    Missing `created`: the account counts from its first request seen. Missing `tier`: the
    default budgets. Missing `subject`: the account's own profile is the subject of the same name.
    """

    account: str
    created: float | None = None
    tier: str = ""
    batch: str = ""
    organisation: str = ""
    terms: str = ""
    terms_at: float | None = None
    subject: str = ""
    paid: bool = False


class SubjectFact(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What is known of a person who is shown.

    Missing `protected` ("minor", "hidden", ...): weight 1. Missing `country`: unknown, and said so.
    """

    subject: str
    country: str = ""
    settings: tuple[str, ...] = ()
    objections: tuple[str, ...] = ()
    protected: tuple[str, ...] = ()
    deleted: bool = False


class NearFact(msgspec.Struct, frozen=True, gc=False):
    """The viewer and the subject are near (friends, one organisation). Missing: far."""

    viewer: str
    subject: str


Fact = AccountFact | SubjectFact | NearFact


class Facts:
    """Bounded tables of facts; lookups return a fact with nothing known rather than None."""

    def __init__(self, max_facts: int = 2_000_000) -> None:
        """Hold at most `max_facts` facts per table."""
        self.max_facts = max_facts
        self.accounts: dict[str, AccountFact] = {}
        self.subjects: dict[str, SubjectFact] = {}
        self.near: dict[tuple[str, str], None] = {}
        #: Canaries and the place of each. One table that is replaced, never changed.
        self.canaries: Mapping[str, str] = {}
        #: Protected classes that any subject was told to be of.
        self.classes: dict[str, None] = {}

    def add(self, fact: Fact) -> None:
        """Add or replace one fact; the oldest of a full table leaves."""
        if isinstance(fact, AccountFact):
            _put(self.accounts, fact.account, fact, self.max_facts)
        elif isinstance(fact, SubjectFact):
            _put(self.subjects, fact.subject, fact, self.max_facts)
            for name in fact.protected:
                _put(self.classes, name, None, self.max_facts)
        else:
            _put(self.near, (fact.viewer, fact.subject), None, self.max_facts)

    def own_subject(self, account: str) -> str:
        """Return the subject that is the account's own profile."""
        fact = self.accounts.get(account)
        return fact.subject if fact and fact.subject else account


def _put(table: dict[Any, Any], key: object, value: object, bound: int) -> None:
    table.pop(key, None)
    make_room(table, bound)
    table[key] = value
