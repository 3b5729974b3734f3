"""The ledger's answers are what was disclosed, in time, once, whoever asks and how often."""

from __future__ import annotations

import msgspec
from tests.analysis.crowds import NOON
from tests.analysis.ledgers import crew_rows, row, write

from himaya.analysis.groups import Search, Settings
from himaya.analysis.groups.asking import LAG_S, analyse, sightings_of
from himaya.ledger.reader import Reader

SETTINGS = Settings(population=5000, alpha=0.001)
DAY = 86_400.0


def named(reader: Reader, group) -> set[str]:
    """Return the names of a group's members."""
    return set(reader.identities.names(group.members).values())


def test_a_crew_in_the_ledger_is_a_group_with_its_people(tmp_path):
    """Members, union and links of a group are those of the rows; honest people are not in it."""
    write(tmp_path / "ledger", crew_rows())
    with Reader.open(tmp_path / "ledger") as reader:
        (group,) = analyse(reader, NOON - 60, NOON + 4000, Search(SETTINGS))
        assert named(reader, group) == {f"account:c{n}" for n in range(30)}
        assert (group.people, group.shown) == (600, 600)
        assert group.first == NOON


def test_asking_every_few_seconds_finds_the_same_as_asking_once(tmp_path):
    """Each row is taken in once: many short questions while rows arrive give the same group and the same people."""
    ledger, state = write(tmp_path / "ledger", [], close=False), Search(SETTINGS)
    rows = crew_rows()
    with Reader.open(tmp_path / "ledger") as reader:
        for first in range(0, len(rows), 110):
            part = rows[first : first + 110]
            for one in part:
                ledger.append(one)
            ledger.flush()
            analyse(reader, NOON - 60, part[-1].at + 0.5 + LAG_S, state)
        often = next(iter(state.groups.values()))
        once = Search(SETTINGS)
        (group,) = analyse(reader, NOON - 60, NOON + 4000, once)
        assert analyse(reader, NOON - 60, NOON + 4000, once) == []
        assert (group.id, group.people, group.shown) == (often.id, often.people, often.shown)
        assert list(group.members) == list(often.members)
        assert len(once.seen) == len(state.seen)
    ledger.close()


def test_months_are_read_day_by_day(tmp_path):
    """A slow crew over six weeks is found by one question over all of the ledger, sealed files included."""
    rows = [one for day in range(42) for one in crew_rows(20, NOON - (42 - day) * DAY, day * 20)]
    write(tmp_path / "ledger", rows)
    with Reader.open(tmp_path / "ledger") as reader:
        found = analyse(reader, 0.0, NOON, Search(SETTINGS))
        assert len(found) == 1
        assert len(found[0].members) == 30


def test_rows_without_a_ledger_make_the_same_sightings(tmp_path):
    """What the bench shows the search from memory is what the ledger would have answered."""
    rows = crew_rows(50)
    write(tmp_path / "ledger", rows)
    by_memory, by_ledger = Search(SETTINGS), Search(SETTINGS)
    for one in rows:
        for sighting in sightings_of(one):
            by_memory.observe(sighting)
    with Reader.open(tmp_path / "ledger") as reader:
        analyse(reader, 0.0, NOON + 4000, by_ledger)
    keys = [
        sorted(f"{key.kind} {key.value}" for key, _ in s.candidates.table if key.kind != "network")
        for s in (by_memory, by_ledger)
    ]
    assert keys[0] == keys[1]
    assert len(by_memory.seen) == len(by_ledger.seen)
    assert by_memory.popularity.total == by_ledger.popularity.total


def test_a_list_of_ones_own_circle_says_nothing(tmp_path):
    """People whom the site shows to their friends are left out: everybody's circle is another one."""
    rows = [msgspec.structs.replace(one, scope="friends") for one in crew_rows()]
    write(tmp_path / "ledger", rows)
    with Reader.open(tmp_path / "ledger") as reader:
        state = Search(SETTINGS)
        assert analyse(reader, 0.0, NOON + 4000, state) == []
        assert len(state.seen) == 0
    assert [one for r in rows for one in sightings_of(r)] == []


def test_an_empty_ledger_and_an_empty_period_have_no_groups(tmp_path):
    """Nothing observed, or nothing since the last question, is no error."""
    write(tmp_path / "ledger", [row(NOON, "p1", account="a")])
    with Reader.open(tmp_path / "ledger") as reader:
        state = Search(SETTINGS)
        assert analyse(reader, 0.0, NOON - 100, state) == []
        assert analyse(reader, 0.0, NOON + 100, state) == []
        assert analyse(reader, 0.0, NOON + 100, state) == []
