"""The register of cases of a site: its database by configuration, its key and witness by the ledger."""

from __future__ import annotations

from pathlib import Path

import msgspec

from himaya.analysis.cases import CaseStore, cases_path
from himaya.config import Config
from himaya.ledger import entries as e
from himaya.ledger.chain import Chain
from himaya.ledger.files import Layout
from himaya.ledger.keys import default_key_file, read_key_file
from himaya.ledger.schema import DAY_S, iso
from himaya.ledger.state import read_state
from himaya.response.cases import Act, Case, Entry, Register
from himaya.response.cases.mirror import mirror
from himaya.response.cases.register import KEPT
from himaya.response.cases.tables import connect
from himaya.response.places import register_path


def open_register(
    directory: Path, key_file: Path | None = None, config: Config | None = None
) -> Register:
    """Return the register of the site whose ledger lies in `directory`; without `config` it lies beside the ledger.

    What a crash left behind is made up for: the chain is told of the newest entry. Raises LedgerError (no ledger,
    wrong key), ConfigError (the address of the database) and ServiceError (the database).
    """
    register, chain = _opened(directory, key_file, config)
    try:
        _catch_up(register, chain)
    except BaseException:
        register.close()
        raise
    return register


def _opened(
    directory: Path, key_file: Path | None, config: Config | None
) -> tuple[Register, Chain]:
    layout = Layout(directory)
    layout.must_exist()
    keys = read_key_file(key_file or default_key_file(directory))
    chain = Chain(layout, keys)

    def witness(entry: Entry) -> None:
        chain.append(e.CaseEntry(at=iso(entry.act.at), number=entry.number, link=entry.link))

    database = config.response.database if config else ""
    return Register(connect(database, directory), keys, witness), chain


def _catch_up(register: Register, chain: Chain) -> None:
    """Tell the chain of the newest entry, where whoever wrote it came to an end before."""
    newest = register.newest()
    seen = read_state(chain).case_entry if newest else None
    if newest is not None and (seen is None or seen.number < newest.number):
        register.tell(newest)


def mirror_groups(
    register: Register, directory: Path, now: int, config: Config | None = None
) -> None:
    """Bring the register and the groups beside a ledger into step at `now` (microseconds). Raises ServiceError.

    The owner of the configuration answers for cases that are new.
    """
    path = cases_path(directory.absolute())
    if path.exists():
        with CaseStore(path) as store:
            mirror(register, store, now, config.owner.name if config else "")


def read_cases(directory: Path, key_file: Path | None, config: Config | None) -> list[Case]:
    """Return every case of a register that is there, without writing anything. Raises HimayaError."""
    register, _ = _opened(directory, key_file, config)
    with register:
        return register.cases()


def found_problems(directory: Path, key_file: Path | None, config: Config | None) -> list[str]:
    """Return what does not hold in the register of a site, without changing anything. Raises HimayaError."""
    Layout(directory).must_exist()
    path = register_path(directory.absolute())
    if path.exists() or (config and config.response.database):
        register, _ = _opened(directory, key_file, config)
        with register:
            return register_problems(register, directory, key_file)
    keys = read_key_file(key_file or default_key_file(directory))
    seen = read_state(Chain(Layout(directory), keys)).case_entry
    if seen is None:
        return []
    missing = f"the chain of the ledger names {seen.number} entries, and {path} is missing"
    return [f"register: {missing}; where it is a database, name its configuration with --config"]


def register_problems(register: Register, directory: Path, key_file: Path | None) -> list[str]:
    """Return what does not hold in a register, on its own and beside the chain of the ledger. Raises HimayaError."""
    layout = Layout(directory)
    keys = read_key_file(key_file or default_key_file(directory))
    found = register.problems()
    links = register.links()
    for _, seen in Chain(layout, keys).lines():
        if not isinstance(seen, e.CaseEntry):
            continue
        where = f"register: entry {seen.number}"
        if seen.number not in links:
            found.append(f"{where} is missing; the chain of the ledger names it")
        elif links[seen.number] != seen.link:
            found.append(f"{where} is not the one that the chain of the ledger names")
    return list(dict.fromkeys(found))


def expire_cases(register: Register, days: int, act: Act) -> dict[str, int]:
    """Remove reasons and data of cases that are over for `days` (0: of none); return of how many entries, by case.

    `act` says who and when; its case and kind are filled in. Raises InputError and ServiceError.
    """
    oldest, done = act.at - days * DAY_S * 1_000_000, {}
    for case in register.cases() if days else []:
        last = max((e.act.at for e in case.entries if e.act.kind != "expired"), default=0)
        some = any(not e.removed and e.act.kind not in KEPT for e in case.entries)
        if not case.is_open and some and last < oldest:
            expired = msgspec.structs.replace(act, case=case.id, kind="expired")
            done[case.id] = register.remove_bodies(expired)
    return done
