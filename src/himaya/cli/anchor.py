"""`himaya anchor`: deposit the head of the ledger's chain elsewhere, and compare the chain with what was deposited."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from himaya.cli import ledger_options as shared
from himaya.core.errors import InputError

if TYPE_CHECKING:
    from himaya.anchoring import Checked, Found
    from himaya.config import Config
    from himaya.ledger.reader import Reader

_PATH = click.Path(path_type=Path)
_CONFIG = click.option("--config", type=_PATH, required=True, help="The site's himaya.toml.")
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def anchor() -> None:
    """Deposit the head of the chain outside this machine, and see whether the chain still contains it."""


@anchor.command()
@_CONFIG
@_JSON
@shared.pass_option
def now(*, config: Path, as_json: bool) -> None:
    """Deposit the head at every place now; exit code 1 when one does not take it. A gate may run meanwhile."""
    from himaya.anchoring import Anchoring, places_of

    loaded = _loaded(config)
    places = places_of(loaded)
    if not places:
        raise InputError("no place is configured: write [[anchor.places]]", file=str(config))
    with _reader(loaded) as reader:
        anchoring = Anchoring(reader.chain, reader.keys, places)
        done = anchoring.deposit(time.time(), every_place=True)
    if as_json:
        shared.print_json({"places": done})
    for one in [] if as_json else done:
        words = f"FAILED  {one.place}: {one.problem}"
        told = f"ok      {one.place}: entry {one.seq}, {one.hash}"
        click.echo(shared.printable(words if one.problem else told))
    if not done or any(one.problem for one in done):
        raise click.exceptions.Exit(1)


@anchor.command("list")
@_CONFIG
@_JSON
@shared.pass_option
def list_anchors(*, config: Path, as_json: bool) -> None:
    """List the places, and what the chain says was last deposited at each."""
    loaded = _loaded(config)
    with _reader(loaded) as reader:
        known = reader.state().anchors
    names = [each.called for each in loaded.anchor.places]
    names += sorted({*known.last, *known.failing} - set(names))
    rows = []
    for name in names:
        last = known.last.get(name)
        entry, at = (str(last.seq), last.at) if last else ("-", "never")
        rows.append((name, entry, at, str(known.times.get(name, 0)), known.failing.get(name, "")))
    head = ("place", "entry", "last", "deposits", "failing since")
    if as_json:
        keys = [word.replace(" ", "_") for word in head]
        shared.print_json({"places": [dict(zip(keys, row, strict=True)) for row in rows]})
    elif rows:
        shared.print_table(head, rows)
    else:
        click.echo("Not anchored: no place is configured, and the chain names none.")


@anchor.command()
@_CONFIG
@click.option(
    "--deposit",
    "files",
    type=_PATH,
    multiple=True,
    help="A deposit that you kept, such as the attachment of a mail. May be given several times.",
)
@_JSON
@shared.pass_option
def check(*, config: Path, files: tuple[Path, ...], as_json: bool) -> None:
    """Compare the chain with every deposit that can be reached; exit code 1 when it is not as it was deposited."""
    from himaya.anchoring import check as compare
    from himaya.anchoring import places_of

    loaded = _loaded(config)
    with _reader(loaded) as reader:
        found = compare(reader.chain, reader.keys, places_of(loaded), _kept(files))
    if as_json:
        shared.print_json(found)
    else:
        _print(found)
    if not found.is_well or found.unreachable or not found.deposits:
        raise click.exceptions.Exit(1)


def _kept(files: tuple[Path, ...]) -> Iterator[Found]:
    from himaya.anchoring import Found
    from himaya.anchoring.directory import read_bounded

    for path in files:
        yield Found(str(path), read_bounded(path))


def _print(found: Checked) -> None:
    for one in found.deposits:
        where = f"{one.place}: {one.where}" if one.place not in one.where else one.where
        entry = f", entry {one.seq} of {one.at}" if one.seq else ""
        click.echo(shared.printable(f"{one.state:<12}  {where}{entry}: {one.said}"))
    for told in found.unreachable:
        click.echo(shared.printable(f"unreachable   {told}"))
    for name in found.unread:
        click.echo(f"not read      {name}: compare what it got with --deposit FILE")
    if found.others:
        click.echo(f"{found.others} deposits there are of other ledgers.")
    click.echo(shared.printable(_verdict(found)))


def _verdict(found: Checked) -> str:
    if found.problem:
        return f"The chain is damaged: {found.problem}"
    if found.first:
        return (
            f"The chain was rewritten: line {found.first} contradicts what was deposited;"
            f" lines up to {found.safe} are as they were."
        )
    if not found.deposits:
        return "No deposit can be reached: nothing is shown."
    if not found.is_well:
        return "No deposit contradicts the chain, but see above."
    return (
        f"The chain contains all {len(found.deposits)} deposits; lines up to {found.safe} of"
        f" {found.lines} are as they were deposited."
    )


def _loaded(config: Path) -> Config:
    from himaya.config import load

    loaded = load(config)
    shared.allow_at(loaded, "anchor")
    return loaded


@contextmanager
def _reader(config: Config) -> Iterator[Reader]:
    from himaya.ledger.reader import Reader

    key = Path(config.ledger.key_file) if config.ledger.key_file else None
    with Reader.open(Path(config.ledger.directory), key) as reader:
        yield reader
