"""CS24-5: a model learned from the site's own labels adds a challenge, with its reasons; off, the rules go on."""

from __future__ import annotations

import json
import random
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.acceptance.gate import HIMAYA, Gate, Table
from tests.acceptance.logs import View, write_config, write_log
from tests.acceptance.promise import broken, require
from tests.acceptance.site import POPULATION

DAY = 86400
#: Two days that are over.
BEGAN = 1_790_000_000 // DAY * DAY

HONEST, COLLECTORS, VIEWS = 120, 60, 24

#: The model asks; every rule has the threshold it comes with.
ASKS: Table = {"model": {"file": "model.json", "action": "challenge", "for_s": 60}}
OFF: Table = {"model": {"file": "model.json", "action": "challenge", "for_s": 60, "enabled": False}}
LADDER: Table = {"challenge": True}


def read(chance: random.Random, views: int) -> Iterator[int]:
    """Yield whom a reader opens: somebody new, or, nearly as often, somebody again."""
    known: list[int] = []
    for _ in range(views):
        if known and chance.random() < 0.45:
            yield chance.choice(known)
        else:
            known.append(chance.randrange(POPULATION))
            yield known[-1]


def collect(chance: random.Random, views: int) -> Iterator[int]:
    """Yield whom a collector opens: everybody once, at the same pace."""
    yield from chance.sample(range(POPULATION), views)


def past(chance: random.Random) -> Iterator[View]:
    """Yield what the accounts `h0`... and `c0`... did on both days."""
    for kind, size, whom in (("h", HONEST, read), ("c", COLLECTORS, collect)):
        for number in range(size):
            for day in (0, 1):
                at = BEGAN + day * DAY + chance.uniform(0, 20_000)
                for person in whom(chance, VIEWS):
                    at += chance.lognormvariate(0, 1) / 100
                    yield View(at, f"{kind}{number}", person, "browser")


def labels() -> str:
    """Return what the site knows of these accounts."""
    known = [("h", HONEST, "honest", "appeal"), ("c", COLLECTORS, "collector", "case")]
    lines = [
        {"account": f"{kind}{number}", "label": label, "known": how}
        for kind, size, label, how in known
        for number in range(size)
    ]
    return "".join(json.dumps(line) + "\n" for line in lines)


