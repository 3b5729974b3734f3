"""The exchanges of access logs in the order of time, and how many lines that was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from himaya.config import Config
from himaya.core.exchange import Exchange
from himaya.core.policy import Policy
from himaya.core.surface import Surface
from himaya.watch.actors import Exchanges
from himaya.watch.batches import Batch, Piles, Stream, in_order
from himaya.watch.beside import Take, keep_of
from himaya.watch.entry import Entry
from himaya.watch.formats import read_chunk
from himaya.watch.inputs import Input, LogForm, close_inputs, open_inputs
from himaya.watch.result import iso
from himaya.watch.source import Source
from himaya.watch.totals import Totals


class Placed(NamedTuple):
    """The exchange of one line: its time (epoch seconds), and the file and number of the line."""

    at: float
    exchange: Exchange
    file: str
    line: int


class LogLines:
    """Reads logs once; `totals` and `left_out` say what they held."""

    def __init__(
        self, config: Config, surfaces: tuple[Surface, ...], policies: Sequence[Policy] = ()
    ) -> None:
        """Take how lines and actors are read.

        Requests to `surfaces` are exchanges, and those for assets where one of `policies` counts them.
        """
        self._config = config
        self._keep = keep_of(surfaces, policies)
        self._exchanges = Exchanges(config.actor)
        self.totals = Totals()
        self.left_out = 0

    def read(self, names: Sequence[str], take: Take, *, form: str = "") -> None:
        """Give `take` every exchange of the logs. Raises InputError for a log that cannot be read."""
        for at, exchange in self.exchanges(names, form):
            take(exchange, at)

    def exchanges(self, names: Sequence[str], form: str = "") -> Iterator[tuple[float, Exchange]]:
        """Yield time and exchange of every line that is kept; the rest is as in `placed`."""
        for one in self.placed(names, form):
            yield one.at, one.exchange

    def placed(self, names: Sequence[str], form: str = "") -> Iterator[Placed]:
        """Yield every line that is kept, in the order of time.

        `form` is a format's name or format string, "" for the configuration's. Raises InputError for a log that
        cannot be read.
        """
        log, actor = self._config.log, self._config.actor
        inputs = open_inputs(names, LogForm(form or log.format, log.fields, actor.account_field))
        try:
            for file, entry in self._entries(inputs):
                yield Placed(entry.at, self._exchanges.exchange(entry), file, entry.line)
        finally:
            close_inputs(inputs)

    def figures(self) -> dict[str, Any]:
        """Return what was read: lines, times, and lines so late that no window of theirs was left."""
        totals = self.totals
        return {
            "lines": totals.lines,
            "parsed": totals.parsed,
            "malformed": totals.malformed,
            "from": iso(totals.first),
            "to": iso(totals.last),
            "left_out": self.left_out,
        }

    def _entries(self, inputs: Sequence[Input]) -> Iterator[tuple[str, Entry]]:
        streams = [Stream(self._batches(each), each.first_at) for each in inputs if each.form]
        piles = Piles(_ignore)
        for batch in in_order(streams):
            for number, _, part in piles.pile(batch):
                # Late lines would be judged by windows of another time: they are left out, and said.
                if number:
                    self.left_out += len(part.entries())
                else:
                    yield from ((part.label, entry) for entry in part.entries())

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
                yield Batch(reading.entries, source.label)
        self.totals.ended(source, last)


def _ignore(_: Entry) -> None:
    """Late entries are counted where they are left out."""
