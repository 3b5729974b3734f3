"""A site's past traffic: its logs, read with the product's own readers, as `himaya replay` does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from himaya.config import Config
from himaya.core.errors import InputError
from himaya.core.exchange import Exchange
from himaya.watch.loglines import LogLines
from himaya.watch.totals import Totals


class Past:
    """Logs that can be read again and again. `totals` and `left_out` are those of the last whole reading."""

    def __init__(self, logs: Sequence[str], config: Config, form: str = "") -> None:
        """Take names of files; `form` is a format's name or format string, "" for the configuration's.

        Raises InputError when there is none, or when one can be read only once.
        """
        if not logs:
            raise InputError("--inject needs a log of past traffic")
        if "-" in logs:
            raise InputError(
                "--inject reads a log several times; standard input cannot be, name a file"
            )
        self._logs, self._config, self._form = tuple(logs), config, form
        self._lines = self._fresh()

    def _fresh(self) -> LogLines:
        return LogLines(self._config, self._config.surfaces)

    def exchanges(self) -> Iterator[tuple[float, Exchange]]:
        """Yield time and exchange of every line that belongs to a surface, in the order of time.

        Lines far out of order are left out and counted, as in a replay. Raises InputError for a log that
        cannot be read.
        """
        self._lines = self._fresh()
        yield from self._lines.exchanges(self._logs, self._form)

    @property
    def totals(self) -> Totals:
        """Return what the logs held."""
        return self._lines.totals

    @property
    def left_out(self) -> int:
        """Return how many lines were far out of order."""
        return self._lines.left_out
