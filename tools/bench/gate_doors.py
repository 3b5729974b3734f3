"""Doors against nginx `proxy_pass` to the same upstream: medians of interleaved runs, and the yardstick's noise."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from tools.bench import gate_load
from tools.bench.gate_site import Program, Site, caught_up
from tools.bench.results import Row, figure

from himaya.core import engine

#: Whether the core under test is compiled; the aims of two rows depend on it.
COMPILED = str(engine.__file__).endswith(".so")

#: The least share of the yardstick's requests a second that each door should keep.
AIMS = {
    "auth_request": 0.5 if COMPILED else 0.35,
    "edge": 0.75,
    "log watching": 0.75,
    "middleware": 0.7 if COMPILED else 0.55,
    "reverse proxy": 0.25,
}

#: The most microseconds that each door should add to an answer.
ADDS_AT_MOST = {"auth_request": 250.0, "edge": 60.0}


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured: runs of so many seconds, so many times, after warming up; questions one at a time."""

    rounds: int = 5
    seconds: float = 3.0
    warm_s: float = 3.0
    asked: int = 300
    upload_mib: int = 1024
    visitors: int = gate_load.VISITORS

    @property
    def less(self) -> Size:
        """Return a smaller size, for figures without an aim."""
        return replace(self, rounds=min(2, self.rounds), seconds=min(2, self.seconds))


QUICK = Size(rounds=1, seconds=1, warm_s=1, asked=10, upload_mib=8, visitors=50)


@dataclass(slots=True)
class Door:
    """One way to the pages: a port, the log its follower reads, if any, and himaya's own `programs`.

    `behind` are seconds of reading on, `spent` the microseconds of CPU per request of each program, per run.
    """

    name: str
    port: int
    log: Path | None = None
    programs: tuple[Program, ...] = ()
    rates: list[float] = field(default_factory=list)
    behind: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    spent: list[list[float]] = field(default_factory=list)
    wrong: int = 0

    def load(self, lua: Path, size: Size) -> None:
        """Warm up and measure once; then the follower reads on, so that it disturbs nobody else."""
        self.wrong += gate_load.run(self.port, lua, size.warm_s if self.name in AIMS else 1).wrong
        if self.log is not None and self.programs:
            caught_up(self.log)
        before = [program.cpu_s() for program in self.programs]
        load = gate_load.run(self.port, lua, size.seconds)
        self.rates.append(load.rate)
        self.wrong += load.wrong
        if self.log is not None:
            self.behind.append(caught_up(self.log))
        used = (p.cpu_s() - b for p, b in zip(self.programs, before, strict=True))
        self.spent.append([1e6 * seconds / max(1, load.requests) for seconds in used])

    def wait(self, size: Size) -> None:
        """Measure the waiting of one slow visitor."""
        self.waits.append(gate_load.waiting_us(self.port, size.asked))


def ratios(plain: Door, again: Door, doors: list[Door], lua: Path, size: Size) -> list[Row]:
    """Load the yardstick and all doors in turn and return the share of its requests that each keeps."""
    for _ in range(size.rounds):
        for door in (plain, *doors, again):
            door.load(lua, size)
    rows = [
        Row(f"{plain.name}: requests", statistics.median(plain.rates), "1/s"),
        _noise([b / a for a, b in zip(plain.rates, again.rates, strict=True)]),
    ]
    rows += [_ratio(door, plain, again) for door in doors]
    return rows + [_cpu(door) for door in doors if door.programs]


def _cpu(door: Door) -> Row:
    """Return the CPU of himaya's own programs per request: a busy machine disturbs it less than the ratio."""
    medians = [statistics.median(found) for found in zip(*door.spent, strict=True)]
    told = (f"{p.name} {figure(us)}" for p, us in zip(door.programs, medians, strict=True))
    return Row(f"{door.name}: CPU per request", sum(medians), "us", detail=", ".join(told))


def _noise(found: list[float]) -> Row:
    return Row(
        "noise floor: the yardstick against itself",
        statistics.median(found),
        "x",
        detail=_span(found),
    )


def _ratio(door: Door, plain: Door, again: Door) -> Row:
    yardstick = [(a + b) / 2 for a, b in zip(plain.rates, again.rates, strict=True)]
    found = [rate / base for rate, base in zip(door.rates, yardstick, strict=True)]
    ratio, aim = statistics.median(found), AIMS.get(door.name)
    detail = [_span(found)]
    if door.behind:
        detail.append(f"the follower read on for {figure(statistics.median(door.behind))} s")
    if door.wrong:
        detail.append(f"{door.wrong} answers were not 2xx")
    told = "; ".join(detail)
    if aim is None:
        return Row(door.name, ratio, "x", detail=told)
    return Row(door.name, ratio, "x", f">= {aim:g} x", ratio >= aim and not door.wrong, told)


