"""`himaya bench --vary`: what is varied, that it really is, and that the worst is named."""

from __future__ import annotations

import msgspec
import pytest

from himaya.bench.attackers.everybody import CATALOGUE
from himaya.bench.matrix import cells_of
from himaya.bench.proving import Asked, Plan, prove
from himaya.bench.scene import Options
from himaya.bench.score.result import Result, Varied
from himaya.bench.score.varied import PLAIN
from himaya.bench.variations import CHANGES, CROWDS, elsewhere, variations
from himaya.bench.world.knobs import Knobs
from himaya.core.errors import InputError
from himaya.evidence.bench_page import render_bench
from himaya.evidence.bench_table import bench_tables, variations_markdown
from himaya.evidence.proving.matrix import matrix
from himaya.evidence.proving.variations import variations_sheet, worst

SMALL = Asked(vary=True, people=200, days=0.05, members=80, only=("A4",))


def test_every_figure_of_an_attacker_goes_down_and_up_by_half():
    """Pace, hands, age and people a day, each by a half in both directions and nothing else."""
    plan = next(each for each in CATALOGUE if each.id == "A9").scaled(Knobs())
    less, more = CHANGES["hands x0.5"](plan), CHANGES["hands x1.5"](plan)
    assert (less.accounts, less.addresses, less.prefixes) == (150, 30, 20)
    assert (more.accounts, more.addresses, more.prefixes) == (450, 90, 60)
    assert (CHANGES["pace x0.5"](plan).pace_s, CHANGES["pace x1.5"](plan).pace_s) == (90, 270)
    assert (CHANGES["age x0.5"](plan).age_days, CHANGES["a day x1.5"](plan).per_day) == (2.5, 120)
    assert msgspec.structs.replace(less, accounts=300, addresses=60, prefixes=40) == plan


def test_what_an_attacker_does_not_have_is_not_varied():
    """A logged-out attacker has no age, one without a daily number none to change, and one hand no half."""
    names = {name for name, attacker in variations(CATALOGUE, Knobs()) if attacker == "A1"}
    assert names == {*CROWDS, "pace x0.5", "pace x1.5", "hands x1.5"}


def test_other_sites_differ_in_one_thing():
    """Half and twice the people, and the shapes of ids that this site does not have."""
    options = Options(knobs=Knobs(people=2000, ids="random"))
    found = {name: each.knobs for name, each in elsewhere(options).items()}
    plain = options.knobs
    assert found == {
        "1,000 people": msgspec.structs.replace(plain, people=1000),
        "4,000 people": msgspec.structs.replace(plain, people=4000),
        "sequential ids": msgspec.structs.replace(plain, ids="sequential"),
        "per-viewer ids": msgspec.structs.replace(plain, ids="per-viewer"),
    }


def test_a_plan_counts_every_cell():
    """What is announced is what is played, on this site and on the others."""
    plan = Plan(SMALL)
    here, there = cells_of(plan.wanted, 1), cells_of(plan.there, 1)
    assert len({*here}) == len(here)
    assert plan.cells() == len(here) + 4 * len(there)
    assert (plan.options.knobs.people, len(plan.wanted.seeds)) == (200, 1)


@pytest.mark.parametrize(
    "more",
    [
        {"variants": ("plain",)},
        {"intensities": (2.0,)},
        {"defences": ("fail2ban",)},
    ],
)
def test_what_it_varies_itself_is_refused(more):
    """An option that says otherwise is not ignored."""
    with pytest.raises(InputError, match="--vary says"):
        Plan(msgspec.structs.replace(SMALL, **more))


@pytest.fixture(name="result", scope="module")
def _result() -> Result:
    return prove(Plan(SMALL), processes=1)


def test_everything_is_played_and_something_changes(result):
    """Each attacker has a line for every variation; the run others are compared with is that of the matrix."""
    found = {(one.variation, one.attacker): one for one in result.variations}
    names = {PLAIN, "informed", "unlinked", *CROWDS, *elsewhere(Plan(SMALL).options)}
    assert {name for name, attacker in found if attacker == "A4"} == names | {
        name for name in CHANGES if not name.startswith("a day") and name != "hands x0.5"
    }
    himaya = next(each for each in result.defences if each.name == "himaya")
    plain = {row.id: row.people_lost for row in himaya.attackers if row.variant == "plain"}
    assert plain == {"A4": found[PLAIN, "A4"].people_lost}
    assert found["100 people", "A4"].share_lost > found[PLAIN, "A4"].share_lost
    assert found["hands x1.5", "A4"].people_lost > found[PLAIN, "A4"].people_lost
    assert result.timings is not None
    assert result.timings.cells == Plan(SMALL).cells()


def test_every_place_has_the_variations(result):
    """Terminal, Markdown and page show them; a result without them has none."""
    sheet = variations_sheet(matrix(result))
    assert sheet.rows[0][0].text == PLAIN
    assert sheet.title in render_bench(result)
    assert sheet.title in variations_markdown(result)
    assert sheet.title in [table.title for table in bench_tables(result)]
    bare = msgspec.structs.replace(result, variations=[])
    assert sheet.title not in render_bench(bare)


def test_the_worst_of_each_attacker_is_named():
    """By the variation in which it takes most; one that takes nowhere more is not named."""
    lines = [
        Varied(PLAIN, "A1", 10, 0.1, 0.0, 0.0),
        Varied("crowd x4", "A1", 30, 0.3, 0.0, 0.0),
        Varied(PLAIN, "A2", 10, 0.1, 0.0, 0.0),
        Varied("crowd x4", "A2", 5, 0.05, 0.0, 0.0),
    ]
    assert worst(lines) == "The worst of each attacker: A1 30.0 % (crowd x4)."
    assert worst(lines[2:]) == ""
