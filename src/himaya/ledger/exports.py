"""The register of exports: files that name people and left the ledger, each with purpose, holder and end.

An erasure cannot reach such a file. It can say which ones still name the person, because the surrogates of the people
in a file are kept with its entry: as `exports/ID.people` of the ledger, so that a file of millions of people does not
make the chain long.
"""

from __future__ import annotations

import hashlib
import secrets
import sys
from array import array
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from himaya.core.errors import InputError, LedgerError
from himaya.ledger import entries as e
from himaya.ledger.files import Layout, replace_file, sync_directory
from himaya.ledger.keys import Keys
from himaya.ledger.schema import iso, micros
from himaya.ledger.state import State

if TYPE_CHECKING:
    from himaya.ledger.reader import Reader  # the reader verifies, and with it this register


class Export(msgspec.Struct, frozen=True):
    """A file that names people. `until`: when it has to be destroyed; `destroyed`: when somebody said so, "" not yet.

    `overdue`: it should be gone and nobody said that it is.
    """

    id: str
    at: str
    purpose: str
    holder: str
    path: str
    by: str
    until: str
    people: int
    overdue: bool
    destroyed: str = ""
    destroyed_by: str = ""


def register(  # noqa: PLR0913  (an entry is all of these)
    reader: Reader,
    *,
    purpose: str,
    holder: str,
    until: int,
    subjects: Iterable[int],
    path: Path | str,
    by: str,
    now: float,
) -> str:
    """Write down that a file naming these people (surrogates) was made; return the id of the export.

    `until` (microseconds) is when it has to be destroyed, `holder` who has it, `now` epoch seconds. Call it before the
    file is written. Raises InputError when holder or purpose is empty or `until` is past, LedgerError.
    """
    if not purpose.strip() or not holder.strip():
        raise InputError(
            "an export needs a purpose and a holder; say who will have the file, and what for"
        )
    if until <= micros(now):
        raise InputError("the export would have to be destroyed in the past; give a later end")
    numbers, name = sorted(set(subjects)), secrets.token_hex(4)
    digest = _keep(reader.layout, name, numbers)
    seal = reader.keys.seal_text
    reader.chain.append(
        e.Exported(
            at=iso(micros(now)),
            id=name,
            purpose=seal(purpose),
            holder=seal(holder),
            path=seal(str(path)),
            by=seal(by),
            until=until,
            people=len(numbers),
            sha256=digest,
        )
    )
    return name


def destroy(reader: Reader, export_id: str, *, by: str, now: float) -> None:
    """Write down that somebody says an export was destroyed. Raises InputError (none of that id, said already)."""
    with reader.chain.locked() as pen:
        state = reader.state()
        if export_id not in state.exports:
            raise InputError(f"there is no export {export_id!r}; see: himaya ledger exports")
        if export_id in state.destroyed:
            raise InputError(
                f"export {export_id} was destroyed already, at {state.destroyed[export_id].at}"
            )
        pen.append(e.Destroyed(at=iso(micros(now)), id=export_id, by=reader.keys.seal_text(by)))


def listed(state: State, keys: Keys, now: float) -> list[Export]:
    """Return every export, in the order of writing. Raises LedgerError when a text does not open."""
    return [_told(one, state, keys, now) for one in state.exports.values()]


def overdue(state: State, now: float) -> list[str]:
    """Return the ids of exports that should be gone, and nobody said that they are."""
    return [
        one.id
        for one in state.exports.values()
        if one.id not in state.destroyed and one.until <= micros(now)
    ]


def naming(layout: Layout, state: State, surrogates: set[int]) -> list[str]:
    """Return the ids of exports, not destroyed, that name one of these surrogates.

    One whose list is missing or was changed may name anybody, so it is among them.
    """
    return [
        one.id
        for one in state.exports.values()
        if one.id not in state.destroyed and _may_name(layout, one, surrogates)
    ]


def problems(layout: Layout, state: State) -> list[str]:
    """Return what is wrong with the lists of people in exports, one sentence each."""
    return [
        f"{_place(layout, one.id)}: is missing, or is not as it was written"
        for one in state.exports.values()
        if _people(layout, one) is None
    ]


def _told(one: e.Exported, state: State, keys: Keys, now: float) -> Export:
    gone = state.destroyed.get(one.id)
    return Export(
        id=one.id,
        at=one.at,
        purpose=keys.open_text(one.purpose),
        holder=keys.open_text(one.holder),
        path=keys.open_text(one.path),
        by=keys.open_text(one.by),
        until=iso(one.until),
        people=one.people,
        overdue=gone is None and one.until <= micros(now),
        destroyed=gone.at if gone else "",
        destroyed_by=keys.open_text(gone.by) if gone else "",
    )


def _place(layout: Layout, export_id: str) -> Path:
    return layout.directory / "exports" / f"{export_id}.people"


def _keep(layout: Layout, export_id: str, numbers: list[int]) -> str:
    """Write the surrogates of an export, durable, and return the hash of the file. Raises LedgerError."""
    path, packed = _place(layout, export_id), array("q", numbers)
    if sys.byteorder == "big":
        packed.byteswap()
    data = packed.tobytes()
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        replace_file(path, data)
        sync_directory(path.parent)
    except OSError as problem:
        raise LedgerError(f"{path}: cannot write: {problem.strerror}") from problem
    return hashlib.sha256(data).hexdigest()


def _may_name(layout: Layout, one: e.Exported, surrogates: set[int]) -> bool:
    people = _people(layout, one)
    return people is None or not surrogates.isdisjoint(people)


def _people(layout: Layout, one: e.Exported) -> set[int] | None:
    """Return the surrogates of an export; None when their list is missing or is not as it was written."""
    try:
        data = _place(layout, one.id).read_bytes()
    except OSError:
        return None
    if hashlib.sha256(data).hexdigest() != one.sha256:
        return None
    packed = array("q", data)
    if sys.byteorder == "big":
        packed.byteswap()
    return set(packed)