@pytest.fixture(name="model", scope="session")
def _model(running: Gate, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the model file beside the gate's configuration, made by the installed command from a log and labels."""
    place = tmp_path_factory.mktemp("training")
    write_log(place / "access.log", past(random.Random(11)))
    write_config(place / "himaya.toml")
    (place / "labels").write_text(labels())
    out = running.directory / "model.json"
    told = running.himaya(
        "model", "train", "--labels", str(place / "labels"), "--config", str(place / "himaya.toml"),
        "--out", str(out), "--rate", "0.02", "--run-up", "0", str(place / "access.log"),
    )  # fmt: skip
    assert "AUC" in told
    return out


def a_collector_is_asked(gate: Gate, name: str, detectors: Table) -> None:
    """One account opens 60 people all over the site, another reads. No rule has a threshold that either reaches."""
    gate.configure(ladder=LADDER, detectors=detectors)
    chance = random.Random(3)
    with gate.visitor(f"{name}.reader") as reader, gate.visitor(f"{name}.program") as program:
        seen = [reader.get(f"/u/p{person}") for person in read(chance, VIEWS)]
        taken = [program.get(f"/u/p{person}") for person in collect(chance, 60)]
    require({one.status for one in seen} == {200}, "the reader is left alone")
    refused = [one for one in taken if one.status != 200]
    require(refused, "the collector is asked before it has 60")
    reasons = str(refused[0].json()["reasons"])
    require("model found" in reasons and "hardly comes back to anybody" in reasons, "with reasons")
    reference = refused[0].headers["himaya-reference"]
    gate.flush()
    told = gate.himaya("status", "--config", str(gate.config), "--reference", reference)
    require("hardly comes back to anybody" in told, "which the operator reads, too")
    status = gate.himaya("status", "--config", str(gate.config))
    require("challenge at most" in status, "and status says that a model runs")
    found = gate.found("model", f"account:{name}.program", wait_s=5)
    require(found and 1 <= len(found["because"]) <= 3, "and the finding has its top reasons")


def rules_go_on(gate: Gate, name: str, day: Table) -> None:
    """A model is switched off by a reload while others read."""
    gate.configure(ladder=LADDER, detectors=ASKS, budgets={"account": day})
    chance = random.Random(4)
    over, statuses = threading.Event(), []

    def reads() -> None:
        with gate.visitor(f"{name}.reader") as reader:
            while not over.is_set():
                statuses.append(reader.get(f"/u/p{len(statuses) % 5}").status)

    with gate.visitor(f"{name}.program") as program:
        taken = [program.get(f"/u/p{person}").status for person in collect(chance, 40)]
        assert 403 in taken
        reading = threading.Thread(target=reads)
        reading.start()
        try:
            gate.write(ladder=LADDER, detectors=OFF, budgets={"account": day})
            gate.himaya("config", "reload", "--config", str(gate.config))
            after = program.get("/u/p19000").status
            more = [program.get(f"/u/p{person}") for person in range(100, 240)]
        finally:
            over.set()
            reading.join()
    require(after == 200, "what the model decided falls with it")
    require(set(statuses) == {200}, "nobody is refused meanwhile")
    require(len(program.obtained) <= 100, "the budget holds without the model")
    require("the limit is 100" in str(more[-1].json()["reasons"]), "and says so")


def a_model_may_not_refuse(gate: Gate, action: str) -> None:
    """Somebody writes a harder action than a challenge."""
    gate.write(ladder=LADDER, detectors={"model": {**ASKS["model"], "action": action}})
    done = subprocess.run(
        [HIMAYA, "config", "check", gate.config], capture_output=True, text=True, check=False
    )
    require(done.returncode == 2, "a model that would refuse is no configuration")
    require("never the sole ground" in done.stderr, "and the check says why")


def it_goes_on_asking(gate: Gate, name: str, detectors: Table) -> None:
    """A program is asked and solves nothing; after three times in an hour the ladder would refuse it."""
    gate.configure(ladder={**LADDER, "challenges_before_block": 3}, detectors=detectors)
    with gate.visitor(name) as program:
        taken = [program.get(f"/u/p{person}") for person in collect(random.Random(5), 60)]
    refused = [one.json() for one in taken if one.status != 200]
    assert len(refused) > 10
    require("challenge" in str(refused[-1]), "it is asked as often as it comes, and never shut out")


def test_cs24_5_a_collector_is_asked(gate, model, name):
    """Rules let a collector of 60 people pass; the model asks it, and refusal, status and finding have the reasons."""
    a_collector_is_asked(gate, name, ASKS)


def test_cs24_5_twin_a_collector_is_asked(gate, model, name):
    """With the model off the same collector is not asked."""
    with broken("the collector is asked before it has 60"):
        a_collector_is_asked(gate, name, OFF)


def test_cs24_5_rules_go_on(gate, model, name):
    """Switched off by a reload: no request fails, what the model decided is over, and the budget still holds."""
    rules_go_on(gate, name, {"day": 100})


def test_cs24_5_twin_rules_go_on(gate, model, name):
    """Without a budget nothing holds the collector once the model is off."""
    with broken("the budget holds without the model"):
        rules_go_on(gate, name, {})


def test_cs24_5_a_model_may_not_refuse(gate, model, name):
    """`action = "block"` for the model is a mistake with a reason, exit code 2."""
    a_model_may_not_refuse(gate, "block")


def test_cs24_5_twin_a_model_may_not_refuse(gate, model, name):
    """A challenge is no mistake."""
    with broken("a model that would refuse is no configuration"):
        a_model_may_not_refuse(gate, "challenge")


def test_cs24_5_it_goes_on_asking(gate, model, name):
    """Challenges left unsolved never turn into a refusal where the model alone asked."""
    it_goes_on_asking(gate, name, ASKS)


def test_cs24_5_twin_it_goes_on_asking(gate, model, name):
    """Where a rule asks, three unsolved challenges end in a refusal."""
    rule = {"evidence": {"established": 5, "action": "challenge", "for_s": 60}}
    with broken("it is asked as often as it comes, and never shut out"):
        it_goes_on_asking(gate, name, {**OFF, **rule})
