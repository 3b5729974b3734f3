"""A site whose people differ in how often they are seen, its honest crowd, and files that somebody found."""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path

from tests.ledger.making import DAY, NOON, disclosed, write

from himaya.analysis.attribution import Compared, FileRows, Terms, Wanted, compare, form_of, gather
from himaya.core.actor import Actor
from himaya.core.disclosure import Disclosures
from himaya.ledger.reader import Reader

PEOPLE = 4000


def popular(seed: random.Random, count: int, people: int = PEOPLE) -> set[str]:
    """Return people as honest visitors meet them: a few are seen by many."""
    return {f"p{int(people * seed.random() ** 3)}" for _ in range(count)}


def crowd(seed: random.Random, visitors: int = 90, each: int = 40) -> list[Disclosures]:
    """Return one page per visitor, over five days."""
    return [
        disclosed(NOON - seed.randrange(5) * DAY, f"u{number}", *sorted(popular(seed, each)))
        for number in range(visitors)
    ]


def from_network(at: float, account: str, address: str, *people: str) -> Disclosures:
    return disclosed(at, account, *people, actor=Actor(account=account, address=address))


def ledger(directory: Path, *items: Disclosures) -> Path:
    write(directory / "ledger", *items)
    return directory / "ledger"


def csv_file(directory: Path, ids: Iterable[str], name: str = "found.csv") -> Path:
    path = directory / name
    path.write_text("id,name\n" + "".join(f"{one},somebody\n" for one in ids))
    return path


def compared(directory: Path, file: Path, **terms) -> Compared:
    """Compare a file by its column `id`."""
    with Reader.open(directory) as reader:
        found = gather(FileRows(file, Wanted(("id",)), form_of(file)), reader.identities)
        return compare(reader, found, Terms(**terms))


def names(answer: Compared) -> list[tuple[int, str]]:
    return [(one.rank, one.name) for one in answer.candidates]
