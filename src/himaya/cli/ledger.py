"""`himaya ledger`: look after the ledger itself."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from himaya.cli import ledger_options as shared
from himaya.cli.ledger_publish import publish


@click.group()
def ledger() -> None:
    """Verify, seal and expire the ledger, and see what was done to it."""


ledger.add_command(publish)


@ledger.command()
@shared.ledger_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def verify(directory: Path, key_file: Path | None, *, as_json: bool) -> None:
    """Check chain, hashes, rows and identities; exit 1 when something was changed or is missing."""
    from himaya.ledger import keys
    from himaya.ledger.files import Layout
    from himaya.ledger.verify import verify as check

    layout = Layout(directory)
    layout.must_exist()
    problems = check(layout, keys.read_key_file(key_file or keys.default_key_file(directory)))
    if as_json:
        shared.print_json({"problems": problems})
    else:
        for problem in problems:
            click.echo(shared.printable(problem))
        click.echo(f"{len(problems)} problems found." if problems else "Everything is as written.")
    raise click.exceptions.Exit(1 if problems else 0)


@ledger.command()
@shared.ledger_options
def seal(directory: Path, key_file: Path | None) -> None:
    """Turn the rows of the write-ahead segments into sorted Parquet files now."""
    from himaya.ledger import Ledger

    with Ledger.open(directory, key_file=key_file, create=False) as opened:
        opened.seal(time.time(), everything=True)
    click.echo("Sealed.")


@ledger.command()
@shared.ledger_options
@click.option("--days", type=click.IntRange(1, 36_600), help="Days; default: as chosen before.")
@click.option("--then", type=click.Choice(["delete", "seal"]), help="Default: as chosen before.")
@click.option(
    "--fingerprint-days",
    "class_days",
    type=click.IntRange(1, 366),
    help="Days until a fingerprint class is blanked; default: as chosen before.",
)
@click.option("--sealed-before", metavar="DATE", help="Also remove sealed periods before this day.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def expire(
    directory: Path,
    key_file: Path | None,
    days: int | None,
    then: str | None,
    class_days: int | None,
    sealed_before: str | None,
    *,
    as_json: bool,
) -> None:
    """Apply the retention now. A running gate does so by itself, and holds the ledger meanwhile."""
    from himaya.ledger import Ledger, retention
    from himaya.ledger.names import parse_time
    from himaya.ledger.schema import day_of
    from himaya.ledger.state import read_state

    day = day_of(parse_time(sealed_before)) if sealed_before else 0
    with Ledger.open(directory, key_file=key_file, create=False) as opened:
        chosen, now = read_state(opened.chain), time.time()
        which: retention.Then = "seal" if (then or chosen.then) == "seal" else "delete"
        done = retention.execute(opened, now, days or chosen.days, which, class_days)
        dropped = retention.drop_archives(opened, day, now)
    if as_json:
        told = {"rows": done.rows, "held": done.held, "sealed_rows_removed": dropped}
        shared.print_json({**told, "classes_blanked": done.blanked})
    else:
        words = f"{done.rows} rows {'sealed' if which == 'seal' else 'deleted'}, {done.held} kept by holds"
        words += f", {done.identities} identities removed"
        click.echo(f"{words}, fingerprint class blanked in {done.blanked}.")


@ledger.command()
@shared.ledger_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(directory: Path, key_file: Path | None, *, as_json: bool) -> None:
    """Print what the ledger holds, its retention, its holds, and the head of the chain."""
    from himaya.ledger.reader import Reader

    with Reader.open(directory, key_file) as reader:
        found = reader.status(time.time())
    if as_json:
        shared.print_json(found)
    else:
        shared.print_table(("what", "value"), [(key, str(value)) for key, value in found.items()])


@ledger.command()
@shared.ledger_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def log(directory: Path, key_file: Path | None, *, as_json: bool) -> None:
    """Print the chain: who asked and why, what was sealed, removed, held, forgotten, configured."""
    from himaya.ledger.reader import Reader

    with Reader.open(directory, key_file) as reader:
        entries: list[dict[str, Any]] = list(reader.log())
    if as_json:
        shared.print_json({"entries": entries})
        return
    for entry in entries:
        told = {key: _said(value) for key, value in entry.items() if key not in _SHOWN}
        said = ", ".join(f"{key}: {value}" for key, value in told.items())
        click.echo(shared.printable(f"{entry['seq']:>6}  {entry['at']}  {entry['kind']}  {said}"))


def _said(value: object) -> object:
    """Return a value of an entry in words: of a list of places, each in brackets."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return " ".join(f"[{' '.join(map(str, place.values()))}]" for place in value)
    return value


_SHOWN = {"seq", "at", "kind", "text", "add", "drop"}


@ledger.command("sealing-key")
@shared.ledger_options
@click.option(
    "--private",
    "private",
    type=click.Path(path_type=Path),
    required=True,
    help="Where to write the private half.",
)
def sealing_key(directory: Path, key_file: Path | None, private: Path) -> None:
    """Make a sealing key for retention "seal"; keep its private half away from this machine.

    Works before the first start too: the ledger is made when it is missing.
    """
    from himaya.ledger import Ledger
    from himaya.ledger.archive import create_sealing_key
    from himaya.ledger.files import Layout
    from himaya.ledger.reader import Reader

    if not Layout(directory).exists():
        Ledger.open(directory, key_file=key_file).close()
    with Reader.open(directory, key_file) as reader:
        reader.use_sealing_key(create_sealing_key(private), time.time())
    click.echo(f"Wrote {private}. Move it to where only an open matter brings it back.")