def _span(found: list[float]) -> str:
    return f"{figure(min(found))} to {figure(max(found))}"


def added(plain: Door, again: Door, doors: list[Door], size: Size) -> list[Row]:
    """Time single requests of the yardstick and all doors in turn, and return the microseconds that each adds."""
    for _ in range(size.rounds):
        for door in (plain, *doors, again):
            door.wait(size)
    noise = [b - a for a, b in zip(plain.waits, again.waits, strict=True)]
    rows = [
        Row(f"{plain.name}: one answer", statistics.median(plain.waits), "us"),
        Row(
            "noise floor: the yardstick against itself",
            statistics.median(noise),
            "us",
            detail=_span(noise),
        ),
    ]
    for door in doors:
        found = [
            a - (b + c) / 2 for a, b, c in zip(door.waits, plain.waits, again.waits, strict=True)
        ]
        value, most = statistics.median(found), ADDS_AT_MOST[door.name]
        rows.append(
            Row(f"{door.name} adds", value, "us", f"<= {most:g} us", value <= most, _span(found))
        )
    return rows


def nginx(site: Site, size: Size) -> list[Row]:
    """Measure nginx with himaya beside it: requests a second, what it adds to one answer, and the hardest load."""
    port = site.plain()
    plain, again = Door("nginx proxy_pass", port), Door("nginx proxy_pass again", port)
    edge = Door("edge", *site.printed("edge", edge=True), site.own("edge"))
    asked = Door("auth_request", *site.printed("auth", edge=False), site.own("auth"))
    watched = Door("log watching", *site.watched("log"), site.own("log"))
    lua = gate_load.script(site.directory, visitors=size.visitors)
    rows = ratios(plain, again, [watched, asked, edge], lua, size)
    rows.append(_passed(edge))
    rows += added(plain, again, [asked, edge], size)
    return rows + _hardest(site, plain, [asked, edge], size)


def _hardest(site: Site, plain: Door, doors: list[Door], size: Size) -> list[Row]:
    """Measure doors anew on pages that all show a person; nothing in a quick run."""
    if size.rounds < QUICK.rounds + 1:
        return []
    lua = gate_load.script(site.directory, every=1, visitors=size.visitors)
    what = "every page shows a person"
    doors = [Door(f"{door.name}, {what}", door.port, door.log, door.programs) for door in doors]
    yardstick = Door(f"{plain.name}, {what}", plain.port)
    return ratios(yardstick, Door("again", plain.port), doors, lua, size.less)


def _passed(edge: Door) -> Row:
    """Return what share of the pages that show people nginx let through on passes."""
    found = Counter[str]()
    with Path(edge.log or "").open("rb") as lines:
        for line in lines:
            found[line.rpartition(b'"edge":"')[2].partition(b'"')[0].decode()] += 1
    share = found["pass"] / max(1, found["pass"] + found["asked"])
    return Row(
        "edge: pages of people served on a pass", 100 * share, "%", detail="warming up included"
    )


def proxy(site: Site, size: Size) -> list[Row]:
    """Measure the reverse proxy on small pages against nginx."""
    port = site.plain()
    plain, again = Door("nginx proxy_pass", port), Door("nginx proxy_pass again", port)
    door = Door("reverse proxy", site.proxy("proxy"), programs=site.own("proxy"))
    lua = gate_load.script(site.directory, visitors=size.visitors)
    return ratios(plain, again, [door], lua, size)


def middleware(site: Site, size: Size) -> list[Row]:
    """Measure a bare Starlette application against the same one behind the ASGI middleware."""
    plain_port, door_port = site.applications("middleware")
    plain, again = Door("bare Starlette", plain_port), Door("bare Starlette again", plain_port)
    behind = (*site.own("middleware"), site.programs[f"middleware-{door_port}"])
    door = Door("middleware", door_port, programs=behind)
    lua = gate_load.script(site.directory, visitors=size.visitors)
    return ratios(plain, again, [door], lua, size) + _hardest(site, plain, [door], size)


#: What can be measured, in the order of the table.
PARTS: dict[str, tuple[str, Callable[[Site, Size], list[Row]]]] = {
    "nginx": ("nginx", nginx),
    "middleware": ("middleware", middleware),
    "proxy": ("reverse proxy", proxy),
}
