"""A site's past traffic: its logs, read with the product's own readers, as `himaya replay` does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from himaya.config import Config
from himaya.core.errors import InputError
from himaya.core.exchange import Exchange
from himaya.watch.actors import Exchanges
from himaya.watch.entry import Entry
from himaya.watch.feed import Batch, Piles, Stream, in_order
from himaya.watch.formats import read_chunk
from himaya.watch.inputs import Input, LogForm, close_inputs, open_inputs
from himaya.watch.keep import KeepSurfaces
from himaya.watch.source import Source
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
        self._logs, self._config = tuple(logs), config
        self._form = LogForm(
            form or config.log.format, config.log.fields, config.actor.account_field
        )
        self._keep = KeepSurfaces(config.surfaces)
        self.totals, self.left_out = Totals(), 0

    def exchanges(self) -> Iterator[tuple[float, Exchange]]:
        """Yield time and exchange of every line that belongs to a surface, in the order of time.

        Lines far out of order are left out and counted, as in a replay. Raises InputError for a log that
        cannot be read.
        """
        self.totals, self.left_out = Totals(), 0
        make = Exchanges(self._config.actor)
        inputs = open_inputs(self._logs, self._form)
        try:
            for entry in self._entries(inputs):
                yield entry.at, make.exchange(entry)
        finally:
            close_inputs(inputs)

    def _entries(self, inputs: Sequence[Input]) -> Iterator[Entry]:
        streams = [Stream(self._batches(each), each.first_at) for each in inputs if each.form]
        piles = Piles(_ignore)
        for batch in in_order(streams):
            for number, _, part in piles.pile(batch):
                if number:
                    self.left_out += len(part.entries())
                else:
                    yield from part.entries()

    def _batches(self, each: Input) -> Iterator[Batch]:
        source: Source = each.source
        last: float | None = None
        if each.form is None:
            return
        for chunk in source.chunks():
            reading = read_chunk(each.form, chunk, self._keep)
            self.totals.add(reading, source)
            last = reading.last or last
            if reading.entries:
                yield Batch(reading.entries)
        self.totals.ended(source, last)


def _ignore(_: Entry) -> None:
    """Late entries are counted where they are left out."""
