"""A bounded sample of logs, to guess surfaces and proxies from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec

from himaya.watch.formats import LineFormat, read_chunk
from himaya.watch.inputs import Input, LogForm, close_inputs, open_inputs
from himaya.watch.keep import KeepAll
from himaya.watch.paths import PathCounts
from himaya.watch.source import BLOCK, Chunk

#: Lines looked at when nothing else is said.
MAX_LINES = 100_000

#: Places of a large plain file that are looked at besides its beginning, and bytes of each.
_PLACES = 7
_PIECE = 1 << 19
_KEEP = KeepAll()

#: Agent strings remembered per address; a proxy shows many.
_AGENTS = 20


class Sample(msgspec.Struct):
    """What a sample of the logs asked for; how many lines and which agent strings each address sent."""

    paths: PathCounts
    agents: dict[str, set[str]]
    addresses: Counter[str]

    @classmethod
    def empty(cls) -> Sample:
        """Return a sample of nothing."""
        return cls(PathCounts(), {}, Counter())


def sample_logs(
    names: Sequence[str],
    *,
    format: str = "auto",  # noqa: A002 - the word of the configuration
    fields: dict[str, str] | None = None,
    max_lines: int = MAX_LINES,
) -> PathCounts:
    """Return the paths that a bounded sample of logs asked for ("-" is standard input).

    Raises InputError for what is no log.
    """
    inputs = open_inputs(names, LogForm(format, fields or {}))
    try:
        return sample_inputs(inputs, max_lines).paths
    finally:
        close_inputs(inputs)


def sample_inputs(inputs: Sequence[Input], max_lines: int = MAX_LINES) -> Sample:
    """Return a sample; nothing is taken away from what `chunks` yields later.

    Every log gives its beginning, a large plain file also pieces from all over.
    """
    sample = Sample.empty()
    share = max(1, max_lines // max(1, len(inputs)))
    for each in inputs:
        if each.form is not None:
            _sample(each, each.form, share, sample)
    return sample


def _sample(each: Input, form: LineFormat, share: int, sample: Sample) -> None:
    source = each.source
    spread = not source.packing and source.name != "-" and source.size > 2 * _PLACES * BLOCK
    left = share
    for chunk in source.held():
        left -= _count(form, chunk, sample, left)
    while left > 0 and not spread and (further := source.peek()) is not None:
        left -= _count(form, further, sample, left)
    if spread:
        for chunk in _pieces(source.name, source.size):
            left -= _count(form, chunk, sample, max(1, share // _PLACES))
            if left <= 0:
                break


def _count(form: LineFormat, chunk: Chunk, sample: Sample, most: int) -> int:
    """Count at most about `most` lines of a chunk; return how many lines were read."""
    lines = chunk.data.split(b"\n", most)[:most]
    part = Chunk(b"\n".join(lines), chunk.first_line, chunk.oversize)
    reading = read_chunk(form, part, _KEEP)
    sample.addresses.update(reading.addresses)
    for entry in reading.entries:
        sample.paths.add(entry.method, entry.target, entry.status)
        agents = sample.agents.setdefault(entry.address, set())
        if len(agents) < _AGENTS:
            agents.add(entry.agent)
    return reading.lines


def _pieces(name: str, size: int) -> list[Chunk]:
    """Return whole lines from places spread evenly over a plain file."""
    pieces = []
    with Path(name).open("rb") as file:
        for place in range(1, _PLACES + 1):
            file.seek(size * place // (_PLACES + 1))
            file.readline(BLOCK)
            lines, newline, _ = file.read(_PIECE).rpartition(b"\n")
            if newline:
                pieces.append(Chunk(lines, 1))
    return pieces
