"""`himaya discover LOG...`: a first himaya.toml, guessed from a log, with every guess explained."""

from __future__ import annotations

import os
from collections import Counter
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import TYPE_CHECKING

import click

from himaya.core.actor import canonical_address
from himaya.core.errors import InputError

if TYPE_CHECKING:
    from himaya.cli.discover_draft import LogFacts
    from himaya.cli.discover_usage import Usage
    from himaya.core.matching import Surfaces
    from himaya.watch.paths import PathCounts
    from himaya.watch.reading import Reading
    from himaya.watch.surfaces import GuessedSurface

#: Addresses counted to see whether a few of them are a proxy.
_MOST_ADDRESSES = 500_000


@click.command()
@click.argument("logs", metavar="LOG...", nargs=-1, required=True)
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write here instead of to standard output; an existing file is never overwritten.",
)
@click.option("--format", "form", default="", help="How lines are written, when it is not found.")
def discover(logs: tuple[str, ...], output: Path | None, form: str) -> None:
    """Write a commented first himaya.toml from access logs (- is standard input).

    The routes are guessed; samples, confidence and the log's own figures stand beside the guesses.
    Nobody is turned away by the result: its mode is shadow.
    """
    from himaya.cli.discover_draft import draft
    from himaya.config import loads
    from himaya.watch.surfaces import discover_surfaces

    if output is not None and output.exists():
        raise InputError(
            "exists already and is not overwritten; choose another --output", file=str(output)
        )
    log = _Log()
    log.read(logs, form)
    guesses = discover_surfaces(log.paths)
    text = draft(log.facts(logs, form), guesses, log.usage.spreads(_surfaces(guesses)))
    loads(
        text
    )  # what is written here must load; a mistake of ours ends as one sentence, not in a file
    _write(text, output)


def _surfaces(guesses: list[GuessedSurface]) -> Surfaces:
    from himaya.cli.discover_draft import chosen
    from himaya.core.matching import Surfaces

    return Surfaces(tuple(guess.surface for guess in chosen(guesses)))


def _write(text: str, output: Path | None) -> None:
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        # The samples name people: only the owner of the file reads it.
        with os.fdopen(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
    except OSError as problem:
        raise InputError(f"cannot be written: {problem.strerror}", file=str(output)) from problem
    click.echo(f"himaya: wrote {output}; next: himaya config check {output}", err=True)


class _Log:
    """What is kept of all logs while they are read once."""

    def __init__(self) -> None:
        from himaya.cli.discover_usage import Usage
        from himaya.watch.actors import Exchanges
        from himaya.watch.paths import PathCounts

        self.paths: PathCounts = PathCounts()
        self.usage: Usage = Usage()
        self._exchanges = Exchanges()
        self._totals: Counter[str] = Counter()
        self._addresses: Counter[str] = Counter()
        self._times: list[float] = []

    def read(self, names: tuple[str, ...], form: str) -> None:
        """Read every log; raises InputError for one that is none."""
        from himaya.watch.formats import read_chunk
        from himaya.watch.inputs import LogForm, close_inputs, open_inputs
        from himaya.watch.keep import KeepAll

        inputs = open_inputs(names, LogForm(format=form or "auto"))
        try:
            for each in inputs:
                for chunk in each.source.chunks():
                    if each.form is not None:
                        self._take(read_chunk(each.form, chunk, KeepAll()))
        finally:
            close_inputs(inputs)

    def _take(self, reading: Reading) -> None:
        self._totals.update(
            lines=reading.lines, parsed=reading.parsed,
            with_account=reading.with_account, with_subjects=reading.with_subjects,
        )  # fmt: skip
        self._times += [at for at in (reading.first, reading.last) if at is not None]
        for address, count in reading.addresses.items():
            if address in self._addresses or len(self._addresses) < _MOST_ADDRESSES:
                self._addresses[address] += count
        for entry in reading.entries:
            self.paths.add(entry.method, entry.target, entry.status)
            if 200 <= entry.status < 300:
                actor = self._exchanges.exchange(entry).request.actor
                self.usage.add(entry.at, actor.account, actor.address, entry.target)

    def _proxies(self) -> tuple[str, ...]:
        """Return the private addresses that sent most lines, when their forwarded addresses were used."""
        if self._exchanges.believed * 2 < self._totals["parsed"]:
            return ()
        busiest = (canonical_address(name) for name, _ in self._addresses.most_common(5))
        private = [name for name in busiest if name and ip_address(name).is_private]
        return tuple(str(ip_network(name)) for name in private)

    def facts(self, names: tuple[str, ...], form: str) -> LogFacts:
        """Return what the draft says about the logs; raises InputError when nothing was read."""
        from himaya.cli.discover_draft import LogFacts

        totals = self._totals
        if not totals["parsed"]:
            raise InputError("no line of it could be read", file=", ".join(names))
        busiest = sum(count for _, count in self._addresses.most_common(3))
        return LogFacts(
            names=tuple(Path(name).name if name != "-" else "standard input" for name in names),
            lines=totals["lines"],
            parsed=totals["parsed"],
            first=min(self._times),
            last=max(self._times),
            with_account=totals["with_account"],
            with_subjects=totals["with_subjects"],
            address_share=busiest / totals["parsed"],
            addresses=len(self._addresses),
            proxies=self._proxies(),
            form=form,
        )
