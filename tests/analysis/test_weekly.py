"""`himaya report weekly`: figures of a ledger against the same figures counted by hand."""

from __future__ import annotations

import json
import tempfile
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.analysis.site import CONFIG

from himaya import cli
from himaya.analysis.cases import CaseStore, cases_path
from himaya.analysis.groups import Group
from himaya.analysis.weekly import Weekly, weekly
from himaya.config import loads
from himaya.core.actor import Actor
from himaya.core.disclosure import Certainty, Disclosures, Shown
from himaya.core.errors import InputError
from himaya.ledger import Ledger
from himaya.ledger.canaries import keep
from himaya.ledger.names import FOREVER
from himaya.ledger.reader import Reader

DAY = 86_400.0
#: Monday, 2 March 2026, 00:00 UTC: the first moment of week 10.
MONDAY = 1_772_409_600.0
POLICY = loads(CONFIG).policy().hash()

_ACTORS = {
    "anonymous": Actor(address="203.0.113.9"),
    "new": Actor(account="n1", account_created=MONDAY - 3600),
    "established": Actor(account="e1"),
    "paid": Actor(account="t1", tier="gold"),
    "key": Actor(key="k1", account="e1"),
}


def row(at: float, cohort: str, *people: str, **more: Any) -> Disclosures:
    """Return what one exchange of a cohort's actor showed, with further fields by name."""
    actor = _ACTORS[cohort]
    shown = tuple(Shown(person, ("name",), Certainty.SERVED) for person in people)
    plain = Disclosures(
        at=at,
        surface="profile",
        kind="profile",
        actor=actor,
        access=actor.access,
        shown=shown,
        status=200,
        policy=POLICY,
    )
    return msgspec.structs.replace(plain, **more)


def lookup(at: float, cohort: str, *people: str, **more: Any) -> Disclosures:
    """Return what one look-up came to; nobody: a miss, unless it says otherwise."""
    return row(at, cohort, *people, **{"surface": "lookup", "kind": "lookup", **more})


def write(directory: Path, rows: list[Disclosures]) -> None:
    """Write rows, and the configuration they were decided by."""
    with Ledger.open(directory, clock=lambda: MONDAY + 20 * DAY) as ledger:
        ledger.config_version(POLICY, loads(CONFIG).canonical, MONDAY - 40 * DAY)
        for one in rows:
            ledger.append(one)


def ask(directory: Path, **more: int) -> Weekly:
    with Reader.open(directory) as reader:
        return weekly(reader, **more)


