"""Files of a case, and the register as a whole: is it as it was written, and what may be taken away."""

from __future__ import annotations

from pathlib import Path

import click

from himaya.cli import ledger_options as shared
from himaya.cli.case_decide import act_options
from himaya.cli.case_desk import Desk, desk_options, load_config
from himaya.cli.case_open import DAYS, attaching
from himaya.cli.case_view import say

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.command()
@act_options
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--days", type=click.IntRange(1, 3650), default=DAYS, show_default=True)
@click.option("--why", required=True, help="What it is; it stays in the register.")
def attach(  # noqa: PLR0913  (the options of the command)
    *,
    directory: Path,
    key_file: Path | None,
    config: Path | None,
    name: str,
    file: Path,
    days: int,
    why: str,
    as_json: bool,
) -> None:
    """Keep an encrypted copy of FILE with a case, for some days."""
    reason = shared.purpose(why)
    with Desk("case attach", directory, key_file, config) as desk:
        desk.register.case(name)  # it must be there before a copy is made
        act = attaching(desk, name, file, days, reason)
        found = desk.do_all([act])
        kept = act.data["id"]
        words = f"Kept, encrypted, as {kept} for {days} days with {name}."
        say(desk, found, words, as_json=as_json)


@click.command()
@desk_options
@_JSON
def verify(*, directory: Path, key_file: Path | None, config: Path | None, as_json: bool) -> None:
    """Check every entry of the register, and that none is missing; exit 1 when something was changed."""
    from himaya.bootstrap.register import found_problems

    shared.allow_in(directory, key_file, "case verify")
    problems = found_problems(directory, key_file, load_config(config))
    if as_json:
        shared.print_json({"problems": problems})
    else:
        for problem in problems:
            click.echo(shared.printable(problem))
        click.echo(f"{len(problems)} problems found." if problems else "Everything is as written.")
    raise click.exceptions.Exit(1 if problems else 0)


@click.command()
@desk_options
@click.option(
    "--days",
    type=click.IntRange(1, 36_600),
    help="Cases that are over for longer; default: [response] register_days.",
)
@_JSON
def expire(
    *,
    directory: Path,
    key_file: Path | None,
    config: Path | None,
    days: int | None,
    as_json: bool,
) -> None:
    """Remove reasons and data of cases that are over for long. Their entries stay, and can still be checked."""
    from himaya.bootstrap.register import expire_cases
    from himaya.config.response import Response

    with Desk("case expire", directory, key_file, config) as desk:
        kept = (desk.config.response if desk.config else Response()).register_days
        act = desk.act("", "expired", why=f"over for more than {days or kept} days")
        done = expire_cases(desk.register, days or kept, act)
    if as_json:
        shared.print_json({"removed": done})
    else:
        for name, number in done.items():
            click.echo(f"{name}: reasons and data of {number} entries removed.")
        click.echo(f"{len(done)} {'case' if len(done) == 1 else 'cases'}.")
