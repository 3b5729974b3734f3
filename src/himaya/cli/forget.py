"""`himaya forget`: erase a person, as somebody who is shown or as somebody who looks."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from himaya.cli import ledger_options as shared
from himaya.cli.case_deleted import told_at_deletion
from himaya.cli.case_desk import config_option, load_config
from himaya.core.errors import InputError

if TYPE_CHECKING:
    from himaya.ledger.erasure import Erasure
    from himaya.ledger.exports import Export
    from himaya.response.people.taken import Taken


@click.command()
@shared.ledger_options
@click.option("--subject", default="", help="The person as somebody who is shown.")
@click.option("--account", default="", help="The same as --actor account:NAME.")
@click.option(
    "--actor", default="", help="Who looked: account:NAME, key:NAME, session:NAME or address:IP."
)
@click.option("--both", is_flag=True, help="A member who is shown, too: name both sides.")
@config_option
@click.option("--why", required=True, help="The reason. Kept in the chain; leave names out.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def forget(  # noqa: PLR0913  (the options of the command)
    *,
    directory: Path,
    key_file: Path | None,
    subject: str,
    account: str,
    actor: str,
    both: bool,
    config: Path | None,
    why: str,
    as_json: bool,
) -> None:
    """Erase a person: the rows stay as numbers, and nobody can say whose they were. Works while the gate runs.

    As subject and as actor they are erased apart. With an actor go the sessions, keys and addresses that nobody else
    uses. What a hold or an open case needs stays until that ends, and is listed with its basis.
    The exit code is 1 then. Somebody who is shown is told first whether a confirmed collector obtained their data.
    """
    actor = _sides(subject, account, actor, both=both)
    taken, done, outside = _erase((directory, key_file, config), (subject, actor), why)
    if as_json:
        import msgspec

        told = {"collected": taken} if taken else {}
        shared.print_json({**msgspec.structs.asdict(done), "exports": outside, **told})
    else:
        for line in [*_words(done, outside), *(taken.words() if taken and done.known else ())]:
            click.echo(shared.printable(line))
    if done.kept:
        raise click.exceptions.Exit(1)


def _sides(subject: str, account: str, actor: str, *, both: bool) -> str:
    """Return the actor that is meant, "" for none. Raises InputError when it is not clear who is."""
    if account and actor:
        raise InputError("name the actor once, with --actor or with --account")
    actor = f"account:{account}" if account else actor
    if both and not (subject and actor):
        raise InputError("--both needs both sides: --subject, and --actor or --account")
    if not both and bool(subject) == bool(actor):
        raise InputError("name either --subject or --actor; a person who is both needs --both")
    return actor


def _erase(
    place: tuple[Path, Path | None, Path | None], whom: tuple[str, str], why: str
) -> tuple[Taken | None, Erasure, list[Export]]:
    """Record the use, erase in the ledger and beside it.

    Return what the person is told about collectors (asked before, since nobody can be asked after), what was done, and
    the exports that are out.
    """
    from himaya.bootstrap.matters import all_matters
    from himaya.ledger import erasure, exports
    from himaya.ledger.reader import Reader

    (directory, key_file, config), (subject, actor) = place, whom
    purpose, now = shared.purpose(why), time.time()
    settings = load_config(config)
    with Reader.open(directory, key_file) as reader:
        for side in filter(None, (subject, actor)):
            column, number = reader.facet(side) if side is actor else reader.subject(side)
            shared.record_use(reader, "forget", purpose, column=column, surrogate=number)
        taken = told_at_deletion(reader, place, subject, purpose) if subject else None
        done = erasure.forget(
            reader,
            subject=subject,
            actor=actor,
            why=purpose,
            by=shared.operator(),
            now=now,
            matters=all_matters(directory, reader.state(), key_file, settings),
        )
        register = exports.listed(reader.state(), reader.keys, now)
    _forget_facts(directory, done, subject, actor)
    return taken, done, [one for one in register if one.id in done.exports]


def _forget_facts(directory: Path, done: Erasure, subject: str, actor: str) -> None:
    """Erase what the application told, too, but of a side that something needs."""
    from himaya.facts_store import FactsStore, facts_path

    kept = {one.what for one in done.kept}
    account = actor.removeprefix("account:") if actor.startswith("account:") else ""
    path = facts_path(directory)
    if path.exists():
        with FactsStore(path) as store:
            store.forget(
                subject if "subject" not in kept else "",
                account=account if "account" not in kept else "",
            )


def _words(done: Erasure, outside: list[Export]) -> Iterator[str]:
    if not done.known:
        yield "The ledger does not know this name; nothing was erased in it."
        return
    if done.erased:
        yield f"Erased: the ledger no longer knows this name ({done.erased} identities; erasure {done.id})."
    else:
        yield f"Not erased yet (erasure {done.id})."
    for one in done.kept:
        yield (
            f"Kept: {one.count} of kind {one.what}, because of {one.needs} ({one.basis}), decided by {one.by},"
            f" until {one.until}; then erased without asking again."
        )
    yield f"Pending in backups until {done.backups_until}."
    for export in outside:
        yield (
            f"Still named in export {export.id}, held by {export.holder}, to be destroyed by"
            f" {export.until}: {export.path}"
        )
