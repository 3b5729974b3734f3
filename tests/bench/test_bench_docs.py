"""`docs/bench.md` is true: its tables are those of the code, its examples run, its words are those of the JSON."""

from __future__ import annotations

import re
from pathlib import Path

from himaya.bench.attackers.attacker import Attacker
from himaya.bench.attackers.everybody import CATALOGUE, EVERYBODY
from himaya.bench.attackers.incidents import INCIDENTS
from himaya.bench.outside import load_attackers, load_crowd
from himaya.bench.playing import Stage
from himaya.bench.scene import Options, Scene
from himaya.bench.score.cell import Cell
from himaya.bench.score.result import AttackerRow, DefenceRow, HonestRow, Result, WorldWords
from himaya.bench.world.knobs import Knobs, load_knobs

PAGE = Path(__file__).resolve().parents[2] / "docs/bench.md"
FENCE = re.compile(r"^```([a-z]+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def attacker_line(each: Attacker) -> str:
    """Return an attacker's line of the table."""
    p = each.plan
    cells = [
        each.id, each.title, p.accounts, p.age_days if p.accounts else "-",
        p.signup_spread_h if p.accounts else "-", p.count, p.addresses, p.prefixes or "-", p.network,
        f"every {p.turn}" if p.turn else "yes" if p.rotates else "no", p.browsers or "ordinary",
        p.client, p.pace_s, p.hours, p.per_day or "-", "-" if p.solver_usd is None else p.solver_usd,
    ]  # fmt: skip
    return (
        "| "
        + " | ".join(f"{cell:g}" if isinstance(cell, float) else str(cell) for cell in cells)
        + " |"
    )


def tables() -> dict[str, list[str]]:
    """Return the tables that the page must hold."""
    return {
        "attackers": [attacker_line(each) for each in EVERYBODY],
        "incidents": [f"| {i.id} | {i.title} | {i.then} |" for i in INCIDENTS],
    }


def test_the_tables_are_those_of_the_code():
    """The parameter table and the incidents stand in the page as the code has them."""
    text = PAGE.read_text()
    for name, rows in tables().items():
        body = text.split(f"<!-- table: {name} -->\n")[1].split("<!-- end -->")[0]
        assert body.splitlines()[2:] == rows


def test_every_word_of_the_result_is_explained():
    """Each field of the JSON is named in the page."""
    text = PAGE.read_text()
    words = {
        name
        for kind in (WorldWords, DefenceRow, AttackerRow, HonestRow, Result)
        for name in kind.__struct_fields__
    }
    unnamed = {word for word in words if f"`{word}`" not in text and f"`{word}[]`" not in text}
    assert unnamed - {"name", "group", "natural", "attackers", "defences"} == set()


def _example(language: str, part: str) -> str:
    return next(
        body for kind, body in FENCE.findall(PAGE.read_text()) if kind == language and part in body
    )


def test_the_examples_run(tmp_path):
    """The attacker, the crowd and the world of the page load and play."""
    attackers, crowd, world = (tmp_path / name for name in ("mine.py", "crowd.py", "world.toml"))
    attackers.write_text(_example("python", "NightReader"))
    crowd.write_text(_example("python", "Librarians"))
    world.write_text(_example("toml", "[world]"))
    assert load_knobs(world) == Knobs()
    (mine,) = load_attackers(attackers)
    assert len(_example("python", "NightReader").splitlines()) <= 20
    groups = list(load_crowd(crowd))
    scene = Scene(Options(Knobs(people=400), days=1.0, members=50), groups, 1)
    result = Stage(scene, [*EVERYBODY, mine], [mine.id]).play(Cell("himaya", "X1", "plain", 1))
    assert result.problem == ""
    assert result.obtained.people > 50
    assert result.honest["librarians"]["size"] == 50


def test_the_catalogue_is_twelve():
    """A1 to A12 are there, in order."""
    assert [each.id for each in CATALOGUE] == [f"A{n}" for n in range(1, 13)]