@pytest.fixture(name="ledger", scope="module")
def _ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two weeks of a small site, and an hour in which nobody looked. Tests ask it, and write nothing but that."""
    directory = tmp_path_factory.mktemp("site") / "ledger"
    write(
        directory,
        [
            row(MONDAY, "established", "a", "b"),
            row(MONDAY + 60, "established", "a"),
            row(MONDAY + 120, "new", "a", "c"),
            row(MONDAY + DAY, "anonymous", "c", unattributed=4),
            lookup(MONDAY + DAY, "key", "d"),
            lookup(MONDAY + DAY + 1, "key", miss=True),
            lookup(MONDAY + DAY + 2, "key", miss=True),
            lookup(MONDAY + DAY + 3, "key", unattributed=1),
            row(MONDAY + 7 * DAY, "established", "a", "e"),
            row(MONDAY + 8 * DAY, "paid", "e"),
        ],
    )
    with Ledger.open(directory) as opened:
        opened.note_gap(MONDAY + 2 * DAY, MONDAY + 2 * DAY + 3600, "the gate was down")
    return directory


def test_a_week_is_counted_by_cohort(ledger):
    """Distinct people, their share, who is new to the cohort, and answers that nobody could read, for every cohort."""
    first, second = ask(ledger, population=1000).weeks[:2]
    assert (first.week, second.week) == ("2026-W10", "2026-W11")
    assert [(r.cohort, r.people, r.new, r.share, r.unattributed) for r in first.reached] == [
        ("all", 4, 4, 0.004, 5),
        ("anonymous", 1, 1, 0.001, 4),
        ("new", 2, 2, 0.002, 0),
        ("established", 2, 2, 0.002, 0),
        ("key", 1, 1, 0.001, 1),
    ]
    assert [(r.cohort, r.people, r.new) for r in second.reached] == [
        ("all", 2, 1),
        ("established", 2, 1),
        ("paid", 1, 1),
    ]


def test_canaries_are_in_no_figure(tmp_path):
    """Whoever does not exist is not among the people shown to anybody, nor found by a look-up."""
    shown = [row(MONDAY, "established", "a", "canary"), lookup(MONDAY + 1, "key", "canary")]
    write(tmp_path / "ledger", shown)
    before = ask(tmp_path / "ledger").weeks[0]
    keep(tmp_path / "ledger", {"canary": "gap"})
    after = ask(tmp_path / "ledger").weeks[0]
    assert next((r.cohort, r.people) for r in before.reached) == ("all", 2)
    assert [(r.cohort, r.people) for r in after.reached] == [("all", 1), ("established", 1)]
    assert (len(before.looked), len(after.looked)) == (2, 0)


def test_lookups_are_counted_by_surface_with_the_share_that_found_nobody(ledger):
    """One found, two found nobody, one was not read: two of three, and the unread one is named beside it."""
    told = [
        (one.cohort, one.surface, one.found, one.missed, one.miss_share, one.unread)
        for one in ask(ledger).weeks[0].looked
    ]
    assert told == [("all", "lookup", 1, 2, 2 / 3, 1), ("key", "lookup", 1, 2, 2 / 3, 1)]


def test_unobserved_periods_and_half_weeks_are_named(ledger):
    """A week says which of its time nobody looked at, and whether rows reach over all of it."""
    answer = ask(ledger)
    assert [len(week.unobserved) for week in answer.weeks[:2]] == [1, 0]
    assert "the gate was down" in answer.weeks[0].unobserved[0].why
    assert [week.partial for week in answer.weeks[:2]] == [False, True]
    part = ask(ledger, start=round((MONDAY + DAY) * 1e6))
    assert part.weeks[0].partial
    assert (part.weeks[0].reached[0].people, part.weeks[0].reached[0].new) == (2, 1)


def test_the_population_of_the_configuration_is_taken(ledger):
    """Without --population shares are of `[site] population` of the configuration in force."""
    answer = ask(ledger)
    assert (answer.population, answer.weeks[0].reached[0].share) == (1000, 0.004)


def test_the_ten_groups_with_most_people_are_listed(tmp_path):
    """Members of a case, and actors charged to a group, are shown people together: most first, ten at most."""
    directory = tmp_path / "ledger"
    rows = [row(MONDAY + n, "established", f"p{n}") for n in range(30)]
    rows += [row(MONDAY + n, "key", f"p{n}") for n in range(20, 45)]
    rows += [row(MONDAY + n, "paid", f"q{n % 3}", group=f"g-{n}") for n in range(12)]
    write(directory, rows)
    with Reader.open(directory) as reader, CaseStore(cases_path(directory)) as store:
        numbers = {one.name: one.actor_id for one in reader.rows()}
        members = dict.fromkeys(numbers[name] for name in ("account:e1",))
        store.put(Group("g-case", MONDAY, MONDAY, members=members), MONDAY)
    first, *others = ask(directory, population=90).groups
    assert (first.group, first.state, first.members, first.people, first.share) == (
        "g-case", "suspected", 1, 45, 0.5,
    )  # fmt: skip
    assert [(one.members, one.people, one.state) for one in others] == [(1, 3, "")] * 9


_entry = st.tuples(
    st.integers(0, 15 * 24),
    st.sampled_from(sorted(_ACTORS)),
    st.sampled_from(["view", "view", "found", "missed", "unread"]),
    st.lists(st.sampled_from("abcdefg"), min_size=1, max_size=3, unique=True),
)


def _made(hour: int, cohort: str, what: str, people: list[str]) -> Disclosures:
    at = MONDAY - 3 * DAY + 3600.0 * hour
    if what == "view":
        return row(at, cohort, *people)
    if what == "found":
        return lookup(at, cohort, *people)
    return lookup(at, cohort, miss=what == "missed", unattributed=int(what == "unread"))


def _cohort(one: Disclosures) -> str:
    """Return the cohort of a row by hand: the account is new for its first week."""
    if one.actor.account == "n1":
        return "new" if one.at < MONDAY - 3600 + 7 * DAY else "established"
    return next(name for name, actor in _ACTORS.items() if actor == one.actor)


def _counted(rows: list[Disclosures]) -> dict[tuple[str, str], tuple[int, ...]]:
    """Count by hand: people, new people, people found, missed, unread, per week and cohort."""
    people, before = defaultdict(set), defaultdict(set)
    figures: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0] * 5)
    for one in sorted(rows, key=lambda one: one.at):
        week = "{}-W{:02d}".format(*datetime.fromtimestamp(one.at, UTC).date().isocalendar())
        for cohort in ("all", _cohort(one)):
            held = figures[week, cohort]
            for shown in one.shown:
                people[week, cohort].add(shown.subject)
                held[1] += shown.subject not in before[cohort]
                before[cohort].add(shown.subject)
            held[0] = len(people[week, cohort])
            held[2] += len(one.shown) * (one.kind == "lookup")
            held[3] += one.miss
            held[4] += one.unattributed > 0
    return {key: tuple(held) for key, held in figures.items()}


@given(st.lists(_entry, min_size=1, max_size=60))
@settings(max_examples=6)
def test_the_report_is_what_counting_by_hand_gives(entries):
    """Whatever rows a ledger holds, every figure is the one of a plain count over them."""
    rows = [_made(*entry) for entry in entries]
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder) / "ledger", rows)
        answer = ask(Path(folder) / "ledger")
    found: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0] * 5)
    for week in answer.weeks:
        for reached in week.reached:
            found[week.week, reached.cohort][:2] = [reached.people, reached.new]
        for looked in week.looked:
            figures = [looked.found, looked.missed, looked.unread]
            found[week.week, looked.cohort][2:] = figures
    assert {key: tuple(held) for key, held in found.items()} == _counted(rows)


def _run(*words: object) -> str:
    done = CliRunner().invoke(cli.group, ["report", "weekly", *map(str, words)])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_command_prints_json_and_keeps_the_use(ledger):
    """`--json` has the words of the documentation, and the use stands in the access log with its reason."""
    told = json.loads(_run("--ledger", ledger, "--why", "week 10", "--json"))
    assert set(told) == {"period", "population", "weeks", "groups", "retention", "note"}
    assert told["weeks"][0]["week"] == "2026-W10"
    assert told["weeks"][0]["reached"][0] == {
        "cohort": "all", "people": 4, "new": 4, "share": 0.004, "unattributed": 5,
    }  # fmt: skip
    with Reader.open(ledger) as reader:
        entry = list(reader.log())[-1]
    assert (entry["command"], entry["why"]) == ("report weekly", "week 10")


def test_the_command_prints_words_without_a_name(ledger):
    """Weeks, cohorts, shares, look-ups and unobserved periods are printed; no person and no actor is."""
    said = _run("--ledger", ledger, "--why", "week 10")
    for words in ("2026-W10, from 2026-03-02 to 2026-03-09", "established", "66.67%", "0.40%"):
        assert words in said
    assert "not observed from 2026-03-04T00:00:00Z to 2026-03-04T01:00:00Z" in said
    assert "not all of this week is covered" in said
    assert "203.0.113.9" not in said
    assert "e1" not in said.split()


def test_a_ledger_without_rows_says_so(tmp_path):
    """An empty ledger, or a period without rows, is no error and no figure."""
    write(tmp_path / "ledger", [])
    assert "holds no rows" in _run("--ledger", tmp_path / "ledger", "--why", "t")
    assert ask(tmp_path / "ledger", start=5, end=FOREVER).weeks == ()


def test_a_reason_is_needed(ledger):
    """An empty reason is refused."""
    with pytest.raises(InputError, match="--why is empty"):
        _run("--ledger", ledger, "--why", " ")
