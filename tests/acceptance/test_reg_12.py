"""REG-12: the simulator runs against a staging site that consents, and gives the people lost."""

from __future__ import annotations

import json
import subprocess

from tests.acceptance import site as pages
from tests.acceptance.gate import HIMAYA
from tests.acceptance.promise import broken, require
from tests.bench.staging_site import Tap

CAP = 15
PEOPLE = 40


def consents(monkeypatch, token_file):
    """Let the site serve what its operator puts into a file."""

    def page(rest, query, body):
        known = rest == "himaya-bench" and token_file.exists()
        return (200, "text/plain", token_file.read_bytes()) if known else pages._missing()

    monkeypatch.setitem(pages.PAGES, ".well-known", page)


def bench(port, gate, tmp_path):
    """Return the JSON of `himaya bench --target` for the named test people."""
    people = tmp_path / "people.txt"
    people.write_text("".join(f"p{n}\n" for n in range(PEOPLE)))
    asked = [
        "--target",
        f"http://127.0.0.1:{port}",
        "--test-people",
        people,
        "--policy",
        gate.config,
    ]
    waits = ["--token-file", tmp_path / "token", "--token-wait", "20", "--json"]
    done = subprocess.run(
        [HIMAYA, "bench", *asked, *waits], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def the_loss_is_told_and_bounded(gate, tmp_path):
    """Run the simulator through a tap; compare what it says with the bytes that came back."""
    gate.restart(forget=True)
    tap = Tap(gate.port)
    try:
        told = bench(tap.port, gate, tmp_path)
        arrived = {person for person in tap.people() if person < PEOPLE}
    finally:
        tap.close()
    require(told["test_people"] == PEOPLE, "all named test people are asked for")
    require(told["people_lost"] == len(arrived) > 0, "people lost are those whose bytes arrived")
    require(told["people_lost"] <= CAP, "no more people are lost than the budget allows")
    require(
        told["patterns"][0]["before"] == CAP, "the first refusal comes when the budget is used up"
    )


def test_reg_12_people_lost(gate, tmp_path, monkeypatch):
    """Against a staging site with a gate the simulator runs once the site consents, and gives the people lost."""
    consents(monkeypatch, tmp_path / "token")
    gate.configure(budgets={"address": {"day": CAP}})
    the_loss_is_told_and_bounded(gate, tmp_path)


def test_reg_12_twin_people_lost(gate, tmp_path, monkeypatch):
    """With the gate in shadow the same run loses more people than the budget allows, and says so truly."""
    consents(monkeypatch, tmp_path / "token")
    gate.configure(mode="shadow", budgets={"address": {"day": CAP}})
    with broken("no more people are lost than the budget allows"):
        the_loss_is_told_and_bounded(gate, tmp_path)
