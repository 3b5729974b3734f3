"""`himaya canary`: make people who do not exist, and see whether anybody comes to them by chance."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

import click

from himaya.cli import ledger_options as shared
from himaya.cli.canary_check import check
from himaya.core.errors import InputError

if TYPE_CHECKING:
    from himaya.canaries.make import Canary
    from himaya.config import Config
    from himaya.ledger.keys import Keys

_FILE = click.Path(path_type=Path, dir_okay=False)


class _Making(TypedDict):
    config: Path
    count: int
    places: tuple[str, ...]
    pattern: str
    ids_file: Path | None
    out: Path
    list_file: Path | None


@click.group()
def canary() -> None:
    """People who do not exist, placed where only collectors come; off until a list of them is configured."""


canary.add_command(check)


@canary.command()
@shared.pass_option
@click.option(
    "--config", type=_FILE, default="himaya.toml", show_default=True, help="The site's himaya.toml."
)
@click.option("--count", type=click.IntRange(1, 1_000_000), required=True, help="How many.")
@click.option(
    "--place",
    "places",
    multiple=True,
    required=True,
    help="Where they will stand; repeat for more.",
)
@click.option("--id", "pattern", default="", help="How ids look: # a digit, ? a letter, * either.")
@click.option("--ids", "ids_file", type=_FILE, help="Take the ids from this file, one a line.")
@click.option(
    "--out", type=_FILE, required=True, help="Records for the site: CSV, or JSON lines (.jsonl)."
)
@click.option(
    "--list",
    "list_file",
    type=_FILE,
    help="The secret list; default: [canaries] file, else canaries.txt.",
)
def make(**options: Unpack[_Making]) -> None:
    """Make canaries: records for the site's database, and lines of the secret list that himaya reads.

    They follow from the key of the ledger: the same words give the same canaries. A canary is an id and a name of
    invented syllables; it has no picture, phone or mail. Load OUT into the site's database, and show the column
    `canary` to nobody.
    """
    from himaya.canaries.files import add_to_list, listed, write_records
    from himaya.config import load

    config = load(options["config"], canaries=False)
    shared.allow_at(config, "canary make")
    place = options["list_file"] or Path(
        config.canaries.file or options["config"].with_name("canaries.txt")
    )
    if options["out"].exists():
        raise InputError("is there already; name a new file", file=str(options["out"]))
    keys = _key(config)
    made = _made(options, config, keys, listed(place, config.canaries.most)[1])
    number = add_to_list(place, made, config.canaries.most, keys)
    write_records(options["out"], made)
    click.echo(f"{len(made)} canaries in {options['out']}; {number} in the list {place}.")
    if not config.canaries.file:
        click.echo(
            f'Nothing watches for them yet: write [canaries] file = "{place.name}" into {options["config"]}.'
        )


def _key(config: Config) -> Keys:
    from himaya.ledger.keys import default_key_file, read_key_file

    named = config.ledger.key_file
    return read_key_file(Path(named) if named else default_key_file(Path(config.ledger.directory)))


def _made(options: _Making, config: Config, keys: Keys, known: dict[str, str]) -> list[Canary]:
    from himaya.canaries.make import OPAQUE, make
    from himaya.config.canaries import check_id, check_place

    if options["pattern"] and options["ids_file"] is not None:
        raise InputError("name either --id or --ids")
    ids = _ids(options["ids_file"]) if options["ids_file"] is not None else ()
    places = [check_place(place) for place in options["places"]]
    pattern = check_id(options["pattern"] or OPAQUE)
    with _people(config) as is_known:
        return make(
            keys,
            options["count"],
            places,
            pattern=pattern,
            ids=ids,
            taken=is_known,
            listed=known,
        )


def _ids(path: Path) -> tuple[str, ...]:
    from himaya.config.canaries import check_id

    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except OSError as problem:
        raise InputError(f"cannot be read: {problem.strerror}", file=str(path)) from None
    except UnicodeError:
        raise InputError("expected UTF-8 text", file=str(path)) from None
    return tuple(
        check_id(line.strip(), file=str(path), line=number)
        for number, line in enumerate(lines, 1)
        if line.strip()
    )


@contextmanager
def _people(config: Config) -> Iterator[Callable[[str], bool]]:
    """Yield what tells whether the ledger knows somebody by an id; without a ledger nobody is known."""
    from himaya.ledger.files import Layout
    from himaya.ledger.reader import Reader

    directory, named = Path(config.ledger.directory), config.ledger.key_file
    if not Layout(directory).exists():
        yield lambda _: False
        return
    with Reader.open(directory, Path(named) if named else None) as reader:
        yield lambda one: bool(reader.subject(one)[1])
