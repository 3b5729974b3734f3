from __future__ import annotations

import random

from tests.analysis.attribution.world import PEOPLE, crowd, ledger
from tests.ledger.making import DAY, NOON, disclosed

from himaya.analysis.attribution import FileRows, Terms, Wanted, compare, gather
from himaya.core.disclosure import Certainty, Disclosures, Shown
from himaya.core.version import hash_of, version_of
from himaya.ledger.reader import Reader

SECRET = b"k" * 32
TAKEN = [f"p{number}" for number in range(0, PEOPLE, 4)]


def headline(person: str, *, late: bool) -> str:
    """Half of the people change their headline on the third day."""
    return "Chief of all" if late and int(person[1:]) % 8 == 0 else f"Headline of {person}"


def took(at: float, account: str, *, late: bool) -> Disclosures:
    people = tuple(
        Shown(one, ("headline",), Certainty.SERVED,
              version_of(SECRET, one, {"headline": headline(one, late=late)}))
        for one in TAKEN
    )  # fmt: skip
    base = disclosed(at, account)
    return Disclosures(at=at, surface="api", kind="listing", actor=base.actor, access="account",
                       status=200, shown=people)  # fmt: skip


def test_versions_tell_two_with_equal_sets_apart(tmp_path):
    """Of two actors who were shown the same people, the one who was shown them as the file has them comes first."""
    where = ledger(
        tmp_path, *crowd(random.Random(1)), took(NOON - 3 * DAY, "early", late=False), took(NOON, "late", late=True)
    )  # fmt: skip
    file = tmp_path / "found.csv"
    rows = [f"{one},{headline(one, late=False).upper()}\n" for one in TAKEN[:600]]
    file.write_text("id,title\n" + "".join(rows))
    with Reader.open(where) as reader:
        hashed = {"headline": lambda subject, value: hash_of(SECRET, subject, "headline", value)}
        found = gather(
            FileRows(file, Wanted(("id",), ("title",)), "csv"), reader.identities, hashed
        )
        first, second = compare(reader, found, Terms()).candidates
    assert (first.rank, first.name, second.rank, second.name) == (
        1,
        "account:early",
        2,
        "account:late",
    )
    assert first.evidence == ["people", "versions"]
    (told,) = first.versions
    assert (told.varied, told.fits, told.expected, told.first[:10]) == (
        300,
        300,
        150.0,
        "2025-06-12",
    )
    assert (second.versions[0].fits, second.evidence) == (0, ["people"])


def test_without_versions_nothing_is_said_of_them(tmp_path):
    """A ledger without versions gives candidates without them; the columns of the file change nothing."""
    where = ledger(tmp_path, *crowd(random.Random(1)), disclosed(NOON, "taker", *TAKEN))
    file = tmp_path / "found.csv"
    file.write_text("id,title\n" + "".join(f"{one},x\n" for one in TAKEN[:600]))
    with Reader.open(where) as reader:
        hashed = {"headline": lambda subject, value: hash_of(SECRET, subject, "headline", value)}
        found = gather(
            FileRows(file, Wanted(("id",), ("title",)), "csv"), reader.identities, hashed
        )
        (one,) = compare(reader, found, Terms()).candidates
    assert (one.versions, one.evidence) == ([], ["people"])
