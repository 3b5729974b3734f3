"""The invented people of the incident: where each lives, in which language they are written to, at which address."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from himaya.demo.people import population

#: Six countries for which the table of regimes has a rule, one for which it has none, and residence nobody knows.
RULED = ("ES", "FR", "GB", "CO", "IL", "MA")
UNRULED = "BR"
UNKNOWN = ""
#: Per residence: how many of a hundred people, and the languages they are written to in.
_HOMES: dict[str, tuple[int, tuple[str, ...]]] = {
    "ES": (22, ("es",)),
    "FR": (20, ("fr",)),
    "GB": (18, ("en",)),
    "CO": (10, ("es",)),
    "IL": (8, ("ar", "en")),
    "MA": (10, ("ar", "fr")),
    UNRULED: (7, ("en",)),
    UNKNOWN: (5, ("en", "")),
}
COUNTRIES = tuple(_HOMES)
_MAIL = "post.example"


class Resident(msgspec.Struct, frozen=True):
    """An invented person. `country` is "" where the site does not know it, `language` where it knows none."""

    handle: str
    name: str
    email: str
    phone: str
    country: str
    language: str


def residents(size: int, seed: int = 7) -> list[Resident]:
    """Return `size` invented people; the same number and seed give the same people."""
    rng = random.Random(seed)
    shares = [share for share, _ in _HOMES.values()]
    homes = rng.choices(COUNTRIES, shares, k=size)
    return [
        Resident(
            handle=member.handle,
            name=member.name,
            email=f"{member.handle}@{_MAIL}",
            phone=member.phone,
            country=home,
            language=rng.choice(_HOMES[home][1]),
        )
        for member, home in zip(population(size, seed), homes, strict=True)
    ]


def write_residence(path: Path, people: Sequence[Resident]) -> None:
    """Write where people live, as `[response] residence` wants it; whose country is unknown is not in it."""
    known = ((one.handle, one.country) for one in people if one.country)
    _write(path, ("subject", "country"), known)


def write_contacts(path: Path, people: Sequence[Resident]) -> None:
    """Write how people are reached, as `[response] contacts` wants it."""
    rows = ((one.handle, one.email, one.language, one.name, one.country) for one in people)
    _write(path, ("subject", "email", "language", "name", "country"), rows)


def _write(path: Path, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(head)
        writer.writerows(rows)
