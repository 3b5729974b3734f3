"""The matrix: every defence, every attacker, every seed; in as many processes as there are cores."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

import msgspec

from himaya.bench.attackers.attacker import Attacker
from himaya.bench.attackers.everybody import ALL, INCIDENT_IDS
from himaya.bench.crowd.group import Group
from himaya.bench.playing import SHARING, Stage
from himaya.bench.scene import Options, Scene
from himaya.bench.score.cell import Cell, CellResult
from himaya.bench.variations import CROWDS

Told = Callable[[CellResult], None]

_stage: Stage | None = None


class Wanted(msgspec.Struct, frozen=True):
    """Which cells: defences by name, attackers by id, variants, seeds, intensities of the crowd beside 1.

    Variants and intensities are played for the first `extra_seeds` seeds only. `without` are controls of himaya: each
    attacker is played once more with each of them off. `varied` are pairs of a variation and an attacker.
    """

    defences: tuple[str, ...]
    attackers: tuple[str, ...]
    variants: tuple[str, ...]
    seeds: tuple[int, ...]
    intensities: tuple[float, ...] = ()
    extra_seeds: int = 1
    without: tuple[str, ...] = ()
    varied: tuple[tuple[str, str], ...] = ()


def cells_of(wanted: Wanted, seed: int, intensity: float = 1.0) -> list[Cell]:
    """Return the cells of one seed, in the order of the result."""
    found: list[Cell] = []
    early = seed in wanted.seeds[: wanted.extra_seeds]
    busier = [each for each in wanted.intensities if each != intensity] if early else []
    for defence in wanted.defences:
        if defence != "none":
            found += [Cell(defence, "", "plain", seed, each) for each in (intensity, *busier)]
        for attacker in wanted.attackers:
            found += [
                Cell(defence, attacker, variant, seed, intensity)
                for variant in _variants(wanted, defence, attacker, seed)
            ]
    found += [
        Cell("himaya", attacker, "plain", seed, intensity, control)
        for control in wanted.without
        for attacker in wanted.attackers
    ]
    found += [
        Cell("himaya", attacker, "plain", seed, CROWDS.get(name, intensity), varied=name)
        for name, attacker in wanted.varied
    ]
    return found


def _variants(wanted: Wanted, defence: str, attacker: str, seed: int) -> list[str]:
    """Return the variants of a cell; informed and unlinked ones are about himaya, and not for incidents."""
    early = seed in wanted.seeds[: wanted.extra_seeds]
    several = defence == "himaya" and early and attacker != ALL and attacker not in INCIDENT_IDS
    return [v for v in wanted.variants if v == "plain" or several]


def play(
    wanted: Wanted,
    options: Options,
    groups: Sequence[Group],
    attackers: Sequence[Attacker],
    *,
    outside: Sequence[str] = (),
    processes: int = 0,
    told: Told | None = None,
) -> list[CellResult]:
    """Play all cells and return what came of each, in the order of `cells_of`, seed after seed."""
    found: list[CellResult] = []
    for seed in wanted.seeds:
        scene = Scene(options, groups, seed)
        cells = cells_of(wanted, seed, options.intensity)
        for each in dict.fromkeys(cell.intensity for cell in cells):
            scene.plan(each)
        stage = Stage(scene, attackers, outside)
        done = {}
        for result in _played(stage, cells, processes or _cores()):
            done[result.cell] = result
            if told is not None:
                told(result)
        found += [done[cell] for cell in cells]
    return found


def _cores() -> int:
    return max(1, len(os.sched_getaffinity(0)))


def _played(stage: Stage, cells: Sequence[Cell], processes: int) -> Iterator[CellResult]:
    """Yield results as they come. Long cells go first; a cell that kills its process is named, and the rest goes on."""
    global _stage  # noqa: PLW0603  (what forked processes share, they find here)
    _stage = stage
    gc.collect()
    gc.freeze()
    waiting = sorted(cells, key=_cost, reverse=True)
    try:
        while waiting:
            done = []
            try:
                for result in _pooled(waiting, processes):
                    done.append(result.cell)
                    yield result
            except BrokenProcessPool:
                waiting = [cell for cell in waiting if cell not in done]
                yield _alone(waiting.pop(0))
            else:
                waiting = []
    finally:
        _stage = None
        gc.unfreeze()


def _pooled(cells: Sequence[Cell], processes: int) -> Iterator[CellResult]:
    with ProcessPoolExecutor(processes, mp_context=get_context("fork")) as pool:
        waiting: set[Future[CellResult]] = {pool.submit(_play, cell) for cell in cells}
        while waiting:
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for each in done:
                yield each.result()


def _alone(cell: Cell) -> CellResult:
    """Play a cell in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("fork")) as pool:
        try:
            return pool.submit(_play, cell).result()
        except BrokenProcessPool:
            return CellResult(cell, problem=f"{cell.attacker}: its process ended by itself")


def _play(cell: Cell) -> CellResult:
    assert _stage is not None  # noqa: S101  (set before the fork)
    return _stage.play(cell)


def _cost(cell: Cell) -> float:
    """Guess how long a cell takes, to begin with the long ones."""
    weight = 10.0 if cell.defence == "himaya" else 1.0
    crowd = cell.intensity if cell.defence == "himaya" or cell.attacker in SHARING else 0.2
    return weight * crowd * (3 if cell.attacker == ALL else 2 if cell.attacker else 1)
