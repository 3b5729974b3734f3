"""The story: everybody on both sites at the same time, then the questions, then the answers."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Coroutine, Iterator, Sequence
from pathlib import Path

import msgspec
from rich.console import Console
from rich.live import Live

from himaya.demo.closing import closing
from himaya.demo.counts import Counts, count
from himaya.demo.crowd import OFFICE, crowd, live
from himaya.demo.people import Member, population
from himaya.demo.proof import Proof, compare
from himaya.demo.report import write_report
from himaya.demo.scene import BARE, GATED, SIDES, Scene
from himaya.demo.scrapers import Desk, all_scrapers, network_account, patient_account, run
from himaya.demo.stage import Stage
from himaya.demo.table import live_table, plain_line

#: Fewer people than this make no site with an honest crowd on it.
LEAST_PEOPLE = 100
_CROWD = 120
_TICK_S = 0.25
_PLAIN_EVERY_S = 2.0
_INTERRUPTED = 130
#: Ctrl-C, a polite end, and a terminal that is closed.
_ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Options(msgspec.Struct, frozen=True):
    """What the command line asked for; `out` None means a temporary directory."""

    people: int = 20_000
    seconds: float = 30.0
    once: bool = False
    out: Path | None = None


async def tell(options: Options, console: Console) -> int:
    """Run the demo and return its exit code.

    0: done, and the ledger's answer equals the worst scraper's own file. 1: they differ. 130: interrupted
    before the end. Raises ServiceError when a process cannot be started or dies.
    """
    stop = asyncio.Event()
    with Stage(options.people, options.out) as stage, _signals(stop):
        console.print(
            f"Starting an invented site with {options.people:,} people, and himaya in front of it."
        )
        members = await asyncio.to_thread(population, options.people)
        await stage.start()
        scene = _scene(members, options.seconds)
        await _act(scene, stage, members, stop, console)
        if stop.is_set():
            console.print("Interrupted; everything is stopped.")
            return _INTERRUPTED
        counts = await _written_down(scene, stage)
        proof = await _question(scene, stage)
        report = write_report(scene, stage, proof, counts)
        console.print(closing(scene, stage, proof, report, once=options.once))
        if not options.once:
            await stop.wait()
        return 1 if proof.diff else 0


def _scene(members: Sequence[Member], seconds: float) -> Scene:
    size = min(_CROWD, max(OFFICE, len(members) // 10))
    return Scene(all_scrapers(members), len(members), size, seconds)


@contextlib.contextmanager
def _signals(stop: asyncio.Event) -> Iterator[None]:
    """Let Ctrl-C, SIGTERM and SIGHUP set `stop`, so that everything ends in order."""
    loop = asyncio.get_running_loop()
    for name in _ENDS:
        loop.add_signal_handler(name, stop.set)
    try:
        yield
    finally:
        for name in _ENDS:
            loop.remove_signal_handler(name)


async def _act(
    scene: Scene, stage: Stage, members: Sequence[Member], stop: asyncio.Event, console: Console
) -> None:
    """Let everybody live on both sides until the time is over or somebody stops it."""
    ended = asyncio.Event()
    people = [asyncio.create_task(task) for task in _lives(scene, stage, members, ended)]
    try:
        await _show(scene, stage, stop, console)
        ended.set()
        await asyncio.gather(*people) if not stop.is_set() else None
    finally:
        for task in people:
            task.cancel()
        await asyncio.gather(*people, return_exceptions=True)


def _lives(
    scene: Scene, stage: Stage, members: Sequence[Member], ended: asyncio.Event
) -> Iterator[Coroutine[None, None, None]]:
    """Yield what everybody does: each scraper and each visitor once per side."""
    ports = {BARE: stage.bare_port, GATED: stage.gated_port}
    keep_out = frozenset({network_account(members), patient_account(members)})
    visitors = crowd(members, scene.crowds[GATED].size, keep_out)
    for side in SIDES:
        for scraper in scene.scrapers:
            tally = scene.tallies[side][scraper.key]
            yield run(scraper, Desk(ports[side], members, ended, tally, scraper.key))
        for visitor in visitors:
            yield live(visitor, ports[side], scene.seconds, scene.crowds[side])


async def _show(scene: Scene, stage: Stage, stop: asyncio.Event, console: Console) -> None:
    """Keep time and show how it stands: a live table on a terminal, plain lines elsewhere."""
    if not console.is_terminal:
        say: Callable[[], None] = lambda: console.print(plain_line(scene), soft_wrap=True)  # noqa: E731
        await _ticks(scene, stage, stop, say, _PLAIN_EVERY_S)
        console.print(live_table(scene))
        return
    with Live(live_table(scene), console=console, auto_refresh=False) as picture:
        redraw: Callable[[], None] = lambda: picture.update(live_table(scene), refresh=True)  # noqa: E731
        await _ticks(scene, stage, stop, redraw, _TICK_S)


async def _ticks(
    scene: Scene, stage: Stage, stop: asyncio.Event, show: Callable[[], None], every_s: float
) -> None:
    """Advance the scene's clock and `show` it, until the time is over or `stop`."""
    loop = asyncio.get_running_loop()
    start = shown = loop.time()
    while scene.elapsed < scene.seconds and not stop.is_set():
        await asyncio.sleep(_TICK_S)
        stage.check()
        scene.elapsed = min(scene.seconds, loop.time() - start)
        if loop.time() - shown >= every_s or scene.elapsed >= scene.seconds:
            shown = loop.time()
            show()


async def _written_down(scene: Scene, stage: Stage) -> Counts:
    """Write down what every scraper holds, have the ledger written too, and return its counts."""
    stage.files.mkdir(exist_ok=True)
    for side in SIDES:
        for key, tally in scene.tallies[side].items():
            tally.haul.write(stage.files / f"{key}.{side}.jsonl")
    await asyncio.to_thread(stage.flush)
    counts = count(stage.ledger)
    # One API key is in use; only the ledger can tell the name it has for it.
    for actor in counts.actors:
        if actor.startswith("key:"):
            scene.name_key(actor)
    return counts


async def _question(scene: Scene, stage: Stage) -> Proof:
    """Ask the ledger about the worst scraper and compare."""
    worst = scene.worst()
    haul = scene.tallies[GATED][worst.key].haul
    return await compare(worst, haul, stage.directory)
