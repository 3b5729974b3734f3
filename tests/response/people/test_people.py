"""`himaya case people`: everybody of a case, counted; nobody dropped; the list as an export."""

from __future__ import annotations

import csv
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ledger.making import NOON, disclosed
from tests.response.people.world import World, run, small

from himaya.ledger.affected import Affected
from himaya.ledger.answers import Exposed, Period
from himaya.ledger.canaries import keep
from himaya.ledger.reader import Reader
from himaya.ledger.schema import Kind, micros
from himaya.response.people.categories import categories_of
from himaya.response.people.count import count, digest_of
from himaya.response.people.residence import Residence
from himaya.response.people.whom import Whom

FILE = ("--purpose", "notices", "--holder", "the people office", "--until", "2099-01-01")


@pytest.fixture(name="world")
def _world(tmp_path) -> World:
    return small(tmp_path)


def countries(told) -> dict[str, int]:
    """Return people by country as an answer says."""
    return {one["country"]: one["people"] for one in told["countries"]}


def residence(world: World, *lines: str, more: str = "") -> None:
    """Let a file say where people live."""
    (world.directory / "r.csv").write_text("\n".join(["subject,country", *lines]) + "\n")
    world.configure(f'residence = "r.csv"\n{more}')


def test_the_count_is_of_the_people_of_the_case_alone(world):
    """Members of the case's groups and nobody else; people by country, category, sensitivity and risk."""
    residence(world, "anna,ES", "ben,CA-QC", "dora,FR")
    told = world.told("people", "c1", "--why", "t")
    assert (told["people"], countries(told)) == (3, {"CA-QC": 1, "ES": 1, "": 1})
    assert told["categories"] == {"contact": 1, "identity": 2, "image": 1}
    assert told["sensitivity"] == {"3": 1, "1": 2}
    assert {one["risk"]: one["severity"] for one in told["risks"]}["RISK-1"] == "medium"
    assert told["severity"] == "medium"


def test_unknown_residence_is_a_line_of_its_own(world):
    """Whom nobody knows the residence of is counted last, with whom to ask, and is in the act that is kept."""
    text = world.case("people", "c1", "--why", "t")
    assert "residence unknown, 3 people, ask counsel" in text
    assert world.read("c1").countries == {"": 3}


def test_a_country_without_a_rule_is_a_line_of_its_own(world):
    """A country that is not in the table of regimes says so."""
    residence(world, "anna,ES", "ben,BT")
    text = world.case("people", "c1", "--why", "t")
    assert "no rule in our table, 1 person, ask counsel" in text
    rules = world.told("people", "c1", "--why", "t")["countries"]
    assert {one["country"]: one["rule"] for one in rules} == {"BT": False, "ES": True, "": None}


def test_the_act_holds_figures_and_a_digest_and_no_name(world):
    """What is kept says how many, of where, and the digest of the sorted surrogates; nobody's name."""
    residence(world, "anna,ES", "ben,ES")
    told = world.told("people", "c1", "--why", "t")
    act = world.read("c1").last("counted")
    assert act.data["countries"] == {"ES": 2, "": 1}
    assert act.data["people"] == 3
    numbers = [world.number(one, Kind.SUBJECT) for one in ("anna", "ben", "cy")]
    assert act.data["digest"] == told["digest"] == digest_of(reversed(numbers))
    assert not {"anna", "ben", "cy"} & set(json.dumps(act.data).replace('"', " ").split())


def test_erasing_a_person_leaves_the_count_and_the_digest(world):
    """Whoever was erased is counted still, of unknown residence, and the digest is the same."""
    residence(world, "anna,ES", "ben,ES", "cy,ES")
    before = world.told("people", "c1", "--why", "t")
    run("forget", "--ledger", world.ledger, "--subject", "cy", "--why", "t")
    after = world.told("people", "c1", "--why", "t")
    assert (after["people"], after["erased"], after["digest"]) == (3, 1, before["digest"])
    assert countries(after) == {"ES": 2, "": 1}


