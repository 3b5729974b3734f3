"""JS23-5: several controls, none of which carries all; where one does, the report names it."""

from __future__ import annotations

from pathlib import Path

from tests.acceptance.gate import Table
from tests.acceptance.logs import told, write_config
from tests.acceptance.promise import broken, require

#: A small world, and who is let loose on it: a harvest of search pages, and a patient account.
WORLD = ["--people", "300", "--members", "80", "--days", "0.5", "--seeds", "1"]
ATTACKERS = ("A4", "A6")
CAP, NONE = {"day": 40}, {}


def policy(directory: Path, **budgets: Table) -> Path:
    """Write a policy with these budgets and no others, whose detectors only report."""
    path = directory / "himaya.toml"
    lifted = dict.fromkeys(("account", "key", "session", "address", "prefix"), NONE)
    write_config(path, budgets={**lifted, **budgets})
    return path


def bench(path: Path, *more: str) -> Table:
    """Return what `himaya bench` measures of a policy."""
    return told("bench", *WORLD, "--only", ",".join(ATTACKERS), "--policy", path, *more)


def no_control_carries_all(directory: Path, **budgets: Table) -> None:
    """Each control is switched off in turn, and nobody takes more than three times the people."""
    lines = bench(policy(directory, **budgets), "--ablate")["ablation"]
    controls = {one["control"] for one in lines}
    assert {f"budgets.{kind}" for kind, budget in budgets.items() if budget} < controls
    assert len(lines) == len(controls) * len(ATTACKERS)
    assert all(one["people_with_all"] > 0 for one in lines)
    worst = max(one["people_lost"] / one["people_with_all"] for one in lines)
    require(worst <= 3, "no control is worth more than three times the people")


def the_single_point_is_named(directory: Path, *how: str) -> None:
    """A policy has one control that holds; it is found, named, and measured as if somebody had taken it out."""
    path = policy(directory, account=CAP)
    page = directory / "bench.html"
    lines = bench(path, *how, "--report", str(page)).get("ablation", [])
    found = {(one["control"], one["attacker"]) for one in lines if one["single_point"]}
    named = {("budgets.account", attacker) for attacker in ATTACKERS}
    require(found == named, "the single point of failure is named")
    require("budgets.account for A4 (x " in page.read_text(), "on the page, too")
    bare = bench(policy(directory), "--variants", "plain")["defences"]
    (himaya,) = (one for one in bare if one["name"] == "himaya")
    taken = {one["id"]: one["people_lost"] for one in himaya["attackers"]}
    lost = {n["attacker"]: n["people_lost"] for n in lines if n["control"] == "budgets.account"}
    require(lost == taken, "with what a policy without it loses")


def test_js23_5_no_control_carries_all(tmp_path):
    """Where accounts and addresses have a cap each, either can be taken away: nobody takes three times as many."""
    no_control_carries_all(tmp_path, account=CAP, address=CAP)


def test_js23_5_twin_no_control_carries_all(tmp_path):
    """Where only accounts have one, it carries all."""
    with broken("no control is worth more than three times the people"):
        no_control_carries_all(tmp_path, account=CAP, address=NONE)


def test_js23_5_the_single_point_is_named(tmp_path):
    """The report names the control that carries all, and what is lost without it."""
    the_single_point_is_named(tmp_path, "--ablate")


def test_js23_5_twin_the_single_point_is_named(tmp_path):
    """Where no control is taken away, nobody can say."""
    with broken("the single point of failure is named"):
        the_single_point_is_named(tmp_path)
