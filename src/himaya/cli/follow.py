"""`himaya follow LOG`: read a log as it is written, into the ledger."""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from himaya.cli.ledger_path import LedgerPath

if TYPE_CHECKING:
    from himaya.config import Config
    from himaya.ledger.rows import Row
    from himaya.runner.alerting import Alarm
    from himaya.watch.bookmark import BookmarkFile
    from himaya.watch.recorders import Recorder

_PATH = click.Path(path_type=Path)


@click.command()
@click.argument("log", type=_PATH)
@click.option("--config", type=_PATH, required=True, help="The site's himaya.toml.")
@click.option(
    "--ledger", type=LedgerPath(), help="Directory of the ledger, instead of [ledger] directory."
)
@click.option("--from-end", is_flag=True, help="The first time, begin at the end of the log.")
@click.option("--once", is_flag=True, help="Read what is there, then end.")
def follow(*, log: Path, config: Path, ledger: Path | None, from_end: bool, once: bool) -> None:
    """Read LOG as it is written, through rotation, into the ledger and findings.

    While a gate runs, its authority keeps the ledger and the budgets, and is told every exchange; the request id
    in the log settles what was reserved. Else follow keeps them itself. A bookmark beside the ledger says which
    lines it has, so a stop or kill loses none and doubles none.
    """
    import msgspec

    from himaya.config import load
    from himaya.core.errors import InputError
    from himaya.gate.log_lines import write_log
    from himaya.watch.bookmark import BookmarkFile

    write_log("himaya follow", "text")
    settings = load(config)
    write_log("himaya follow", settings.gate.log_format)
    if ledger is not None:
        place = msgspec.structs.replace(settings.ledger, directory=str(ledger.absolute()))
        settings = msgspec.structs.replace(settings, ledger=place)
    if not log.exists() and once:
        raise InputError("there is no such file", file=str(log))
    directory = Path(settings.ledger.directory)
    directory.parent.mkdir(parents=True, exist_ok=True)
    place_file = BookmarkFile(directory.with_name(directory.name + ".follow"))
    try:
        _follow(log, settings, place_file, from_end=from_end, once=once)
    finally:
        place_file.close()


def _follow(path: Path, config: Config, place: BookmarkFile, *, from_end: bool, once: bool) -> None:
    from himaya.bootstrap.parts import class_salt, make_alarm
    from himaya.watch.follow import Follower
    from himaya.watch.tail import GRACE_S, Tail, end_of

    bookmark = place.load()
    mark = bookmark.mark if bookmark else end_of(path) if from_end else None
    alarm = make_alarm(config)
    recorder, close = _recorder(config, alarm)
    stop = _Stop()
    try:
        tail = Tail(path, mark, grace_s=0.0 if once else GRACE_S)
        salt = class_salt(config)
        follower = Follower(tail, recorder, place, config, salt=salt, tell=alarm.tell)
        alarm.start()
        _say(f"reading {path}", config)
        follower.run(stop.is_set, once=once)
    finally:
        recorder.close(time.time())
        alarm.close()
        close()
    counts = follower.counts
    _say(
        f"{counts.lines} lines, {counts.parsed} parsed, {counts.malformed} malformed,"
        f" {counts.exchanges} kept, {counts.gaps} unobserved periods",
        config,
    )


def _say(said: str, config: Config) -> None:
    if config.gate.log_format == "ecs":
        logging.getLogger(__name__).info("%s", said)
    else:
        click.echo(f"himaya follow: {said}", err=True)


def _recorder(config: Config, alarm: Alarm) -> tuple[Recorder, Callable[[], None]]:
    """Return where exchanges go, and what closes the parts behind it."""
    from himaya.control import Control
    from himaya.core.errors import ServiceError

    control = Control(config.gate.socket)
    try:
        keeper = Path(control.status().ledger)
    except ServiceError:
        return _own(config, alarm)
    if keeper != Path(config.ledger.directory):
        control.close()
        return _own(config, alarm)
    from himaya.core.matching import Surfaces
    from himaya.watch.recorders import AuthorityRecorder

    _say(f"telling the gate at {config.gate.socket}", config)
    surfaces = Surfaces(config.surfaces)
    recorder = AuthorityRecorder(control, surfaces, partial(_rows_since, config), time.time)
    return recorder, control.close


def _own(config: Config, alarm: Alarm) -> tuple[Recorder, Callable[[], None]]:
    """Make an engine, a runner and a ledger for this process alone."""
    from himaya.bootstrap.parts import (
        make_anchoring,
        make_engine,
        make_runner,
        open_ledger,
        rebuild,
        upkeep,
    )
    from himaya.core.continuing import recall
    from himaya.ledger.reader import Reader
    from himaya.runner.alerting import conditions
    from himaya.watch.recorders import OwnRecorder

    now = time.time()
    ledger = open_ledger(config, now)
    try:
        engine = make_engine(config)
        with Reader.open(Path(config.ledger.directory), _key(config)) as reader:
            rebuild(partial(recall, engine), reader, now)
        anchoring = make_anchoring(config, ledger.chain, ledger.keys)
        runner = make_runner(config, ledger, partial(upkeep, ledger, config, anchoring), alarm)
        alarm.conditions.append(conditions.anchors(lambda: anchoring.problems))
        alarm.conditions.append(conditions.ledger(lambda: runner.problem))
    except BaseException:
        ledger.close()
        raise
    _say(f"keeping the ledger {config.ledger.directory}", config)
    return OwnRecorder(engine, runner, partial(_rows_since, config)), ledger.close


def _rows_since(config: Config, since: float) -> Iterator[Row]:
    from himaya.ledger.reader import Reader
    from himaya.ledger.schema import micros

    with Reader.open(Path(config.ledger.directory), _key(config)) as reader:
        yield from reader.rows(micros(since))


def _key(config: Config) -> Path | None:
    return Path(config.ledger.key_file) if config.ledger.key_file else None


class _Stop:
    """Set by SIGTERM and SIGINT: the piece in hand is finished first."""

    def __init__(self) -> None:
        self._set = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)

    def _stop(self, *_: object) -> None:
        self._set = True

    def is_set(self) -> bool:
        return self._set
