from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.ledger.making import DAY, NOON, disclosed, half_sealed, write

from himaya import cli
from himaya.core.disclosure import Disclosures
from himaya.ledger import canaries
from himaya.ledger.reader import Reader
from himaya.ledger.schema import day_name, day_of, micros

ACTORS, PEOPLE = [f"account:u{n}" for n in range(4)], [f"p{n}" for n in range(5)]
_views = st.lists(
    st.tuples(
        st.floats(NOON - 2 * DAY, NOON + DAY),
        st.sampled_from(ACTORS),
        st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=3),
        st.sampled_from(["search", "profile"]),
    ),
    min_size=1,
    max_size=12,
)


def _items(views: list) -> list[Disclosures]:
    return [
        disclosed(at, actor.removeprefix("account:"), *people, surface=surface)
        for at, actor, people, surface in views
    ]


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(views=_views, start=st.floats(NOON - 2 * DAY, NOON + DAY), sealed=st.integers(0, 12))
def test_sets_are_counted_exactly(tmp_path_factory, views: list, start: float, sealed: int):
    """Sets of actors and of people, groups, surfaces and days: as counted from a list, sealed or live."""
    directory = tmp_path_factory.mktemp("sets") / "l"
    ledger = half_sealed(directory, _items(views), sealed)
    inside = [view for view in views if micros(view[0]) >= micros(start)]
    asked = ["account:u0", "account:u2", "account:nobody"]
    theirs = {person for _, actor, people, _ in inside if actor in asked for person in people}
    seen = {actor for _, actor, people, _ in inside if {"p1", "p3"} & set(people)}
    days: dict[tuple[str, str], list[str]] = defaultdict(list)
    for at, _, people, surface in inside:
        days[day_name(day_of(micros(at))), surface] += people
    with Reader.open(directory) as reader:
        exposed = reader.exposed_by(asked, micros(start))
        assert {one.subject for one in exposed.subjects} == theirs
        assert exposed.people == len(theirs)
        assert exposed.erased == 0
        assert {one.actor for one in reader.seen_by(["p1", "p3"], micros(start)).actors} == seen
        groups = {"a": asked, "b": ["account:nobody"]}
        assert reader.people_of_groups(groups, micros(start)) == {"a": len(theirs), "b": 0}
        counted = reader.people_per_surface_per_day(micros(start))
        assert {(one.day, one.surface): (one.people, one.rows) for one in counted} == {
            key: (len(set(people)), len(people)) for key, people in days.items()
        }
    ledger.close()


def test_canaries_are_no_people(tmp_path: Path):
    """A canary is in no count of people, of actors, groups, surfaces or days."""
    directory = tmp_path / "l"
    write(directory, disclosed(NOON, "u1", "p1", "made-up"))
    canaries.keep(directory, {"made-up": "search"})
    with Reader.open(directory) as reader:
        assert reader.exposed_by(["account:u1"]).people == 1
        assert reader.people_of_groups({"a": ["account:u1"]}) == {"a": 1}
        assert [one.people for one in reader.people_per_surface_per_day()] == [1]


def test_people_per_surface_and_day_by_command(tmp_path: Path):
    """`himaya ledger people` prints days, surfaces and people, is in the access log, and wants a reason."""
    directory = tmp_path / "l"
    items = [disclosed(NOON, "u1", "p1", "p2"), disclosed(NOON + DAY, "u2", "p1")]
    write(directory, *items)
    about = ["ledger", "people", "--ledger", str(directory), "--why", "report 3", "--json"]
    done = CliRunner().invoke(cli.group, about)
    assert done.exit_code == 0, done.output
    found = [(one["day"], one["people"], one["rows"]) for one in json.loads(done.stdout)["people"]]
    assert found == [("2025-06-15", 2, 2), ("2025-06-16", 1, 1)]
    assert CliRunner().invoke(cli.group, about[:4]).exit_code == 2
    with Reader.open(directory) as reader:
        assert [one["command"] for one in reader.log() if one["kind"] == "access"] == [
            "ledger people"
        ]
