"""`himaya case deleted`: what a person is told who deletes a field or the account; `himaya forget` tells it, too."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from himaya.cli import ledger_options as shared
from himaya.cli.case_desk import desk_options, load_config

if TYPE_CHECKING:
    from himaya.ledger.reader import Reader
    from himaya.response.cases import Register
    from himaya.response.people.taken import Taken


@click.command()
@desk_options
@click.option("--subject", required=True, help="The person, as the site names them.")
@click.option("--field", default="", help="The field that is deleted; default: all of them.")
@click.option("--why", required=True, help="The reason. Kept in the access log; leave names out.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def deleted(
    *,
    directory: Path,
    key_file: Path | None,
    config: Path | None,
    subject: str,
    field: str,
    why: str,
    as_json: bool,
) -> None:
    """Say whether a confirmed collector obtained what a person deletes, and which demands to delete it are open.

    Nothing is erased by it. That the person was told is kept in every case that is named.
    """
    from himaya.ledger.reader import Reader

    purpose = shared.purpose(why)
    with Reader.open(directory, key_file) as reader:
        column, number = reader.subject(subject)
        shared.record_use(reader, "case deleted", purpose, column=column, surrogate=number)
        told = told_at_deletion(
            reader, (directory, key_file, config), subject, purpose, field=field
        )
    if as_json:
        shared.print_json(told)
    else:
        for line in told.words():
            click.echo(shared.printable(line))


def told_at_deletion(
    reader: Reader,
    place: tuple[Path, Path | None, Path | None],
    subject: str,
    why: str,
    *,
    field: str = "",
) -> Taken:
    """Return what a person is told who deletes something, once it is kept in the cases that it names.

    `place` is directory, key file and configuration. Raises HimayaError: then nobody was told, nothing may be erased.
    """
    from himaya.response.people.taken import taken_of

    with _register(*place) as register:
        told = taken_of(reader, register, subject, field)
        _keep(register, told, reader, why)
    return told


@contextmanager
def _register(
    directory: Path, key_file: Path | None, config: Path | None
) -> Iterator[Register | None]:
    """Give the register of cases, None where there is none yet: telling somebody makes none."""
    from himaya.bootstrap.register import open_register
    from himaya.response.places import register_path

    settings = load_config(config)
    elsewhere = settings is not None and settings.response.database
    if not elsewhere and not register_path(directory.absolute()).exists():
        yield None
        return
    with open_register(directory, key_file, settings) as register:
        yield register


def _keep(register: Register | None, told: Taken, reader: Reader, why: str) -> None:
    """Write into every case that is named that the person was told: an act, or a line in the log of a group."""
    from himaya.analysis.cases import CaseStore, cases_path
    from himaya.ledger.schema import micros
    from himaya.response.cases import Act

    now, number = time.time(), reader.subject(told.subject)[1]
    registered = {one.id for one in register.cases()} if register else set()
    acts = [
        Act(
            case=one.case,
            kind="told",
            at=micros(now),
            by=shared.operator(),
            role=shared.role(),
            why=why,
            data={"subject": number, "field": told.field, "demands": [d.id for d in one.demands]},
        )
        for one in told.cases
        if one.case in registered
    ]
    if register and acts:
        register.add_all(acts)
    groups = [one.case for one in told.cases if one.case not in registered]
    if groups:
        with CaseStore(cases_path(reader.layout.directory.absolute())) as store:
            for name in groups:
                store.note(name, "told", why=_NOTE, by=shared.operator(), at=now)


_NOTE = "a person who deletes something was told that it was obtained"
