"""A progress bar on a terminal, nothing in a pipe."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

#: Seconds between two drawings.
_EVERY_S = 0.1


@contextmanager
def progress(logs: Sequence[str]) -> Iterator[Callable[[int], None] | None]:
    """Yield what takes the bytes read so far, None where standard error is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    total = sum(Path(name).stat().st_size for name in logs if Path(name).is_file())
    columns = (TextColumn("reading"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    # No refresh thread: the bar is drawn when there is something new, by whoever reads.
    with Progress(
        *columns, console=Console(stderr=True), transient=True, auto_refresh=False
    ) as bar:
        task = bar.add_task("", total=total or None)
        drawn = 0.0

        def tell(done: int) -> None:
            nonlocal drawn
            now = time.monotonic()
            if now >= drawn + _EVERY_S:
                drawn = now
                bar.update(task, completed=done)
                bar.refresh()

        yield tell
