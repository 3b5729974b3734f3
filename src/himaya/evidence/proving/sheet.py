"""A table before it becomes HTML, Markdown or a terminal's: every figure is formatted once, here before all three."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from himaya.bench.score.result import DefenceRow, Interval
from himaya.evidence.proving.matrix import family, least
from himaya.evidence.proving.words import DASH, bounds, percent
from himaya.evidence.words import clip


class Cell(msgspec.Struct, frozen=True):
    """A figure or a name; `note` stands below it, `least` marks the lowest of its row, `heat` 0..5 is how bad it is."""

    text: str
    note: str = ""
    least: bool = False
    heat: int = 0


class Column(msgspec.Struct, frozen=True):
    """A column; those with the same `over` stand under one common heading."""

    name: str
    over: str = ""
    is_text: bool = False

    @property
    def whole(self) -> str:
        """Both headings as one."""
        return f"{self.over} {self.name}".strip()


class Sheet(msgspec.Struct, frozen=True):
    """A table with its heading and caption. The first cell of a row is the row's name; `notes` stand below."""

    id: str
    title: str
    caption: str
    columns: list[Column]
    rows: list[list[Cell]]
    notes: list[str] = []
    empty: str = ""

    @property
    def is_text(self) -> bool:
        """Whether it holds more words than figures."""
        return sum(column.is_text for column in self.columns) > len(self.columns) / 2

    @property
    def is_wide(self) -> bool:
        """Whether it needs paper on its side."""
        return len(self.columns) > 11

    @property
    def over(self) -> list[tuple[str, int]]:
        """The common headings with how many columns each spans; one without a common heading stands alone."""
        spans: list[tuple[str, int]] = []
        for column in self.columns:
            if column.over and spans and spans[-1][0] == column.over:
                spans[-1] = (column.over, spans[-1][1] + 1)
            else:
                spans.append((column.over, 1))
        return spans if any(name for name, _ in spans) else []


def texts(*names: str) -> list[Column]:
    """Return columns of words."""
    return [Column(name, is_text=True) for name in names]


def figures(*names: str, over: str = "") -> list[Column]:
    """Return columns of figures."""
    return [Column(name, over) for name in names]


def words(*values: str) -> list[Cell]:
    """Return cells of words."""
    return [Cell(clip(value, 600)) for value in values]


def defence_column(row: DefenceRow) -> Column:
    """Return the heading of a defence: its setting under its family."""
    if row.name in {"none", "himaya"}:
        return Column("no defence" if row.name == "none" else row.name)
    if not row.setting and family(row) == row.name:
        return Column(clip(row.name, 60))
    star = ", best" if row.best else ""
    return Column(f"{clip(row.setting or row.name, 60)}{star}", clip(family(row), 60))


#: A figure with its interval; None where nothing was run.
Figure = tuple[float, Interval | None] | None


def compared(found: Iterable[Figure], missing: str = "not run") -> list[Cell]:
    """Return the shares of one row beside each other, the lowest marked; `missing` says why there is none."""
    shares = list(found)
    low = least([None if one is None else one[0] for one in shares])
    return [share_cell(one, missing, is_least=n in low) for n, one in enumerate(shares)]


def share_cell(one: Figure, missing: str = "not run", *, is_least: bool = False) -> Cell:
    """Return a share with its interval below it."""
    if one is None:
        return Cell(DASH, missing)
    return Cell(percent(one[0]), bounds(one[1]), is_least, heat(one[0]))


def heat(share: float) -> int:
    """Return how bad a share is in six steps, each about three times the last.

    >>> [heat(share) for share in (0, 0.005, 0.02, 0.05, 0.2, 0.9)]
    [0, 1, 2, 3, 4, 5]
    """
    return sum(share > edge for edge in (0, 0.01, 0.03, 0.1, 0.3))


def rate(value: float, note: str) -> Cell:
    """Return a rate of honest people, with the end of its interval below."""
    return Cell(percent(value), note, heat=heat(value))
