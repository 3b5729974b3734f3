"""The log feed: whether it is followed up to the last line, and what it shows that nobody declared."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import msgspec

from himaya.core.matching import Surfaces
from himaya.doctor.check import Check, ok, problem, warning
from himaya.doctor.scene import Scene
from himaya.watch.bookmark import Bookmark, is_followed
from himaya.watch.formats import read_chunk
from himaya.watch.inputs import LogForm, close_inputs, open_inputs
from himaya.watch.keep import KeepAll
from himaya.watch.paths import PathCounts
from himaya.watch.surfaces import SURE, discover_surfaces

#: Bytes of a log that a follower may be behind: what a busy server writes within its second.
_BEHIND = 1 << 20

_DAY_S = 86400.0

#: Routes that are named.
_NAMED = 5


def follow(scene: Scene) -> Iterator[Check]:
    """Behind an authority, somebody reads the log: without it nothing is settled and nobody in lists is seen."""
    if scene.door == "proxy":
        yield ok("follow", "not needed: the proxy sees every answer.")
        return
    path = scene.directory.with_name(scene.directory.name + ".follow")
    do = "Start it: himaya follow LOG --config himaya.toml"
    if not is_followed(path):
        level = warning if scene.status is None else problem
        yield level("follow", "no himaya follow runs beside this ledger.", do)
        return
    behind = _behind(scene, path)
    if behind:
        yield warning("follow", behind, "Look at the log of himaya follow.")
    else:
        yield ok("follow", "it runs, and is up to date as far as can be told.")


def _behind(scene: Scene, path: Path) -> str:
    """Return how far the follower is behind, "" when it is not."""
    try:
        mark = msgspec.json.decode(path.read_bytes(), type=Bookmark)
    except (OSError, msgspec.DecodeError):
        return ""  # not written yet
    log = scene.asked.log
    if log is not None and log.exists():
        found = log.stat()
        rest = found.st_size - mark.mark.offset
        if found.st_ino == mark.mark.inode and rest > _BEHIND:
            return f"it is {rest} bytes behind the end of {log}."
    if mark.last_at and scene.asked.now - mark.last_at > _DAY_S:
        return "it has read no line that is younger than a day."
    return ""


def privacy(scene: Scene) -> Iterator[Check]:
    """A log that says who looked at whom is for its owner and a group."""
    log = scene.asked.log
    if log is None or not log.is_file():
        return
    if log.stat().st_mode & stat.S_IROTH:
        said = f"every account of this machine may read {log}, which says who looked at whom."
        yield warning("log", said, f"chmod o-rwx {log}")
    else:
        yield ok("log", "the log is for its owner and its group.")


def undeclared(scene: Scene) -> Iterator[Check]:
    """Routes of the log that look like people and are no surface."""
    log = scene.asked.log
    if log is None:
        return
    match = Surfaces(scene.config.surfaces).match
    found = [
        guess.surface.route
        for guess in discover_surfaces(_paths(log, scene))
        if guess.confidence >= SURE and not any(match("GET", one) for one in guess.samples)
    ]
    if found:
        said = f"the log shows people at routes that are no surface: {', '.join(found[:_NAMED])}."
        yield problem("routes", said, "Declare them, or look why not: himaya discover LOG")
    else:
        yield ok("routes", "no route of the log looks like people and is undeclared.")


def _paths(log: Path, scene: Scene) -> PathCounts:
    """Count the paths of a log, bounded. Raises InputError for a log that is none."""
    counts = PathCounts()
    form = LogForm(format=scene.config.log.format, fields=scene.config.log.fields)
    inputs = open_inputs((str(log),), form)
    try:
        for source, lines in [(each.source, each.form) for each in inputs if each.form is not None]:
            for chunk in source.chunks():
                for entry in read_chunk(lines, chunk, KeepAll()).entries:
                    counts.add(entry.method, entry.target, entry.status)
    finally:
        close_inputs(inputs)
    return counts
