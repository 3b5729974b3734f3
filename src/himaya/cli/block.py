"""`himaya block`: have an address or network kept out, for a while, with a reason on record."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from himaya.cli import ledger_options as shared
from himaya.core.errors import InputError

if TYPE_CHECKING:
    from himaya.control import Control
    from himaya.control.feed import BlockTold

_SPAN = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
_UNITS = (86400, 3600, 60, 1)


@click.command()
@click.argument("place", required=False)
@shared.pass_option
@click.option("--config", type=click.Path(path_type=Path), default="himaya.toml", show_default=True)
@click.option("--for", "span", metavar="SPAN", help="How long: 30m, 4h, 2d. Default: [feed] for_s.")
@click.option("--why", default="", help="Why; it stays in the ledger's chain.")
@click.option("--challenge", is_flag=True, help="Have it challenged, not blocked.")
@click.option("--list", "listing", is_flag=True, help="List the blocks that stand.")
@click.option("--ended", is_flag=True, help="With --list: those that ended, the last first.")
@click.option("--lift", metavar="NAME|PLACE", help="End a block now; say --why.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def block(  # noqa: PLR0913  (the options of the command)
    place: str | None,
    config: Path,
    span: str | None,
    why: str,
    lift: str | None,
    *,
    challenge: bool,
    listing: bool,
    ended: bool,
    as_json: bool,
) -> None:
    """Block or challenge an address or network at the gate and at every bouncer, list blocks, or lift one.

    Honest accounts that share the address are counted first: from [feed] shared_accounts on it is challenged instead.
    """
    from himaya.config import load
    from himaya.control import Control

    _check_one(place, lift, listing=listing)
    loaded = load(config)
    shared.allow_at(loaded, "block")
    with Control(loaded.gate.socket, timeout_s=60.0) as control:
        if listing:
            _show(_ended(control) if ended else all_blocks(control), as_json=as_json)
        elif lift is not None:
            _show(_lift(control, lift, why), as_json=as_json)
        else:
            for_s = parse_span(span) if span is not None else 0.0
            made = _block(control, place or "", for_s, why, "captcha" if challenge else "ban")
            _show(made, as_json=as_json)
            _explain(made[0], challenge=challenge)


def _check_one(place: str | None, lift: str | None, *, listing: bool) -> None:
    if sum((place is not None, lift is not None, listing)) != 1:
        raise InputError("name one address or network, or use --list, or --lift NAME")


def parse_span(text: str) -> float:
    """Return a span such as `4h` or `1h30m` in seconds. Raises InputError."""
    found = _SPAN.fullmatch(text.strip())
    parts = found.groups() if found else ()
    seconds = sum(int(part or 0) * unit for part, unit in zip(parts, _UNITS, strict=False))
    if not seconds:
        raise InputError(f"{text!r} is no span of time; write 30m, 4h, 1h30m or 2d")
    return float(seconds)


def _block(
    control: Control, place: str, for_s: float, why: str, remedy: Literal["ban", "captcha"]
) -> list[BlockTold]:
    from himaya.control.feed import Block

    asked = Block(place, shared.purpose(why), shared.operator(), for_s, remedy)
    return list(control.ask(asked).blocks)


def _lift(control: Control, what: str, why: str) -> list[BlockTold]:
    from himaya.control.feed import Lift

    return list(control.ask(Lift(what, shared.purpose(why), shared.operator())).blocks)


def all_blocks(control: Control) -> list[BlockTold]:
    """Return every block that stands, in the order of their beginning. Raises ServiceError."""
    from himaya.control.feed import AskBlocks

    found: list[BlockTold] = []
    while page := control.ask(AskBlocks(found[-1].number if found else 0)).blocks:
        found += page
    return found


def _ended(control: Control) -> list[BlockTold]:
    from himaya.control.feed import AskBlocks

    return list(control.ask(AskBlocks(ended=True)).blocks)


def _explain(made: BlockTold, *, challenge: bool) -> None:
    """Say on standard error what is not as it was asked for."""
    if made.remedy == "captcha" and not challenge:
        click.echo(
            f"himaya: challenged, not blocked: {made.collateral} ordinary accounts share it.",
            err=True,
        )
    if not made.published:
        click.echo(
            "himaya: kept, but bouncers are not told: another block of it is stronger, or nobody is"
            " refused now; see: himaya feed status",
            err=True,
        )


def _show(blocks: list[BlockTold], *, as_json: bool) -> None:
    rows = [_words(one) for one in blocks]
    if as_json:
        shared.print_json({"blocks": rows})
    elif rows:
        shared.print_table(list(rows[0]), [list(map(str, row.values())) for row in rows])
    else:
        click.echo("No block stands.")


def _words(told: BlockTold) -> dict[str, Any]:
    """Return a block as it is printed."""
    over = told.ended or (told.until if told.until <= time.time() else 0.0)
    return {
        "name": told.name,
        "place": told.place,
        "type": told.remedy,
        "collateral": told.collateral,
        "start": _time(told.start),
        "until": _time(told.until),
        "ended": _time(over) if over else "",
        "published": "yes" if told.published else "no",
        "source": told.source,
        "by": told.by,
        "why": told.why,
    }


def _time(at: float) -> str:
    return datetime.fromtimestamp(int(at), UTC).isoformat().replace("+00:00", "Z")
