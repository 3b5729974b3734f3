"""A ledger in which a crew of accounts with one tool splits a list, and honest people come and go."""

from __future__ import annotations

from pathlib import Path
from random import Random

from tests.analysis.crowds import NOON

from himaya.core.actor import Actor
from himaya.core.disclosure import Certainty, Disclosures, Shown
from himaya.ledger import Ledger


def row(at: float, person: str, **actor) -> Disclosures:
    """Return the disclosures of one profile view."""
    who = Actor(**actor)
    return Disclosures(
        at=at,
        surface="profile",
        kind="profile",
        actor=who,
        access=who.access,
        status=200,
        shown=(Shown(person, ("name",), Certainty.SERVED),),
    )


def crew_rows(number: int = 600, start: float = NOON, first: int = 0) -> list[Disclosures]:
    """Return the rows of thirty accounts that never see a person twice; every tenth view is an honest person's."""
    rng, found = Random(5), []
    for n in range(first, first + number):
        at = start + n
        created = start - 40 * 86400 - 5000 * (n % 30)
        member = {"account": f"c{n % 30}", "address": f"192.0.2.{n % 30}"}
        found.append(row(at, f"p{n}", fingerprint="library", account_created=created, **member))
        if n % 10 == 0:
            honest = {"account": f"u{rng.randrange(40)}", "address": "203.0.113.9"}
            found.append(row(at, f"p{int(5000 * rng.random() ** 3)}", **honest))
    return found


def write(directory: Path, rows: list[Disclosures], *, close: bool = True) -> Ledger:
    """Write rows to a ledger."""
    ledger = Ledger.open(directory)
    for one in rows:
        ledger.append(one)
    ledger.flush()
    if close:
        ledger.close()
    return ledger
