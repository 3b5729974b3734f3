"""A small scene that the tests of this room share, and defences with a planted fault."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from himaya.bench.asks import Answer, Ask, Client, Reply
from himaya.bench.attackers.everybody import EVERYBODY
from himaya.bench.crowd.groups import GROUPS
from himaya.bench.defences.base import Exposed
from himaya.bench.defences.himaya import Himaya
from himaya.bench.defences.none import NoDefence
from himaya.bench.playing import Stage
from himaya.bench.scene import Options, Scene
from himaya.bench.score.cell import Cell, CellResult
from himaya.bench.world.knobs import Knobs


class SmallScene(Scene):
    """A scene that says which groups it was drawn from."""

    groups = GROUPS


SCENE = SmallScene(Options(Knobs(people=500), days=1.0, members=120), GROUPS, 1)
STAGE = Stage(SCENE, EVERYBODY, ())


@cache
def played(defence: str, attacker: str, variant: str = "plain") -> CellResult:
    """Return a cell of the small scene."""
    result = STAGE.play(Cell(defence, attacker, variant, SCENE.seed))
    assert not result.problem
    return result


class Wall(NoDefence):
    """Blocks everything."""

    def serve(self, client: Client, ask: Ask, now: float, answer: Answer | None = None) -> Reply:
        return Reply(429, action="block")


class Amnesia(NoDefence):
    """Claims to keep a record, and keeps none."""

    def exposed(self, actors: Iterable[str]) -> Exposed:
        return {}


class Forgetful(Himaya):
    """Its ledger lost every tenth person."""

    def exposed(self, actors: Iterable[str]) -> Exposed:
        told = super().exposed(actors)
        return {name: fields for n, (name, fields) in enumerate(sorted(told.items())) if n % 10}


class Inventive(Himaya):
    """Its ledger names people whom nobody was shown."""

    def exposed(self, actors: Iterable[str]) -> Exposed:
        return super().exposed(actors) | {"invented": {"name"}}


class Colourblind(Himaya):
    """Its ledger lost a field."""

    def exposed(self, actors: Iterable[str]) -> Exposed:
        return {name: fields - {"photo"} for name, fields in super().exposed(actors).items()}


class Unwatchful(Himaya):
    """It reads no field but those that a surface declares."""

    def __init__(self, world, config, facts, start) -> None:
        super().__init__(world, config, facts, start)
        declared = {surface.id: set(surface.fields) for surface in config.surfaces}
        self._read_fields = {name: declared[name] for name in self._read_fields}


RIGGED = {
    "wall": Wall,
    "amnesia": Amnesia,
    "forgetful": Forgetful,
    "inventive": Inventive,
    "colourblind": Colourblind,
    "unwatchful": Unwatchful,
}


class _Rigged(Stage):
    def __init__(self, name: str) -> None:
        super().__init__(SCENE, EVERYBODY, ())
        self._name = name

    def _has_crowd(self, cell: Cell) -> bool:
        return True

    def _defence(self, cell: Cell, crews):
        kind = RIGGED[self._name]
        if issubclass(kind, Himaya):
            facts = SCENE.facts(1.0, [fact for crew in crews for fact in crew.facts()])
            return kind(SCENE.world, SCENE.config, facts, crews[0].op.start)
        return kind(SCENE.world)


def rigged(attacker: str, name: str) -> CellResult:
    """Return a cell played against a defence with a planted fault."""
    result = _Rigged(name).play(Cell("himaya", attacker, "plain", SCENE.seed))
    assert not result.problem
    return result
