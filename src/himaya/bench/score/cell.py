"""What one run of one cell of the matrix gives, in plain figures that travel between processes."""

from __future__ import annotations

import msgspec

from himaya.bench.defences.base import Exposed, Grouped
from himaya.bench.disk import Disk
from himaya.bench.world.fields import EVERYTHING

#: Hours at which the loss curve is read.
CURVE_H = (0.25, 0.5, 1, 2, 4, 8, 12, 18, 24, 30, 36, 42, 48, 54, 60, 66, 72)


class Cell(msgspec.Struct, frozen=True):
    """Which run: one defence with one setting, one attacker with one variant, one seed.

    `attacker` "" is nobody; `without` is the one control that is off, `varied` what else is another (a name of
    `himaya.bench.variations`); "" for none.
    """

    defence: str
    attacker: str
    variant: str
    seed: int
    intensity: float = 1.0
    without: str = ""
    varied: str = ""


class Obtained(msgspec.Struct):
    """What an operation obtained, and how its record compares.

    `times` are seconds since the start; `ended` is when its last hand ended by itself, None when it was still at work.
    """

    people: int
    weighted: float
    times: list[float]
    spend: dict[str, float]
    truth: tuple[float, float, float, float] | None
    grouped: Grouped | None = None
    ended: float | None = None


class CellResult(msgspec.Struct):
    """One run: what was obtained, what the crowd went through, and what went wrong."""

    cell: Cell
    obtained: Obtained | None = None
    honest: dict[str, dict[str, int]] | None = None
    problem: str = ""
    file: str = ""
    line: int = 0
    seconds: float = 0.0


def truth_of(disk: Disk, exposed: Exposed) -> tuple[float, float, float, float]:
    """Compare a record with a disk: precision and recall of people, then of (person, field) pairs.

    Nothing obtained and nothing recorded is a perfect record; a record of people whom nobody obtained has precision 0.
    """
    held = disk.pairs()
    both = sum(subject in held for subject in exposed)
    pairs = sum(len(fields & held.get(subject, set())) for subject, fields in exposed.items())
    said = sum(len(fields) for fields in exposed.values())
    had = sum(len(fields) for fields in held.values())
    return (
        _part(both, len(exposed)),
        _part(both, len(held)),
        _part(pairs, said),
        _part(pairs, had),
    )


def _part(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


def weighted_share(disk: Disk, people: int) -> float:
    """Return the weight of all fields obtained, as a share of everything the site knows of everybody."""
    return disk.weight / (EVERYTHING * people)
