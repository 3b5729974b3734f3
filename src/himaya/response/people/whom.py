"""Whom the actors of a case were shown: everybody of its groups, and its further actors, within its period."""

from __future__ import annotations

from pathlib import Path

import msgspec

from himaya.core.errors import InputError
from himaya.ledger.affected import Affected, Asked, affected_numbers, members
from himaya.ledger.names import FOREVER
from himaya.ledger.reader import Reader
from himaya.response.actors import actors_of
from himaya.response.cases import Case


class Whom(msgspec.Struct, frozen=True):
    """The people of a case: the answer of the ledger, and the surrogates of all of them, erased ones too."""

    answer: Affected
    numbers: list[int]


def members_of(case: Case, ledger: Path) -> list[int]:
    """Return the surrogates of all actors of a case, in order. Raises InputError (an unknown group)."""
    return sorted(actors_of(case, ledger).everybody)


def somebody_of(case: Case, ledger: Path) -> list[int]:
    """Return the same. Raises InputError when there are none."""
    found = members_of(case, ledger)
    if not found:
        raise InputError(f"case {case.id} has no actors yet, so nobody can be counted")
    return found


def period_of(case: Case) -> tuple[int, int]:
    """Return the period of a case in microseconds, [start, end)."""
    return case.start, case.end or FOREVER


def asked_of(case: Case, ledger: Path) -> Asked:
    """Return the actors of a case as the ledger is asked about them. Raises InputError."""
    return members(somebody_of(case, ledger), f"the actors of case {case.id}")


def people_of(reader: Reader, case: Case) -> Whom:
    """Return everybody whom the actors of a case were shown in its period. Raises InputError, LedgerError."""
    asked = asked_of(case, reader.layout.directory)
    return Whom(*affected_numbers(reader, asked, *period_of(case)))
