"""`himaya bench --ablate`: which controls there are, what each is worth, and which of them carries all."""

from __future__ import annotations

import msgspec
import pytest

from himaya.bench.ablation import controls
from himaya.bench.matrix import Wanted, cells_of
from himaya.bench.policy import configuration, shipped
from himaya.bench.proving import Asked, Plan, prove
from himaya.bench.score.result import Removed, Result
from himaya.bench.world.knobs import Knobs
from himaya.config import Config, loads
from himaya.core.errors import InputError
from himaya.core.policy import Budget
from himaya.evidence.bench_page import render_bench
from himaya.evidence.bench_table import bench_markdown, bench_tables
from himaya.evidence.proving.ablation import ablation_sheet, single_points
from himaya.evidence.proving.matrix import matrix

NO_BUDGETS = "\n".join(f"{kind} = {{}}" for kind in ("account", "session", "key", "address", "prefix"))  # fmt: skip
QUIET = f"[budgets]\n{NO_BUDGETS}\n[ladder]\nchallenge = false\nredact = false\n[protected]\n"
SMALL = Asked(ablate=True, people=300, days=0.3, members=80, only=("A4", "A6"))


def lines_of(before: Config, after: Config) -> set[str]:
    """Return the lines of a configuration's canonical text that another one does not have."""
    one, other = (msgspec.structs.replace(each, activated="") for each in (before, after))
    return set(one.canonical.splitlines()) - set(other.canonical.splitlines())


def test_the_controls_are_those_of_the_configuration():
    """Whatever the shipped configuration can refuse by is a control; what only reports is none."""
    found = controls(shipped())
    assert {"budgets.account", "budgets.group", "budgets.visitor", "ladder.challenge"} <= {*found}
    assert {"detectors.evidence", "detectors.misses", "fields", "protected"} <= {*found}
    assert not {"detectors.breadth", "detectors.drift", "budgets.asn", "distance"} & {*found}


def test_a_configuration_that_refuses_nobody_has_no_controls():
    """A budget of `{}` is none."""
    assert controls(loads(QUIET)) == {}


@pytest.mark.parametrize(
    ("text", "control"),
    [
        ("[budgets]\nasn = { day = 5 }\n", "budgets.asn"),
        ("[budgets.surface]\nsearch = { day = 5 }\n", "budgets.surface"),
        ("[budgets.tier.gold]\nbatch = { day = 5 }\n", "budgets.batch"),
        ('[detectors.breadth]\naction = "block"\n', "detectors.breadth"),
        ("[detectors.drift]\nstrip = true\n", "detectors.drift"),
        ("[detectors.surge]\nprice = 3.0\n", "detectors.surge"),
        ("[ladder]\nthrottle_at = 0.5\n", "ladder.throttle_at"),
        ("[reserve]\nshare = 0.2\n", "reserve"),
        ("[fields]\nemail = 2.0\n", "fields"),
    ],
)
def test_each_control_is_one_that_can_be_taken_away(text, control):
    """A key that restricts somebody is a control, and nothing else is taken away with it."""
    surface = '[[surface]]\nid = "search"\nroute = "/search"\n'
    config = loads(f'[owner]\nname = "a"\ncontact = "b"\n{text}{surface}')
    less = controls(config)[control]
    assert 1 <= len(lines_of(config, less)) <= 3
    assert control not in controls(less)
    assert {*controls(config)} - {*controls(less)} == {control}


def test_a_budget_is_taken_away_in_every_tier():
    """An account budget of a tier goes with that of everybody."""
    less = controls(shipped())["budgets.account"]
    every = (less.budgets, *less.tiers.values())
    assert {each.account for each in every} == {Budget()}
    assert less.budgets.session == shipped().budgets.session


def test_each_attacker_meets_each_control_off():
    """The cells of a matrix are those of himaya once more, for each control."""
    wanted = Wanted(("none", "himaya"), ("A1", "A2"), ("plain",), (1,), without=("x", "y"))
    cells = cells_of(wanted, 1)
    assert len(cells) == len(set(cells)) == 2 + 3 + 4
    assert [(c.attacker, c.without) for c in cells if c.without] == [
        ("A1", "x"), ("A2", "x"), ("A1", "y"), ("A2", "y"),
    ]  # fmt: skip


def test_the_words_name_every_single_point():
    """Control, attackers and factors; and none where there is none."""
    lines = [
        Removed("budgets.account", "A4", 40, 10, 4.0, single_point=True),
        Removed("budgets.account", "A6", 900, 10, 90.0, single_point=True),
        Removed("fields", "A4", 11, 10, 1.1, single_point=False),
    ]
    assert "budgets.account for A4 (x 4.0), A6 (x 90)." in single_points(lines)
    assert "fields" not in single_points(lines)
    assert "No control is a single point of failure" in single_points(lines[2:])


@pytest.mark.parametrize(
    "more", [{"variants": ("plain",)}, {"intensities": (2.0,)}, {"defences": ("fail2ban",)}]
)
def test_what_ablation_does_not_play_is_refused(more):
    """Variants, intensities and rivals have no place in it, and are not ignored."""
    with pytest.raises(InputError, match="--ablate plays plain attackers"):
        Plan(msgspec.structs.replace(SMALL, **more))


def test_ablation_is_small_unless_asked():
    """2,000 people, one day, one seed, and A1 to A12."""
    plan = Plan(Asked(ablate=True))
    assert (plan.options.knobs.people, plan.options.days) == (2000, 1.0)
    assert (len(plan.wanted.seeds), len(plan.wanted.attackers)) == (1, 12)
    assert plan.wanted.without == tuple(controls(configuration(Knobs(people=2000))))


@pytest.fixture(name="result", scope="module")
def _result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """Return what is measured of a policy with one control that holds, and one that is not needed."""
    path = tmp_path_factory.mktemp("policy") / "himaya.toml"
    text = QUIET.replace("account = {}", "account = { day = 30 }").replace("key = {}", "key = { day = 9 }")  # fmt: skip
    path.write_text(f'[owner]\nname = "a"\ncontact = "b@c.example"\n{text}')
    return prove(Plan(msgspec.structs.replace(SMALL, policy=path)), processes=1)


def test_what_is_measured_says_which_control_carries_all(result):
    """Without the account budget both take the site; without the budget of keys nothing changes."""
    found = {(one.control, one.attacker): one for one in result.ablation}
    for attacker in ("A4", "A6"):
        assert found["budgets.account", attacker].single_point
        assert found["budgets.key", attacker].factor == 1.0
        assert not found["fields", attacker].single_point
    himaya = next(each for each in result.defences if each.name == "himaya")
    assert {row.id: row.people_lost for row in himaya.attackers} == {
        attacker: found["budgets.key", attacker].people_with_all for attacker in ("A4", "A6")
    }


def test_every_place_has_the_table(result):
    """Terminal, Markdown and page show it; a result without it has none of it."""
    sheet = ablation_sheet(matrix(result))
    assert [row[0].text for row in sheet.rows][:2] == ["budgets.account", "budgets.key"]
    assert "budgets.account for A4" in sheet.caption
    page, markdown = render_bench(result), bench_markdown(result)
    assert sheet.title in page
    assert sheet.title in markdown
    assert sheet.title in [table.title for table in bench_tables(result)]
    bare = msgspec.structs.replace(result, ablation=[])
    assert sheet.title not in render_bench(bare) + bench_markdown(bare)
