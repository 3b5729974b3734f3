"""`himaya bench`: from options to a result. The matrix plays, this asks and sums up."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import mean

import msgspec

from himaya.bench.ablation import controls
from himaya.bench.attackers.attacker import Attacker
from himaya.bench.attackers.everybody import ALL, CATALOGUE, EVERYBODY, VARIANTS
from himaya.bench.attackers.incidents import IncidentReplay
from himaya.bench.crowd.group import Group
from himaya.bench.crowd.groups import GROUPS
from himaya.bench.defences.rivals import RIVALS
from himaya.bench.matrix import Wanted, cells_of, play
from himaya.bench.outside import load_attackers, load_crowd
from himaya.bench.policy import configuration
from himaya.bench.scene import Options
from himaya.bench.score.ablated import removed
from himaya.bench.score.cell import CellResult
from himaya.bench.score.result import (
    AttackerRow,
    DefenceRow,
    Incident,
    Intensity,
    Problem,
    Result,
    Timings,
    WorldWords,
)
from himaya.bench.score.summary import Yardstick, attacker_row, honest_rows, overall
from himaya.bench.score.varied import varied
from himaya.bench.variations import elsewhere, variations
from himaya.bench.world.knobs import Knobs, load_knobs
from himaya.core.errors import InputError

#: Always among the defences: the yardstick, and the product.
ALWAYS = ("none", "himaya")


class Asked(msgspec.Struct, frozen=True):
    """What the command line asked for. None and () stand for what `quick` or full says."""

    quick: bool = False
    people: int | None = None
    days: float | None = None
    seed: int = 1
    seeds: int | None = None
    only: tuple[str, ...] = ()
    defences: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()
    intensities: tuple[float, ...] = ()
    members: int | None = None
    attackers: Path | None = None
    crowd: Path | None = None
    world: Path | None = None
    policy: Path | None = None
    processes: int = 0
    extra_seeds: int | None = None
    ablate: bool = False
    vary: bool = False

    @property
    def is_small(self) -> bool:
        """Tell whether 2,000 people, one day and one seed will do."""
        return self.quick or self.ablate or self.vary


class Plan:
    """Options made whole: who plays, on what world, against what."""

    def __init__(self, asked: Asked) -> None:
        """Load what stands in files and fill in what was not said. Raises HimayaError."""
        quick = asked.is_small
        knobs = load_knobs(asked.world) if asked.world else Knobs(people=2000 if quick else 20_000)
        if asked.people is not None:
            knobs = msgspec.structs.replace(knobs, people=asked.people)
        taken = [each.id for each in EVERYBODY]
        self.outside = (
            tuple(load_attackers(asked.attackers, taken=taken)) if asked.attackers else ()
        )
        self.groups: tuple[Group, ...] = tuple(load_crowd(asked.crowd)) if asked.crowd else GROUPS
        self.attackers: tuple[Attacker, ...] = (*EVERYBODY, *self.outside)
        self.options = Options(
            knobs=knobs,
            days=asked.days or (1.0 if quick else 3.0),
            members=asked.members or (160 if quick else 3000),
            policy=asked.policy,
        )
        config = configuration(knobs, asked.policy)
        self.policy = config.policy().hash()
        seeds = range(asked.seed, asked.seed + (asked.seeds or (1 if quick else 3)))
        self.wanted = Wanted(
            defences=_defences(asked),
            attackers=_chosen(asked, self.attackers, self.outside),
            variants=_variants(asked),
            seeds=tuple(seeds),
            intensities=_intensities(asked),
            extra_seeds=_extra(asked),
            without=tuple(controls(config)) if asked.ablate else (),
            varied=self._varied(asked),
        )
        self.sites = elsewhere(self.options) if asked.vary else {}
        #: What is played on each of the other sites.
        self.there = Wanted(("himaya",), self.wanted.attackers, ("plain",), self.wanted.seeds)

    def cells(self) -> int:
        """Return how many cells will be played."""
        here = sum(len(cells_of(self.wanted, seed)) for seed in self.wanted.seeds)
        there = sum(len(cells_of(self.there, seed)) for seed in self.wanted.seeds)
        return here + there * len(self.sites)

    def _varied(self, asked: Asked) -> tuple[tuple[str, str], ...]:
        if not asked.vary:
            return ()
        chosen = _chosen(asked, self.attackers, self.outside)
        return variations([e for e in self.attackers if e.id in chosen], self.options.knobs)


def _intensities(asked: Asked) -> tuple[float, ...]:
    """Return how busy the crowd is when nobody collects."""
    every = (0.5, 1.0, 2.0, 4.0)
    return asked.intensities or ((1.0,) if asked.is_small and not asked.vary else every)


def _variants(asked: Asked) -> tuple[str, ...]:
    """Return the variants to play; with each control off in turn only what is compared is played."""
    told = asked.variants or asked.intensities or asked.defences
    if asked.ablate and told:
        raise InputError(
            "--ablate plays plain attackers against himaya: no --variants, --intensity or --defences"
        )
    if asked.vary and (told or asked.ablate):
        raise InputError(
            "--vary says itself what is varied: no --variants, --intensity, --defences or --ablate"
        )
    if asked.ablate:
        return ("plain",)
    return _known(asked.variants, VARIANTS, "variant") or VARIANTS


def _extra(asked: Asked) -> int:
    """Return for how many seeds variations are played: one where they are asked for or cheap."""
    if asked.extra_seeds is not None:
        return asked.extra_seeds
    return int(asked.quick or asked.vary or bool(asked.variants) or bool(asked.intensities))


def _defences(asked: Asked) -> tuple[str, ...]:
    names = tuple(rival.name for rival in RIVALS)
    families = {rival.family for rival in RIVALS}
    if not asked.defences:
        return ALWAYS if asked.is_small else (*ALWAYS, *names)
    chosen: list[str] = []
    for name in asked.defences:
        members = [rival.name for rival in RIVALS if name in {rival.name, rival.family}]
        if not members and name not in ALWAYS:
            known = ", ".join((*ALWAYS, *sorted(families)))
            raise InputError(f"no defence is called {name!r}; there are {known}")
        chosen += members
    return (*ALWAYS, *dict.fromkeys(chosen))


def _chosen(
    asked: Asked, attackers: Sequence[Attacker], outside: Sequence[Attacker]
) -> tuple[str, ...]:
    catalogue, mine = [each.id for each in CATALOGUE], [each.id for each in outside]
    rest = [each.id for each in attackers if each.id not in {*catalogue, *mine}]
    every = (*catalogue, ALL, *rest, *mine)
    if asked.only:
        return _known(asked.only, every, "attacker")
    return (*catalogue, *mine) if asked.is_small else every


def _known(asked: tuple[str, ...], known: Sequence[str], what: str) -> tuple[str, ...]:
    for name in asked:
        if name not in known:
            raise InputError(f"no {what} is called {name!r}; there are {', '.join(known)}")
    return tuple(name for name in known if name in asked)


def prove(
    plan: Plan, *, processes: int = 0, told: Callable[[CellResult], None] | None = None
) -> Result:
    """Play the matrix of a plan and return its result."""
    began = time.perf_counter()

    played = partial(
        play,
        groups=plan.groups,
        attackers=plan.attackers,
        outside=[each.id for each in plan.outside],
        processes=processes,
        told=told,
    )
    results = played(plan.wanted, plan.options)
    sites = {name: played(plan.there, options) for name, options in plan.sites.items()}
    result = _Summing(plan, results).result()
    if plan.wanted.varied:
        people = {name: options.knobs.people for name, options in plan.sites.items()}
        here = plan.options.knobs.people
        result.variations = varied(results, sites, {"": here, **people}, plan.groups)
    count = len(results) + sum(map(len, sites.values()))
    result.timings = Timings(round(time.perf_counter() - began, 1), count, processes)
    return result


class _Summing:
    def __init__(self, plan: Plan, results: Sequence[CellResult]) -> None:
        self._plan, self._results = plan, results
        self._yardstick = Yardstick(results, plan.attackers)
        self._by_id = {each.id: each for each in plan.attackers}

    def result(self) -> Result:
        plan = self._plan
        defences = [self._defence(name) for name in plan.wanted.defences]
        _mark_best(defences)
        return Result(
            world=self._world(),
            defences=defences,
            incidents=self._incidents(defences),
            ablation=removed(self._results),
            problems=self._problems(),
        )

    def _world(self) -> WorldWords:
        options, knobs = self._plan.options, self._plan.options.knobs
        return WorldWords(
            people=knobs.people,
            days=options.days,
            seeds=list(self._plan.wanted.seeds),
            ids=knobs.ids,
            graph=knobs.graph,
            crowd=options.members,
            policy=self._plan.policy,
            policy_file=options.policy.name if options.policy else "",
        )

    def _of(self, defence: str, attacker: str, variant: str = "plain") -> list[CellResult]:
        return [
            each
            for each in self._results
            if (each.cell.defence, each.cell.attacker, each.cell.variant)
            == (defence, attacker, variant)
            and not (each.cell.without or each.cell.varied)
        ]

    def _defence(self, name: str) -> DefenceRow:
        rival = next((each for each in RIVALS if each.name == name), None)
        alone = self._honest(name)
        default = next((each for each in alone if each.factor == 1.0), None)
        return DefenceRow(
            name=name,
            modelled=rival is not None,
            family=rival.family if rival else "",
            setting=rival.setting if rival else "",
            rule=rival.rule if rival else "",
            attackers=self._attackers(name),
            honest=default.honest if default else [],
            overall=default.overall if default else None,
            intensity=alone if len(alone) > 1 else [],
        )

    def _honest(self, defence: str) -> list[Intensity]:
        """Return the crowd alone, per intensity; before no defence everybody is let alone, and nothing is played."""
        found, groups = [], self._plan.groups
        cells = [each for each in self._of(defence, "") if each.honest is not None]
        for factor in sorted({each.cell.intensity for each in cells}):
            counts = [
                e.honest for e in cells if e.cell.intensity == factor and e.honest is not None
            ]
            rows = honest_rows(counts, groups)
            found.append(Intensity(factor, rows, overall(rows)))
        return found

    def _attackers(self, defence: str) -> list[AttackerRow]:
        wanted, options = self._plan.wanted, self._plan.options
        found = []
        for attacker in wanted.attackers:
            for variant in wanted.variants:
                cells = [e for e in self._of(defence, attacker, variant) if not e.problem]
                if not any(each.obtained for each in cells):
                    continue
                found.append(
                    attacker_row(
                        self._by_id.get(attacker),
                        cells,
                        self._plan.groups,
                        options.knobs.people,
                        options.days,
                        self._yardstick,
                    )
                )
        return found

    def _problems(self) -> list[Problem]:
        """Return each problem once, with the defences before which it came up."""
        found: dict[tuple[str, str], Problem] = {}
        for each in self._results:
            if not each.problem:
                continue
            cell, key = each.cell, (each.cell.attacker, each.problem)
            if key not in found:
                what = f"{cell.attacker or 'the crowd'} against {cell.defence}"
                found[key] = Problem(what, each.problem, each.file, each.line)
            elif cell.defence not in found[key].what:
                found[key].what += f", {cell.defence}"
        return list(found.values())

    def _incidents(self, defences: Sequence[DefenceRow]) -> list[Incident]:
        rows = {
            (defence.name, row.id): row
            for defence in defences
            for row in defence.attackers
            if row.variant == "plain"
        }
        # The scaling is told for a world of this size; nothing else of the world matters to it.
        found = []
        for each in self._plan.attackers:
            none, himaya = rows.get(("none", each.id)), rows.get(("himaya", each.id))
            if isinstance(each, IncidentReplay) and none and himaya:
                simulated = (
                    f"simulation: {none.share_lost:.1%} of the site without a defence,"
                    f" {himaya.share_lost:.1%} with himaya as configured"
                )
                scaling = each.scaling(self._plan.options.knobs)
                found.append(Incident(each.id, each.title, each.then, scaling, simulated))
        return found


def _mark_best(defences: Sequence[DefenceRow]) -> None:
    """Mark each rival's best setting: least mean loss to the catalogue plus the worst group's refusals."""
    families = dict.fromkeys(each.family for each in defences if each.family)
    for family in families:
        of_family = [each for each in defences if each.family == family and each.attackers]
        if of_family:
            min(of_family, key=_badness).best = True


def _badness(defence: DefenceRow) -> float:
    ids = {each.id for each in CATALOGUE[:10]}
    losses = [row.share_lost for row in defence.attackers if row.id in ids] or [0.0]
    return mean(losses) + (defence.overall.worst_denied if defence.overall else 0.0)
