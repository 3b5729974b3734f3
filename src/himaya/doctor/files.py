"""Keys and disks: who may read them, where they lie, how old and how full they are."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from himaya.doctor.check import Check, ok, problem, warning
from himaya.doctor.scene import Scene
from himaya.runner.alerting.conditions import age_days, free_mb, key_files


def keys(scene: Scene) -> Iterator[Check]:
    """Key files are the owner's alone, outside of the ledger, and not too old."""
    found = [each for name, path in _keys(scene).items() for each in _key(scene, name, path)]
    yield from found or [
        ok("keys", "key files are the owner's alone, and lie outside of the ledger.")
    ]


def _keys(scene: Scene) -> dict[str, Path]:
    place = scene.config.ledger.key_file
    ledger = Path(place) if place else scene.directory.with_name(scene.directory.name + ".key")
    return {"ledger.key_file": ledger, **key_files(scene.config)}


def _key(scene: Scene, name: str, path: Path) -> Iterator[Check]:
    try:
        mode = path.stat().st_mode
    except OSError as why:
        if not isinstance(why, FileNotFoundError) or _is_asked_for(scene, name):
            yield problem(
                "keys", f"{name}: cannot read {path}: {why.strerror}.", "Restore or make it."
            )
        return
    if mode & 0o077:
        yield problem("keys", f"{name}: others may read {path}.", f"Run: chmod 600 {path}")
    if path.absolute().is_relative_to(scene.directory.absolute()):
        said = f"{name}: {path} lies inside the ledger: whoever copies the data has the key."
        yield problem("keys", said, "Move it elsewhere.")
    age, most = age_days(path, scene.asked.now), scene.config.alerts.key_days
    if name != "ledger.key_file" and most and age is not None and age > most:
        said = f"{name}: {path} is {age} days old; alerts.key_days is {most}."
        yield warning("keys", said, "Replace it on both sides; what the old gate key signed ends.")


def _is_asked_for(scene: Scene, name: str) -> bool:
    """Tell whether a missing key is a fault: what himaya makes by itself is not there before the first start."""
    table, _, key = name.partition(".")
    return bool(getattr(getattr(scene.config, table), key)) and key != "key_file"


def disk(scene: Scene) -> Iterator[Check]:
    """The ledger can be written, and goes on being so."""
    least, free = scene.config.alerts.free_mb, free_mb(scene.directory)
    place = scene.directory if scene.directory.exists() else scene.directory.parent
    if scene.status is not None and scene.status.ledger_problem:
        said = f"the gate cannot write the ledger: {scene.status.ledger_problem}"
        yield problem("disk", said, "Make room or permissions; rows wait, bounded.")
    elif scene.status is None and not os.access(place, os.W_OK | os.X_OK):
        yield problem(
            "disk", f"{place} cannot be written.", "Run as the gate's account, or give it."
        )
    elif free < least:
        said = f"{free} MB are free where the ledger lies; alerts.free_mb is {least}."
        yield problem("disk", said, "Make room, or shorten [retention] identified_days.")
    else:
        yield ok("disk", f"{free} MB are free where the ledger lies.")
