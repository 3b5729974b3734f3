"""The progress bar of `himaya bench`, on standard error; nothing when nobody looks at it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from himaya.bench.score.cell import CellResult


@contextmanager
def progress(cells: int) -> Iterator[Callable[[CellResult], None]]:
    """Show how many of `cells` are done while open; yields what to call with each that is."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    # No thread refreshes the bar: the matrix forks, and a process with threads forks badly.
    with Progress(*columns, console=Console(stderr=True), auto_refresh=False) as bar:
        task = bar.add_task("runs", total=cells)

        def told(result: CellResult) -> None:
            cell = result.cell
            who = cell.attacker or "crowd alone"
            without = f" without {cell.without}" if cell.without else ""
            bar.update(task, advance=1, description=f"{who} against {cell.defence}{without}")
            bar.refresh()

        yield told
