"""One cell of the matrix, played: who is on stage, which defence, and what came of it."""

from __future__ import annotations

import gc
import time
from collections.abc import Mapping, Sequence
from random import Random

from himaya.bench.ablation import controls
from himaya.bench.attackers.attacker import Attacker, Operation
from himaya.bench.attackers.crew import Crew
from himaya.bench.attackers.everybody import ALL, CATALOGUE, INCIDENT_IDS
from himaya.bench.attackers.parameters import unlinked
from himaya.bench.crowd.lives import Lives
from himaya.bench.defences.base import Defence
from himaya.bench.defences.himaya import Himaya
from himaya.bench.defences.none import NoDefence
from himaya.bench.defences.rivals import RIVALS
from himaya.bench.disk import Disk
from himaya.bench.outside import blaming, guard_for
from himaya.bench.run import START, Run
from himaya.bench.scene import Scene
from himaya.bench.score.cell import Cell, CellResult, Obtained, truth_of, weighted_share
from himaya.bench.variations import CHANGES
from himaya.core.errors import HimayaError, InputError

#: Rules about single addresses harm the crowd the same whoever else is there, except where addresses are shared.
SHARING = frozenset({"", "A8", "A10", "A11", ALL})


class Stage:
    """Plays cells of one scene. `outside` are attackers from a file, guarded against what files may do."""

    def __init__(self, scene: Scene, attackers: Sequence[Attacker], outside: Sequence[str]) -> None:
        """Take everybody who may be asked to play."""
        self.scene = scene
        self._attackers: Mapping[str, Attacker] = {each.id: each for each in attackers}
        self._outside = frozenset(outside)

    def play(self, cell: Cell) -> CellResult:
        """Return what came of a cell; a mistake in somebody's file is an answer, not an end."""
        began = time.perf_counter()
        try:
            with blaming(self._attackers.get(cell.attacker)):
                result = self._played(cell)
        except HimayaError as problem:
            place = problem if isinstance(problem, InputError) else None
            result = CellResult(
                cell,
                problem=str(problem),
                file=place.file if place else "",
                line=place.line if place else 0,
            )
        result.seconds = time.perf_counter() - began
        gc.collect()
        return result

    def _played(self, cell: Cell) -> CellResult:
        crews = self._crews(cell)
        lives = Lives(self.scene.plan(cell.intensity)) if self._has_crowd(cell) else None
        lengths = [crew.op.days for crew in crews]
        days = max([self.scene.options.days, *lengths] if lives or not lengths else lengths)
        defence = self._defence(cell, crews)
        try:
            run = Run(defence, lives, crews, START + days * 86400)
            for crew in crews:
                if crew.id in self._outside:
                    run.guards[crew.id] = guard_for(crew.attacker)
            run.go()
            obtained = _obtained(crews, defence, self.scene.world.count) if crews else None
        finally:
            defence.close()
        return CellResult(cell, obtained, lives.counts() if lives is not None else None)

    def _has_crowd(self, cell: Cell) -> bool:
        """Tell whether the crowd is there: always before himaya, but not in replays of incidents, which last months."""
        if cell.attacker in INCIDENT_IDS:
            return False
        if cell.defence == "himaya":
            return True
        return cell.defence != "none" and cell.attacker in SHARING

    def _crews(self, cell: Cell) -> list[Crew]:
        if not cell.attacker:
            return []
        if cell.attacker != ALL:
            return [self._crew(self._attackers[cell.attacker], cell, Disk())]
        shared = Disk()
        return [self._crew(each, cell, shared) for each in CATALOGUE]

    def _crew(self, attacker: Attacker, cell: Cell, disk: Disk) -> Crew:
        scene = self.scene
        plan = attacker.scaled(scene.world.knobs)
        if cell.varied in CHANGES:
            plan = CHANGES[cell.varied](plan)
        if cell.variant == "unlinked":
            plan = unlinked(plan)
        informed = cell.variant == "informed"
        rng = Random(f"{cell.seed}:{attacker.id}")
        days = attacker.site_days or scene.options.days
        op = Operation(scene.world, plan, rng, START, days)
        op.disk = disk
        return Crew(attacker, op, scene.config.policy() if informed else None, cell.variant)

    def _defence(self, cell: Cell, crews: Sequence[Crew]) -> Defence:
        scene = self.scene
        if cell.defence == "none":
            return NoDefence(scene.world)
        if cell.defence == "himaya":
            told = [fact for crew in crews for fact in crew.facts()]
            facts = scene.facts(cell.intensity, told)
            config = controls(scene.config)[cell.without] if cell.without else scene.config
            return Himaya(scene.world, config, facts, START)
        rival = next(each for each in RIVALS if each.name == cell.defence)
        return rival.make(scene.world)


def _obtained(crews: Sequence[Crew], defence: Defence, people: int) -> Obtained:
    disk = crews[0].op.disk
    actors = list(dict.fromkeys(name for crew in crews for name in crew.actors()))
    exposed = defence.exposed(actors)
    spend: dict[str, float] = {}
    for crew in crews:
        for name, amount in crew.spend().items():
            spend[name] = round(spend.get(name, 0) + amount, 3)
    return Obtained(
        people=len(disk.fields),
        weighted=weighted_share(disk, people),
        times=[at - START for at in disk.times],
        ended=max(crew.ended_at for crew in crews) - START
        if all(crew.is_over for crew in crews)
        else None,
        spend=spend,
        truth=None if exposed is None else truth_of(disk, exposed),
        grouped=defence.grouped(actors),
    )
