"""An incident of the proving ground, played into a ledger: the list of its case is what is on the attacker's disk."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from tests.bench.small import SCENE

from himaya.bench.attackers.attacker import Operation
from himaya.bench.attackers.crew import Crew
from himaya.bench.attackers.everybody import EVERYBODY
from himaya.bench.crowd.lives import Lives
from himaya.bench.defences.himaya import Himaya
from himaya.bench.run import START, Run
from himaya.bootstrap.register import open_register
from himaya.ledger.reader import Reader
from himaya.ledger.schema import Kind, micros
from himaya.response.cases import Act
from himaya.response.people.whom import people_of


class Kept(Himaya):
    """A gate whose ledger can be asked after the run."""

    @property
    def directory(self) -> Path:
        return Path(self._config.ledger.directory)


def played(attacker: str) -> tuple[Kept, Crew]:
    """Play an operation beside the crowd, and return the gate, its ledger written, and the operation."""
    chosen = next(each for each in EVERYBODY if each.id == attacker)
    days = min(chosen.site_days or 1.0, 1.0)
    op = Operation(
        SCENE.world, chosen.scaled(SCENE.world.knobs), Random(f"1:{attacker}"), START, days
    )
    crew = Crew(chosen, op, None, "plain")
    gate = Kept(SCENE.world, SCENE.config, SCENE.facts(1.0, crew.facts()), START)
    Run(gate, Lives(SCENE.plan(1.0)), [crew], START + days * 86_400).go()
    gate.exposed([])  # everything is written and closed
    return gate, crew


def listed(ledger: Path, actors: list[str]) -> dict[str, set[str]]:
    """Open a case of these actors, and return whom it concerns, with the fields of each."""
    with Reader.open(ledger) as reader, open_register(ledger) as register:
        found = list(reader.identities.find_all(Kind.ACTOR, actors))
        opened = {"actors": found, "title": "an incident"}
        register.add(Act(case="c", kind="opened", at=micros(START), by="dana", data=opened))
        whom = people_of(reader, register.case("c"))
    assert whom.answer.people == len(whom.numbers) == len(whom.answer.subjects)
    return {one.subject: set(one.fields) for one in whom.answer.subjects}


@pytest.mark.parametrize(("attacker", "least"), [("A2", 50), ("A6", 50), ("H1", 1), ("H7", 50)])
def test_the_list_of_a_bench_incident_is_the_attackers_disk(attacker, least):
    """Recall and precision are 1: everybody on the disk, nobody else, with exactly the fields that arrived."""
    gate, crew = played(attacker)
    try:
        assert len(crew.op.disk.fields) >= least
        assert listed(gate.directory, crew.actors()) == crew.op.disk.pairs()
    finally:
        gate.close()
