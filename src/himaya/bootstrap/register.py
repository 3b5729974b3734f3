"""The register of cases of a site: its database by configuration, its key and witness by the ledger."""

from __future__ import annotations

from pathlib import Path

from himaya.config import Config
from himaya.ledger import entries as e
from himaya.ledger.chain import Chain
from himaya.ledger.files import Layout
from himaya.ledger.keys import default_key_file, read_key_file
from himaya.ledger.schema import iso
from himaya.ledger.state import read_state
from himaya.response.cases import Entry, Register
from himaya.response.cases.tables import connect


def open_register(
    directory: Path, key_file: Path | None = None, config: Config | None = None
) -> Register:
    """Return the register of the site whose ledger lies in `directory`; without `config` it lies beside the ledger.

    Raises LedgerError (no ledger, wrong key) and ServiceError (the database).
    """
    layout = Layout(directory)
    layout.must_exist()
    keys = read_key_file(key_file or default_key_file(directory))
    chain = Chain(layout, keys)

    def witness(entry: Entry) -> None:
        chain.append(e.CaseEntry(at=iso(entry.act.at), number=entry.number, link=entry.link))

    database = config.response.database if config else ""
    return Register(connect(database, directory), keys, witness)


def register_problems(register: Register, directory: Path, key_file: Path | None) -> list[str]:
    """Return what does not hold in a register, on its own and beside the chain of the ledger. Raises HimayaError."""
    layout = Layout(directory)
    keys = read_key_file(key_file or default_key_file(directory))
    seen = read_state(Chain(layout, keys)).case_entry
    found, entries = register.problems(), register.entries()
    if seen is None:
        return found
    at = next((entry for entry in entries if entry.number == seen.number), None)
    if at is None:
        found.append(f"register: entry {seen.number} is missing; the chain of the ledger names it")
    elif at.link != seen.link:
        found.append(f"register: entry {seen.number} is not the one that the chain names")
    return found
