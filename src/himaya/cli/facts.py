"""`himaya facts import FILE.jsonl`: tell himaya what only the application knows."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from himaya.cli.ledger_path import LedgerPath

if TYPE_CHECKING:
    from himaya.core.facts import Fact

#: Facts sent in one question; a line of the control socket is bounded.
_BATCH = 2000


@click.group()
def facts() -> None:
    """Facts about accounts and people that only the application knows; each is optional."""


@facts.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@click.option("--config", type=click.Path(path_type=Path), default="himaya.toml", show_default=True)
@click.option("--ledger", type=LedgerPath(), help="The ledger the facts belong to, instead.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def import_facts(*, file: Path, config: Path, ledger: Path | None, as_json: bool) -> None:
    """Take facts from FILE, one JSON object a line (- is standard input).

    {"account": "u17", "created": "2026-03-01", "tier": "paid"}, {"subject": "17", "protected": ["minor"]},
    {"viewer": "u17", "subject": "23"}. The whole file is checked first; a line that is no fact is
    named, and then nothing is taken. A running gate knows them at once, else the next start does.
    """
    told = list(_read(file))
    counts = {"account": 0, "subject": 0, "near": 0}
    for fact in told:
        counts[type(fact).__name__.removesuffix("Fact").lower()] += 1
    place = _keep(told, config, ledger)
    if as_json:
        import msgspec

        click.echo(msgspec.json.encode({"facts": len(told), **counts, "kept": place}).decode())
        return
    click.echo(
        f"{len(told)} facts: {counts['account']} accounts, {counts['subject']} people,"
        f" {counts['near']} near pairs; {place}."
    )


def _read(file: Path) -> Iterator[Fact]:
    from himaya.core.errors import InputError
    from himaya.facts_store import read_facts

    try:
        with click.open_file(str(file), "rb") as lines:
            yield from read_facts(lines, "standard input" if str(file) == "-" else str(file))
    except OSError as problem:
        raise InputError(f"cannot be read: {problem.strerror}", file=str(file)) from None


def _keep(told: list[Fact], config: Path, ledger: Path | None) -> str:
    """Tell the authority that runs, or keep the facts beside the ledger; return where they are."""
    from himaya.facts_store import FactsStore, facts_path

    if ledger is None:
        from himaya.config import load

        settings = load(config)
        if _tell(told, settings.gate.socket):
            return "told to the running gate"
        ledger = Path(settings.ledger.directory)
    path = facts_path(ledger)
    path.parent.mkdir(parents=True, exist_ok=True)
    with FactsStore(path) as store:
        store.put(told)
    return f"kept in {path}"


def _tell(told: list[Fact], socket: str) -> bool:
    """Tell the authority; False when none is running."""
    from himaya.control import Control
    from himaya.core.errors import ServiceError

    with Control(socket, timeout_s=30.0) as control:
        try:
            control.status()
        except ServiceError:
            return False
        waiting = iter(told)
        while batch := list(islice(waiting, _BATCH)):
            control.tell(_record(fact) for fact in batch)
    return True


def _record(fact: Fact) -> dict[str, Any]:
    import msgspec

    record: dict[str, Any] = msgspec.to_builtins(fact)
    return record
