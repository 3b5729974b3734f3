"""`himaya statement check`: whether a signed statement is as it was signed. No ledger is needed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from himaya.cli import ledger_options as shared
from himaya.core.errors import InputError

if TYPE_CHECKING:
    from himaya.ledger.statement import Statement


@click.group()
def statement() -> None:
    """Signed statements about one person; `himaya access --statement` makes them."""


@statement.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--public", default="", help="The key of the site (hex), as the site names it.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check(file: Path, public: str, *, as_json: bool) -> None:
    """Check a statement; exit 1 when it was changed, or signed with another key than --public."""
    from himaya.ledger.statement import checked

    try:
        found = checked(_read(file), public)
    except InputError as problem:
        _failed(f"{file}: {problem}", as_json=as_json)
    if as_json:
        shared.print_json({"problem": "", "statement": found})
        return
    for line in _words(found):
        click.echo(shared.printable(line))
    if not public:
        click.echo(
            "Whose key that is, is not checked: ask the site for its key, and name it with --public."
        )


def _read(file: Path) -> bytes:
    """Return what the file holds, of one that is too long its beginning."""
    from himaya.ledger.statement import MOST

    try:
        with file.open("rb") as source:
            return source.read(MOST + 1)
    except OSError as problem:
        click.echo(f"himaya: {file}: cannot be read: {problem.strerror}", err=True)
        raise click.exceptions.Exit(2) from problem


def _words(found: Statement) -> list[str]:
    answer = found.answer
    return [
        "The statement is as it was signed.",
        f"About {answer.subject}, issued {found.issued}"
        + (f" by {found.site}." if found.site else "."),
        f"The record stood at entry {answer.chain.seq}, hash {answer.chain.hash}.",
    ]


def _failed(words: str, *, as_json: bool) -> NoReturn:
    if as_json:
        shared.print_json({"problem": words})
    else:
        click.echo(shared.printable(words), err=True)
    raise click.exceptions.Exit(1)