def test_the_period_of_the_case_bounds_the_list(world):
    """A case of some minutes concerns whoever was shown in them."""
    period = {"start": micros(NOON + 30), "end": micros(NOON + 90)}
    world.act("c2", "opened", groups=["g-1"], **period)
    assert world.told("people", "c2", "--why", "t")["people"] == 1


def test_actors_without_a_group_are_counted_too(world):
    """A case opened by hand names actors; they are asked for beside those of its groups."""
    world.act("c3", "opened", actors=[world.number("account:honest")])
    assert world.told("people", "c3", "--why", "t")["people"] == 1
    world.act("c4", "opened", title="nobody known")
    assert "has no actors yet" in world.case("people", "c4", "--why", "t", code=2)
    world.act("c5", "opened", groups=["g-none"])
    assert "there is no case g-none" in world.case("people", "c5", "--why", "t", code=2)


def test_the_list_is_an_export_with_each_persons_own_fields(world):
    """With --csv each person stands there with own fields and dates, and the file is in the register of exports."""
    residence(world, "ben,FR")
    file = world.directory / "people.csv"
    world.case("people", "c1", "--why", "t", "--csv", file, *FILE)
    rows = {row["subject"]: row for row in csv.DictReader(file.read_text().splitlines())}
    assert list(rows) == ["anna", "ben", "cy"]
    assert rows["ben"]["fields"] == rows["ben"]["restricted"] == "email name"
    assert (rows["ben"]["country"], rows["ben"]["times"]) == ("FR", "2")
    assert rows["cy"]["categories"] == "image"
    assert file.stat().st_mode & 0o777 == 0o600
    listed = json.loads(run("ledger", "exports", "--ledger", world.ledger, "--json"))
    assert "the people office" in json.dumps(listed)
    missing = world.case("people", "c1", "--why", "t", "--csv", file, code=2)
    assert "--purpose is empty" in missing


def test_every_use_is_in_the_chain(world):
    """Who asked whom a case concerns, and why, is written down before the answer."""
    world.case("people", "c1", "--why", "letter 7")
    with Reader.open(world.ledger) as reader:
        asked = [entry for entry in reader.log() if entry.get("command") == "case people"]
    assert [entry["why"] for entry in asked] == ["letter 7 (case c1)"]


def test_a_wrong_residence_file_writes_nothing(world):
    """A malformed country ends the command with file and line; the case keeps no count."""
    residence(world, "anna,ES", "ben,spain")
    assert "r.csv:3: 'spain' is no country" in world.case("people", "c1", "--why", "t", code=2)
    assert world.read("c1").countries is None


def test_canaries_are_no_people(world):
    """A canary that the collectors opened is in no count."""
    world.write(disclosed(NOON + 200, "m1", "cana"))
    before = world.told("people", "c1", "--why", "t")["people"]
    keep(world.ledger, {"cana": "list"})
    assert world.told("people", "c1", "--why", "t")["people"] == before - 1


PERSON = st.tuples(
    st.sampled_from(["ES", "CA-QC", "BT", "", None]),
    st.lists(st.sampled_from(["name", "email", "photo", "shoe_size"]), max_size=4),
)


@given(st.lists(PERSON, max_size=30), st.integers(0, 5))
def test_nobody_is_dropped_whoever_they_are(people, erased):
    """Whatever is known of people, the countries add up to all of them, and so do the weights to those with a name."""
    shown = [Exposed(f"p{n}", fields, "", "", 1, "served") for n, (_, fields) in enumerate(people)]
    told = {f"p{n}": code for n, (code, _) in enumerate(people) if code is not None}
    whole = len(people) + erased
    answer = Affected(
        *("", 0, 0, whole, shown, [], [], [], 0, 0, erased, Period("", ""), "", ""),
    )
    whom = Whom(answer, list(range(whole)))
    counted = count("c", whom, Residence(told), categories_of(None), {"email": 3.0})
    assert sum(one.people for one in counted.countries) == counted.people == whole
    assert sum(counted.sensitivity.values()) == len(people)
    assert sum(counted.data()["countries"].values()) == whole
    assert all(one.people <= whole for one in counted.risks)
    assert [one.country for one in counted.countries].count("") <= 1
    for one in counted.countries:
        assert bool(one.words()) == (one.country == "")
