"""`himaya feed`: who may read what is published, how it goes, and the same as files."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from himaya.cli import ledger_options as shared
from himaya.gate.feeds.lists import FORMATS

if TYPE_CHECKING:
    from himaya.control.feed import FeedTold

_CONFIG = click.option(
    "--config", type=click.Path(path_type=Path), default="himaya.toml", show_default=True
)


@click.group()
def feed() -> None:
    """The decision feed: keys of bouncers, what they enforced, lists and maps as files."""


@feed.group()
def key() -> None:
    """Keys that open the decision feed: add, list, remove. Only their hashes are kept."""


@key.command("add")
@_CONFIG
@click.argument("name")
def add(config: Path, name: str) -> None:
    """Make a key and print it, once. A running gate takes it from the next question on."""
    from himaya.gate.feeds.keys import add_key

    click.echo(add_key(_keys_file(config), name, time.time()))


@key.command("list")
@_CONFIG
def list_keys(config: Path) -> None:
    """List the names of the keys, and when each was made."""
    from himaya.gate.feeds.keys import read_keys

    found = read_keys(_keys_file(config))
    if found:
        shared.print_table(("name", "made"), [(each.name, each.made) for each in found])
    else:
        click.echo("There is no key. Make one: himaya feed key add NAME")


@key.command("remove")
@_CONFIG
@click.argument("name")
def remove(config: Path, name: str) -> None:
    """Let a key open nothing any more, from the next question on."""
    from himaya.gate.feeds.keys import remove_key

    remove_key(_keys_file(config), name)
    click.echo(f"The key {name} opens nothing any more.")


@feed.command()
@_CONFIG
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(config: Path, *, as_json: bool) -> None:
    """Say what is published, who asked for it, and what bouncers say they did."""
    from himaya.config import load
    from himaya.control import Control
    from himaya.control.feed import AskFeed

    with Control(load(config).gate.socket) as control:
        told = control.ask(AskFeed()).feed
    if as_json or told is None:
        shared.print_json(told)
    else:
        _print(told)


@feed.command()
@_CONFIG
@click.option(
    "--format", "form", type=click.Choice(list(FORMATS)), required=True, help="How it is written."
)
@click.option(
    "--type",
    "remedy",
    type=click.Choice(["ban", "captcha"]),
    help="Only blocks, or only challenges.",
)
@click.option("--watch", is_flag=True, help="Go on: write again within two seconds of a change.")
@click.option("--run", "command", default="", help="With what to reload; run after each change.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def write(
    config: Path, form: str, remedy: str | None, command: str, file: Path, *, watch: bool
) -> None:
    """Write what is published to a file, whole or not at all; the file is touched only when it changes."""
    from himaya.cli.feed_write import Writer
    from himaya.config import load

    writer = Writer(load(config).gate.socket, form, remedy or "", file, command)
    if watch:
        writer.watch()
    else:
        writer.once()


def _keys_file(config: Path) -> Path:
    from himaya.config import load

    return Path(load(config).feed.keys_file)


def _print(told: FeedTold) -> None:
    lines = [f"listens     {told.listen}, {told.keys} keys, {told.refused} questions without one"]
    if told.silent:
        lines.append(f"published   nothing: {told.silent}")
    else:
        lines.append(f"published   {told.bans} blocks, {told.captchas} challenges")
    if told.left_out:
        lines.append(f"left out    {told.left_out}: no room, or never blocked")
    if told.problem:
        lines.append(f"PROBLEM     {told.problem}")
    lines += [
        f"bouncer     {one.key}, {one.agent or 'unnamed'}, last {_time(one.last)}, {one.pulls} questions"
        for one in told.bouncers
    ]
    lines += [
        f"enforced    {one.bouncer}: {one.name} {one.total:g} {one.unit} {one.labels}".rstrip()
        + f" (since {_time(one.first)})"
        for one in told.enforced
    ]
    for line in lines:
        click.echo(shared.printable(line))


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds") if at else "never"
