"""Which places leak: whose history is ordinary, who counts, and what is kept of a hostile crowd."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ledger.making import DAY, NOON, disclosed

from himaya.canaries import check
from himaya.canaries.check import Check, Checked, Ordinary
from himaya.core.actor import Actor

PLACED = {"c1": "gap", "c2": "gap", "c3": "api"}


def checked(*told, ordinary: Ordinary | None = None, exempt: tuple[str, ...] = ()) -> Checked:
    """Return the outcome after these disclosures."""
    found = Check(PLACED, ordinary or Ordinary(), exempt)
    for one in told:
        found.take(one)
    return found.outcome()


def history(name: str, days: int = 3, people: int = 1) -> list:
    """Return days on which an account is shown so many people on two pages, and then the canary c1."""
    seen = []
    for day in range(days):
        names = [f"p{n}" for n in range(people)]
        seen.append(disclosed(NOON + day * DAY, name, *names[: people // 2 + 1]))
        seen.append(disclosed(NOON + day * DAY + 60, name, *names[people // 2 :]))
    return [*seen, disclosed(NOON + days * DAY - DAY + 90, name, "c1")]


def ordinary_of(*told, **more) -> int:
    """Return how many ordinary accounts came to the one place that was shown."""
    (place,) = checked(*told, **more).places
    return place.ordinary


def test_nobody_shown_is_no_leak():
    """Without views, or with views of people alone, the outcome is empty and nothing leaks."""
    empty = Checked(placed=3, shown=0, places=(), leaks=False, beyond=0)
    assert checked() == empty
    assert checked(*history("a")[:-1]) == empty


@pytest.mark.parametrize(
    ("days", "people", "ordinary"), [(2, 1, 0), (3, 1, 1), (3, 50, 1), (3, 51, 0), (9, 51, 0)]
)
def test_an_ordinary_history_is_days_at_least_and_people_at_most(days, people, ordinary):
    """Three days and fifty different people on any of them are ordinary; two days, or one person more, are not."""
    assert ordinary_of(*history("a", days, people)) == ordinary


@pytest.mark.parametrize(("accounts", "leaks"), [(1, False), (2, True), (3, True)])
def test_two_ordinary_accounts_are_a_leak(accounts, leaks):
    """One may be a collector that looks so; two say that people come by."""
    told = checked(*(one for n in range(accounts) for one in history(f"a{n}")))
    assert (told.leaks, told.places[0].leaks, told.places[0].ordinary) == (leaks, leaks, accounts)


def test_accounts_of_two_places_are_no_leak_of_either():
    """Leaks are of one place on one surface; places come in alphabetical order, each canary counts once."""
    told = checked(
        *history("a"),
        *history("b")[:-1],
        disclosed(NOON + 3 * DAY, "b", "c3"),
        disclosed(NOON + 3 * DAY, "z", "c1", "c2", surface="list"),
        disclosed(NOON + 3 * DAY, "z", "c1", surface="list"),
    )
    assert [
        (one.place, one.surface, one.canaries, one.ordinary, one.others) for one in told.places
    ] == [
        ("api", "profile", 1, 1, 0),
        ("gap", "list", 2, 0, 1),
        ("gap", "profile", 1, 1, 0),
    ]
    assert (told.shown, told.leaks) == (3, False)


def test_canaries_make_no_history():
    """Days on which an account saw canaries alone are no days with people."""
    views = [disclosed(NOON + day * DAY, "a", "c1", "c2") for day in range(9)]
    assert ordinary_of(*views) == 0


def test_a_page_of_people_and_a_canary_counts_for_both():
    """A listing with a canary on it makes history, and shows the canary; the canary is none of the people."""
    listed = [disclosed(NOON + day * DAY, "a", "p1", "p2", "c1") for day in range(3)]
    assert ordinary_of(*listed, ordinary=Ordinary(people=2)) == 1
    assert ordinary_of(*listed, ordinary=Ordinary(people=1)) == 0


@pytest.mark.parametrize(
    ("access", "counts"), [("account", 1), ("paid", 1), ("key", 0), ("anonymous", 0)]
)
def test_only_accounts_have_a_history(access, counts):
    """Whoever pays is an account; keys and visitors are others, however long they come."""
    actor = (
        Actor(address="203.0.113.9", key="k") if access == "key" else Actor(address="203.0.113.9")
    )
    if counts:
        actor = Actor(account="a")
    views = [disclosed(NOON + day * DAY, "a", "p1", actor=actor, access=access) for day in range(5)]
    shown = disclosed(NOON + 5 * DAY, "a", "c1", actor=actor, access=access)
    assert ordinary_of(*views, shown) == counts


def test_whoever_is_exempt_is_not_there():
    """Views of an exempt account are in no figure, neither as ordinary nor as others."""
    told = checked(*history("staff"), *history("a"), exempt=("account:staff",))
    assert (told.places[0].ordinary, told.places[0].others) == (1, 0)


@given(
    st.lists(st.tuples(st.integers(0, 4), st.sampled_from("abc"), st.integers(0, 5)), max_size=60),
    st.integers(1, 4),
    st.integers(1, 4),
)
def test_histories_are_those_of_a_naive_count(views, days, people):
    """For any views in the order of time, ordinary accounts are those a plain set per account and day gives."""
    views = sorted(views)
    told = [disclosed(NOON + day * DAY, name, f"p{person}") for day, name, person in views]
    told += [disclosed(NOON + 5 * DAY, name, "c1") for name in "abc"]
    sets: dict = {}
    for day, name, person in views:
        sets.setdefault(name, {}).setdefault(day, set()).add(person)
    wanted = sum(
        len(each) >= days and max(map(len, each.values())) <= people for each in sets.values()
    )
    assert ordinary_of(*told, ordinary=Ordinary(days=days, people=people)) == wanted


def test_the_check_is_bounded(monkeypatch):
    """Past the bound further actors are not kept, and the outcome says how many answers that were."""
    monkeypatch.setattr(check, "MAX_ACTORS", 10)
    found = check.Check({"c": "gap"}, check.Ordinary())
    for n in range(30):
        found.take(disclosed(NOON + n, f"u{n}", "p1"))
        found.take(disclosed(NOON + n, f"u{n}", "c"))
    told = found.outcome()
    assert (told.beyond, told.places[0].others) == (40, 10)


def test_an_answer_past_the_bound_counts_once(monkeypatch):
    """A page of a person and two canaries for somebody there is no room for is one answer."""
    monkeypatch.setattr(check, "MAX_ACTORS", 1)
    told = checked(disclosed(NOON, "a", "p1", "c1"), disclosed(NOON, "b", "p1", "c1", "c3"))
    assert told.beyond == 1


def test_no_more_people_of_an_account_are_kept_than_matter():
    """An account that takes the whole site in a day keeps nobody in memory once it is past the bound, for good."""
    found = Check(PLACED, Ordinary(people=5))
    kept = []
    views = [disclosed(NOON + n, "walker", f"p{n}") for n in range(100)]
    for view in [*views, *(disclosed(NOON + DAY * n, "walker", "p1") for n in range(1, 9))]:
        found.take(view)
        kept.append(len(found._days["account:walker"].people))
    assert max(kept) <= 5
    found.take(disclosed(NOON + DAY * 9, "walker", "c1"))
    assert found.outcome().places[0].ordinary == 0
