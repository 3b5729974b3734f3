"""`himaya ledger`: look after the ledger itself."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from himaya.cli import ledger_options as shared
from himaya.cli.case_desk import config_option, desk_options, load_config
from himaya.cli.ledger_backup import backup, restore, rotate_key
from himaya.cli.ledger_compact import compact
from himaya.cli.ledger_erasures import erasures, exports
from himaya.cli.ledger_people import people
from himaya.cli.ledger_publish import publish
from himaya.cli.ledger_request import request

if TYPE_CHECKING:
    from himaya.ledger.chain import Chain
    from himaya.ledger.keys import Keys


@click.group()
def ledger() -> None:
    """Verify, seal, expire and copy the ledger, and see what was done to it."""


ledger.add_command(backup)
ledger.add_command(restore)
ledger.add_command(rotate_key)
ledger.add_command(people)
ledger.add_command(request)


ledger.add_command(compact)
ledger.add_command(erasures)
ledger.add_command(exports)


ledger.add_command(publish)


@ledger.command()
@desk_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def verify(*, directory: Path, key_file: Path | None, config: Path | None, as_json: bool) -> None:
    """Check chain, hashes, rows, identities and the register of cases; exit 1 when something is not as written."""
    from himaya.bootstrap.register import found_problems
    from himaya.ledger import keys
    from himaya.ledger.files import Layout
    from himaya.ledger.verify import verify as check

    shared.allow_in(directory, key_file, "ledger verify")
    layout = Layout(directory)
    layout.must_exist()
    problems = check(layout, keys.read_key_file(key_file or keys.default_key_file(directory)))
    if not problems:  # a chain that does not hold says nothing of the register
        problems = found_problems(directory, key_file, load_config(config))
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
    """Turn the rows of the write-ahead segments into sorted Parquet files now, also those of a running gate."""
    from himaya.ledger import Ledger

    shared.allow_in(directory, key_file, "ledger seal")
    with Ledger.open(directory, key_file=key_file, create=False) as opened:
        late = opened.seal_all(time.time())
    left = ", ".join(one.words() for one in late)
    click.echo(
        f"Sealed, except what process {left} writes: it did not answer." if late else "Sealed."
    )


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
@click.option(
    "--open-days",
    type=click.IntRange(1, 36_600),
    help="Days that are not sealed to operators; default: of the newest configuration, else 30.",
)
@click.option("--sealed-before", metavar="DATE", help="Also remove sealed periods before this day.")
@config_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def expire(  # noqa: PLR0913  (the options of the command)
    directory: Path,
    key_file: Path | None,
    days: int | None,
    then: str | None,
    class_days: int | None,
    open_days: int | None,
    sealed_before: str | None,
    *,
    config: Path | None,
    as_json: bool,
) -> None:
    """Apply the retention now, by what was chosen for each class of actor. A running gate does so by itself.

    Erasures that had to wait, and need to no more, are completed.
    """
    from himaya.bootstrap.matters import all_matters
    from himaya.bootstrap.parts import forget_facts
    from himaya.ledger import Ledger, entries, retention
    from himaya.ledger.names import parse_time
    from himaya.ledger.operators.periods import seal_periods
    from himaya.ledger.schema import day_of
    from himaya.ledger.state import State, read_state

    shared.allow_in(directory, key_file, "ledger expire")
    day = day_of(parse_time(sealed_before)) if sealed_before else 0
    with Ledger.open(directory, key_file=key_file, create=False) as opened:
        chosen, now = read_state(opened.chain), time.time()
        which: retention.Then = "seal" if (then or chosen.then) == "seal" else "delete"
        for_days, classes = days or chosen.days, chosen.classes or entries.Classes(at="")
        under = State(days=for_days, classes=classes, case_entry=chosen.case_entry)
        cases = all_matters(directory, under, key_file, load_config(config))
        opened.set_retention(for_days, which, now, class_days)
        closed = seal_periods(
            opened, now, open_days or _open_days(opened.chain, opened.keys), cases
        )
        done = retention.execute(opened, now, for_days, which, class_days, classes, cases)
        dropped = retention.drop_archives(opened, day, now)
    forget_facts(directory, done.forgotten)
    if as_json:
        told = {"rows": done.rows, "held": done.held, "sealed_rows_removed": dropped}
        told["rows_sealed_to_operators"], told["names_sealed_to_operators"] = (
            closed.rows,
            closed.names,
        )
        shared.print_json({**told, "classes_blanked": done.blanked})
    else:
        words = f"{done.rows} rows {'sealed' if which == 'seal' else 'deleted'}, {done.held} kept by holds"
        words += f", {done.identities} identities removed"
        words += f", fingerprint class blanked in {done.blanked}"
        if closed.rows or closed.names:
            words += f"; {closed.rows} rows and {closed.names} names sealed to operators"
        click.echo(f"{words}.")


def _open_days(chain: Chain, keys: Keys) -> int:
    """Return how many days are not sealed to operators, by the newest configuration that was in force."""
    from himaya.config import Config, loads
    from himaya.core.errors import ConfigError
    from himaya.ledger.versions import versions

    for version in reversed(versions(chain, keys)):
        try:
            return loads(version.text, file="", directory=Path()).open_days
        except ConfigError:
            break  # of a release with other keys
    return Config().open_days


@ledger.command()
@shared.ledger_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(directory: Path, key_file: Path | None, *, as_json: bool) -> None:
    """Print what the ledger holds, its retention, its holds, exports that are out, and the head of the chain."""
    from himaya.ledger.exports import overdue as exports_overdue
    from himaya.ledger.operators.acting import ledger_id
    from himaya.ledger.reader import Reader

    with Reader.open(directory, key_file) as reader:
        shared.allow(reader, "ledger status")
        found = {"ledger": ledger_id(reader.chain), **reader.status(time.time())}
        state = reader.state()
        found["public_key"] = reader.keys.public
        found["open_days"] = _open_days(reader.chain, reader.keys)
        found["operators"] = len(state.operators.named)
        found["exports_out"] = len(state.exports) - len(state.destroyed)
        found["exports_overdue"] = len(exports_overdue(state, time.time()))
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
        shared.allow(reader, "ledger log")
        entries: list[dict[str, Any]] = [_for_role(entry, shared.role()) for entry in reader.log()]
    if as_json:
        shared.print_json({"entries": entries})
        return
    for entry in entries:
        told = {key: _said(value) for key, value in entry.items() if key not in _SHOWN}
        said = ", ".join(f"{key}: {value}" for key, value in told.items())
        click.echo(shared.printable(f"{entry['seq']:>6}  {entry['at']}  {entry['kind']}  {said}"))


def _for_role(entry: dict[str, Any], role: str) -> dict[str, Any]:
    """Return an entry as a role may read it: an auditor and an owner see that somebody was asked for, not who."""
    from himaya.ledger.operators.roles import NAMED_IN_LOG

    if not role or role in NAMED_IN_LOG:
        return entry
    hidden = {"name": shared.HIDDEN} if "name" in entry else {}
    places = [{**place, "name": shared.HIDDEN} for place in entry.get("places", ())]
    return {**entry, **hidden, **({"places": places} if places else {})}


def _said(value: object) -> object:
    """Return a value of an entry in words: of a list of places, each in brackets."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return " ".join(f"[{' '.join(map(str, place.values()))}]" for place in value)
    return value


_SHOWN = {
    *("seq", "at", "kind", "text", "add", "drop", "signature", "compact", "gone"),
    *("halves", "card", "statement"),
}


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

    shared.allow_in(directory, key_file, "ledger sealing-key")
    if not Layout(directory).exists():
        Ledger.open(directory, key_file=key_file).close()
    with Reader.open(directory, key_file) as reader:
        reader.use_sealing_key(create_sealing_key(private), time.time())
    click.echo(f"Wrote {private}. Move it to where only an open matter brings it back.")
