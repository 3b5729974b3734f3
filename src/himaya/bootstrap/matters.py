"""What the ledger is told of every case of a site: of the groups beside it, and of the register's own actors.

The register and its database are loaded only where there may be one.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from himaya.analysis.cases import matters_of
from himaya.config import Config
from himaya.core.errors import InputError
from himaya.ledger import entries as e
from himaya.ledger.matters import Matter
from himaya.ledger.schema import DAY_S
from himaya.ledger.state import State
from himaya.response.places import register_path

if TYPE_CHECKING:
    from himaya.response.cases import Act, Case


def all_matters(
    directory: Path, state: State, key_file: Path | None = None, config: Config | None = None
) -> tuple[Matter, ...]:
    """Return the cases of a site as its ledger takes them, under the retention of `state`. Raises HimayaError.

    Cases of the register count for the actors that somebody named in them, as those of groups do for their members.
    Practice cases freeze nothing. InputError: the chain names a register, and without a configuration none is found.
    """
    found = matters_of(directory.absolute(), state)
    if not has_register(directory, state, config):
        return found
    from himaya.bootstrap.register import read_cases  # noqa: PLC0415

    longer = (state.classes or e.Classes(at="")).confirmed_days
    named = [one for one in read_cases(directory, key_file, config) if one.actors]
    return (*found, *(_matter(one, state.days, longer) for one in named if not one.practice))


def has_register(directory: Path, state: State, config: Config | None) -> bool:
    """Tell whether there may be a register, without opening it. Raises InputError where nobody can say."""
    if register_path(directory.absolute()).exists():
        return True
    if config is None and state.case_entry is not None:
        raise InputError(
            f"the chain of {directory} names a register of cases, and there is none beside it: what cases need is not"
            " known. Name the configuration of its database with --config"
        )
    return bool(config and config.response.database)


def _matter(case: Case, days: int, longer: int) -> Matter:
    said = next(case.acts("confirmed"), None)
    opened = case.entries[0].act
    at, kept = (said.at, longer) if said else (opened.at, days)
    return Matter(
        case=case.id,
        actors=frozenset(case.actors),
        start=case.start,
        until=at + kept * DAY_S * 1_000_000 if case.is_open else 0,
        basis=_basis(case, said),
        by=(said or opened).by,
        confirmed=said is not None,
    )


def _basis(case: Case, said: Act | None) -> str:
    by = "found by a detector" if case.source == "finding" else "named by a person"
    return f"confirmed: {said.why}" if said else f"{by}, not confirmed yet"
