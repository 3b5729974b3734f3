"""`himaya case merge` and `himaya case split`: groups and actors go from one case to another."""

from __future__ import annotations

import secrets
from pathlib import Path

import click

from himaya.cli import ledger_options as shared
from himaya.cli.case_decide import act_options
from himaya.cli.case_desk import Desk
from himaya.cli.case_open import actors_of
from himaya.cli.case_view import say, short

_WHY = click.option("--why", required=True, help="Why; it stays in the register.")


@click.command()
@act_options
@click.option("--into", required=True, metavar="CASE", help="The case in which it goes on.")
@_WHY
def merge(
    *,
    directory: Path,
    key_file: Path | None,
    config: Path | None,
    name: str,
    into: str,
    why: str,
    as_json: bool,
) -> None:
    """End a case in another one, which takes its groups, actors and period."""
    from himaya.response.cases.moving import merging

    with Desk("case merge", directory, key_file, config) as desk:
        source, target = desk.register.case(name), desk.register.case(into)
        acts = merging(source, target, desk.act(name, "merged", why=shared.purpose(why)))
        desk.do_all(acts)
        found = desk.register.case(into)
        say(desk, found, f"{name} goes on in {found.id}.", as_json=as_json)


@click.command()
@act_options
@click.option("--groups", default="", metavar="GROUP[,GROUP]", help="Groups that go.")
@click.option("--actor", "actors", multiple=True, metavar="ACTOR", help="An actor that goes.")
@click.option(
    "--actors",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="A file with one actor a line that goes.",
)
@_WHY
def split(  # noqa: PLR0913  (the options of the command)
    *,
    directory: Path,
    key_file: Path | None,
    config: Path | None,
    name: str,
    groups: str,
    actors: tuple[str, ...],
    file: Path | None,
    why: str,
    as_json: bool,
) -> None:
    """Open a new case with some groups and actors of a case; its id is printed."""
    from himaya.response.cases.moving import splitting

    reason, new = shared.purpose(why), f"c-{secrets.token_hex(5)}"
    gone = [one.strip() for one in groups.split(",") if one.strip()]
    with Desk("case split", directory, key_file, config) as desk:
        source = desk.register.case(name)
        numbers = actors_of(desk, list(actors), file, reason, "case split")
        act = desk.act(name, "split", why=reason)
        desk.do_all(splitting(source, new, gone, numbers, act))
        if as_json:
            told = {each: short(desk, desk.register.case(each)) for each in (name, new)}
            shared.print_json({"case": told[name], "new": told[new]})
        else:
            say(desk, desk.register.case(new), f"{new} was split off {name}.", as_json=False)
