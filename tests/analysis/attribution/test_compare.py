from __future__ import annotations

import random

import msgspec
from tests.analysis.attribution.world import (
    PEOPLE,
    compared,
    crowd,
    csv_file,
    from_network,
    ledger,
    names,
    popular,
)
from tests.ledger.making import DAY, NOON, disclosed

from himaya.analysis.cases import CaseStore, cases_path
from himaya.analysis.groups.group import Group
from himaya.ledger import Ledger
from himaya.ledger.reader import Reader

TAKEN = [f"p{number}" for number in range(0, PEOPLE, 4)]


def test_whoever_took_it_is_first(tmp_path):
    """An actor that was shown the people of a file is named with overlap, chance, coverage and dates."""
    seed = random.Random(1)
    where = ledger(tmp_path, *crowd(seed), disclosed(NOON, "taker", *TAKEN))
    answer = compared(where, csv_file(tmp_path, [*TAKEN[:600], "stranger", ""]))
    (one,) = answer.candidates
    assert (one.rank, one.name, one.overlap, one.people, one.coverage) == (
        1, "account:taker", 600, len(TAKEN), 1.0,
    )  # fmt: skip
    assert one.expected < 300
    assert one.p < 1e-20
    assert (one.first, one.last) == ("2025-06-15T12:00:00Z",) * 2
    counted = answer.counted
    assert (counted.rows, counted.matched, counted.unmatched, counted.unusable) == (602, 600, 1, 1)


def test_two_with_equal_sets_are_equal(tmp_path):
    """Whom the file cannot tell apart share a rank; neither is preferred."""
    seed = random.Random(2)
    takers = [disclosed(NOON, name, *TAKEN) for name in ("one", "two")]
    where = ledger(tmp_path, *crowd(seed), *takers)
    answer = compared(where, csv_file(tmp_path, TAKEN[:600]))
    assert names(answer) == [(1, "account:one"), (1, "account:two")]
    first, second = answer.candidates
    assert (first.p, first.overlap, first.novelty) == (second.p, second.overlap, second.novelty)


def test_popular_people_accuse_nobody(tmp_path):
    """A file of the people whom everybody sees, put together elsewhere, is no lead to those who see many of them."""
    seed = random.Random(3)
    reader = disclosed(NOON, "reader", *sorted(popular(seed, 900)))
    where = ledger(tmp_path, *crowd(seed, visitors=300), reader)
    answer = compared(where, csv_file(tmp_path, sorted(popular(seed, 1200))))
    assert answer.candidates == []
    assert answer.note.startswith(
        "No match in what was observed from 2025-06-11T12:00:00Z to 2025-06-15"
    )


def test_only_our_share_of_a_merged_file_counts(tmp_path):
    """Rows of another site in the same file change neither coverage nor who is named."""
    seed = random.Random(4)
    where = ledger(tmp_path, *crowd(seed), disclosed(NOON, "taker", *TAKEN))
    foreign = [f"other-{number}" for number in range(5000)]
    answer = compared(where, csv_file(tmp_path, [*foreign, *TAKEN[:400]]))
    assert names(answer) == [(1, "account:taker")]
    assert (answer.candidates[0].coverage, answer.counted.unmatched) == (1.0, 5000)


def test_a_file_of_another_site_names_nobody(tmp_path):
    """Where no id is ours there is no candidate, and the answer says what was looked through."""
    where = ledger(tmp_path, *crowd(random.Random(5)), disclosed(NOON, "taker", *TAKEN))
    answer = compared(where, csv_file(tmp_path, (f"x{number}" for number in range(1000))))
    assert (answer.candidates, answer.counted.matched, answer.shown) == ([], 0, 0)


def test_a_hijacked_account_shows_from_where(tmp_path):
    """Rows of an account from a network it never used before are told apart from those of its own network."""
    seed = random.Random(6)
    home = [
        from_network(NOON - day * DAY, "anna", "192.0.2.7", *sorted(popular(seed, 20)))
        for day in range(5)
    ]
    foreign = from_network(NOON + 60, "anna", "198.51.100.9", *TAKEN)
    where = ledger(tmp_path, *crowd(seed), *home, foreign)
    (one,) = compared(where, csv_file(tmp_path, TAKEN[:600])).candidates
    told = {each.network: (each.usual, each.days, each.overlap) for each in one.networks}
    assert told["198.51.100.0/24"] == (False, 1, 600)
    assert told["192.0.2.0/24"][0]
    assert told["192.0.2.0/24"][2] < 60


def test_a_group_is_named_where_no_member_stands_out(tmp_path):
    """Forty accounts that divide the people among themselves are found as the case they belong to."""
    seed = random.Random(7)
    parts = [disclosed(NOON + n, f"m{n}", *TAKEN[n::40]) for n in range(40)]
    where = ledger(tmp_path, *crowd(seed), *parts)
    with Reader.open(where) as reader, CaseStore(cases_path(where)) as store:
        members = [reader.identities.find(7, f"account:m{n}") for n in range(40)]
        store.put(Group("g-1", NOON, NOON, members=dict.fromkeys(members)), NOON)
    answer = compared(where, csv_file(tmp_path, TAKEN[:600]))
    (one,) = answer.candidates
    assert (one.kind, one.name, one.members, one.overlap) == ("case", "g-1", 40, 600)
    assert one.novelty > 0


def test_a_period_is_compared_alone(tmp_path):
    """What was shown after the file was there cannot have become it."""
    where = ledger(tmp_path, *crowd(random.Random(8)), disclosed(NOON + DAY, "late", *TAKEN))
    until = round((NOON + DAY / 2) * 1e6)
    assert compared(where, csv_file(tmp_path, TAKEN), end=until).candidates == []
    assert names(compared(where, csv_file(tmp_path, TAKEN))) == [(1, "account:late")]


def test_every_answer_says_what_it_cannot_speak_for(tmp_path):
    """The time before the ledger, gaps and erased names stand in every answer; it is a lead, and no verdict."""
    where = ledger(tmp_path, disclosed(NOON, "u1", "p1"))
    with Ledger.open(where) as kept:
        kept.note_gap(NOON + 60, NOON + 120, "the feed stopped")
    answer = compared(where, csv_file(tmp_path, ["p1"]))
    whys = [gap.why for gap in answer.unobserved]
    assert whys[0] == "before the first row of this ledger"
    assert any("the feed stopped" in why for why in whys)
    text = msgspec.json.encode(answer).decode().lower()
    assert "a lead, not a verdict" in text
    assert "not exposed" not in text
    assert "not from us" not in text
