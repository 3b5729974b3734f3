"""How many others looked at somebody of late: counted in slots of a byte, halved, and asked without counting."""

from __future__ import annotations

from unittest.mock import patch
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from himaya.core.detectors import popularity
from himaya.core.detectors.popularity import Popularity

VIEWS = st.lists(st.tuples(st.sampled_from([f"p{n}" for n in range(12)]), st.booleans()))


def learnt(slots: int = 4096, views: int = 2000) -> Popularity:
    """Return the popularity of a site that was looked at enough, at one star."""
    known = Popularity(slots)
    for _ in range(views):
        known.meet("star")
    return known


def seen(known: Popularity, subject: str, times: int) -> None:
    """Let so many look at somebody."""
    for _ in range(times):
        known.meet(subject)


def test_nothing_is_said_while_the_site_is_learnt():
    """Before 2,000 first views nobody is popular or cold, neither when counted nor when asked."""
    known = Popularity(4096)
    for _ in range(1999):
        assert known.meet("star") == known.of("star") == known.of("nobody") == ""
    assert known.meet("star") != ""
    assert (known.of("star"), known.of("nobody")) == ("many others", "nobody else")


def test_a_site_of_many_people_is_learnt_until_each_was_viewed_twice():
    """Of 3,000 people 2,000 views tell nothing; with twice as many views as people they do."""
    known = Popularity(1 << 20)
    for n in range(5999):
        assert known.meet(f"p{n % 3000}") == ""
    assert known.meet("p2999") == "few others"


def test_words_go_by_how_many_looked_before():
    """Nobody before, one to three others, four and more; a view counts for whoever comes next."""
    known = learnt()
    assert [known.meet("p") for _ in range(6)] == [
        "nobody else",
        "few others",
        "few others",
        "few others",
        "many others",
        "many others",
    ]


def test_asking_counts_nothing():
    """However often somebody is asked about, nobody has looked at them, and nothing is halved by it."""
    known = learnt()
    before = bytes(known._counts), known._since, known._viewed
    for _ in range(10_000):
        assert known.of("cold") == "nobody else"
        assert known.of("star") == "many others"
    assert (bytes(known._counts), known._since, known._viewed) == before


def test_counts_stop_at_fifteen_and_halve_to_nothing():
    """A star is many for two halvings, few for one, and nobody's after the fourth: no count is ever negative."""
    known = Popularity(4096)
    seen(known, "star", 500)
    assert max(known._counts) == 15
    words = []
    for _ in range(5):
        known._fade()
        words.append(known.of("star"))
    assert words == ["many others", "few others", "few others", "nobody else", "nobody else"]
    assert set(known._counts) == {0}
    assert known._viewed == 0


def test_counts_are_halved_after_twice_as_many_views_as_people():
    """Neither a view sooner nor later; whom one looked at is nobody's again, whom many looked at is not."""
    known = learnt()
    for n in range(1500):
        known.meet(f"p{n}")
    people = known._viewed
    assert 1200 < people <= 1501  # some share a slot
    seen(known, "star", 2 * people - 1500 - 1)
    assert known._since == 2 * people - 1
    assert known.of("p0") != "nobody else"
    seen(known, "star", 1)
    assert (known._since, known.of("star")) == (0, "many others")
    cold = [n for n in range(1500) if known.of(f"p{n}") == "nobody else"]
    assert len(cold) > 900


def test_the_table_does_not_grow():
    """A hundred thousand made-up people leave as many bytes as there are slots, and share them."""
    known = learnt(slots=64)
    for n in range(100_000):
        known.meet(f"invented{n}")
    assert len(known._counts) == 64
    assert known.of("invented-never") != ""


def test_people_who_share_a_slot_pass_for_more_popular():
    """The error is to the good of whoever looks: with one slot everybody is as popular as the star."""
    known = learnt(slots=1)
    seen(known, "star", 4)
    assert known.of("somebody else") == "many others"


@pytest.mark.parametrize("slots", [0, -5])
def test_a_table_has_a_slot(slots):
    """Without room there is one slot, and no division by nothing."""
    assert learnt(slots=slots).of("p") == "many others"


@pytest.mark.parametrize("subject", ["", "ü", "\udcff", "\x00", "p" * 100_000])
def test_every_id_has_a_slot(subject):
    """An id that is no UTF-8, empty or long is counted like any other."""
    known = learnt()
    assert known.meet(subject) == "nobody else"
    assert known.meet(subject) == "few others"


@given(VIEWS, st.integers(1, 16))
def test_the_running_counts_are_those_of_a_list(views, slots):
    """Whatever is looked at and asked, words and counts are those of a list that is counted anew each time."""
    with patch.object(popularity, "_LEARNS", 8):
        known, counts, since, learning = Popularity(slots), [0] * slots, 0, True
        for subject, asked in views:
            place = crc32(subject.encode()) % slots
            count = counts[place]
            word = "nobody else" if not count else "few others" if count < 4 else "many others"
            told = "" if learning else word
            if asked:
                assert known.of(subject) == told
                continue
            counts[place], since = min(15, count + 1), since + 1
            if since >= 8 and since >= 2 * sum(map(bool, counts)):
                counts, since, learning = [each // 2 for each in counts], 0, False
                told = word
            assert known.meet(subject) == told
            assert list(known._counts) == counts
