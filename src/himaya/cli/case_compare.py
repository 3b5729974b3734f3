"""`himaya case compare`: how many people a case would have had under current and under proposed limits."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from himaya.cli import ledger_options as shared
from himaya.cli.case_desk import Desk, desk_options
from himaya.core.errors import InputError

if TYPE_CHECKING:
    from himaya.core.policy import Policy
    from himaya.response.people.counterfactual import Compared


@click.command()
@desk_options
@click.argument("name")
@click.option(
    "--proposed",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A configuration with the proposed limits; default: half of every budget.",
)
@click.option("--why", required=True, help="What you ask for. Kept in the access log.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def compare(
    *,
    directory: Path,
    key_file: Path | None,
    config: Path | None,
    name: str,
    proposed: Path | None,
    why: str,
    as_json: bool,
) -> None:
    """Play a case again under current and proposed budgets; the result is kept in the case.

    Budgets alone are played, no challenge, detector or block: what is printed is what they would have left.
    """
    reason = shared.purpose(why)
    with Desk("case compare", directory, key_file, config) as desk:
        found = _compared(desk, name, proposed, reason)
        told = msgspec.to_builtins(found)
        desk.do(name, "compared", why=reason, **{k: told[k] for k in told if k != "case"})
    if as_json:
        shared.print_json(found)
    else:
        _print(found, str(proposed) if proposed else "half of every budget")


def _compared(desk: Desk, name: str, proposed: Path | None, why: str) -> Compared:
    """Record the use, then play the case under both."""
    from himaya.config import load
    from himaya.response.people.counterfactual import compare as play
    from himaya.response.people.limits import Limits, halved
    from himaya.response.people.whom import period_of

    case = desk.register.case(name)
    start, end = period_of(case)
    with desk.reader() as reader:
        shared.record_use(reader, "case compare", f"{why} (case {name})", start=start, end=end)
        current = _current(desk)
        other = load(proposed, canaries=False).policy() if proposed else halved(current)
        return play(reader, case, Limits(current), Limits(other))


def _current(desk: Desk) -> Policy:
    if desk.config is None:
        raise InputError("there is no himaya.toml here; name the current limits with --config")
    return desk.config.policy()


def _print(found: Compared, proposed: str) -> None:
    shared.print_table(
        ("limits", "people", "policy"),
        [
            ("as it was", f"{found.observed:,}", ""),
            ("current", f"{found.current:,}", found.policy),
            (f"proposed: {proposed}", f"{found.proposed:,}", found.proposed_policy),
        ],
    )
    less = "fewer" if found.fewer >= 0 else "more"
    click.echo(f"{abs(found.fewer):,} {less} people under the proposed limits. Kept in the case.")
    click.echo("Budgets alone were played; challenges, detectors and blocks are not in it.")
