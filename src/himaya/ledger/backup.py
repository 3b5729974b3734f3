"""Copies of a ledger, made while a gate writes, and taken back into use. The key is never among them.

A copy is whole: first until when each writer had everything durable, then the rows, then the map, which is durable
before the rows that use it, then, with the chain held, the chain. So rows that come meanwhile are in the copy, or of a
time that is unobserved there. When files were sealed, somebody was forgotten, or a writer came or went meanwhile, what
changed is copied again.
"""

from __future__ import annotations

import os
import secrets
import shutil
import sqlite3
from collections.abc import Collection
from contextlib import closing
from pathlib import Path

import msgspec

from himaya.core.errors import InputError, LedgerError
from himaya.ledger import entries as e
from himaya.ledger.chain import Chain, Line
from himaya.ledger.copying_beside import bring_back, copy_beside, must_be_free, problems_beside
from himaya.ledger.files import Layout, sync_directory
from himaya.ledger.identities import Identities
from himaya.ledger.keys import Keys
from himaya.ledger.lock import written
from himaya.ledger.map_file import bring_map_forward, slots_path
from himaya.ledger.reader import Reader
from himaya.ledger.schema import iso, micros
from himaya.ledger.segment import cut_segment
from himaya.ledger.state import State
from himaya.ledger.verify import verify

_TRIES = 20
#: The heartbeat of the one writer of format 1.
_EARLIER_BEAT = "heartbeat"
#: Where files lie that are written once: rows in either order, compact rows, whom exports name.
_PLACES = ("sealed", "by_subject", "compact", "exports")


def make(
    reader: Reader,
    to: Path,
    *,
    keep_days: int,
    by: str,
    now: float,
    beside: Collection[Path] = (),
) -> tuple[e.Backup, list[str]]:
    """Copy the ledger into a new directory; that it was, and until when it is kept, stands in the chain.

    `beside` are SQLite files beside the ledger that go with it. Return the entry, and what of them is in the copy.
    Raises InputError when the directory is there already, LedgerError when it cannot be written.
    """
    if to.exists():
        raise InputError("is there already; name a new directory", file=str(to))
    copy = Layout(to)
    copy.create()
    entry = e.Backup(
        at=iso(micros(now)),
        id=secrets.token_hex(8),
        until=micros(now + keep_days * 86400),
        by=reader.keys.seal_text(by),
    )
    try:
        _copy(reader, copy, entry)
        taken = copy_beside(reader.layout, copy, reader.keys, beside)
    except OSError as problem:
        raise LedgerError(f"{to}: cannot make the copy: {problem}") from problem
    return entry, taken


def _copy(reader: Reader, copy: Layout, entry: e.Backup) -> None:
    source = reader.layout
    for _ in range(_TRIES):
        state = reader.state()
        try:
            _copy_live(source, copy, state)
            _copy_rows(source, copy, state)
        except FileNotFoundError:
            continue  # sealed or merged meanwhile
        _copy_map(source, copy)
        with reader.chain.locked() as pen:
            if _moved_on(state, reader.state()):
                continue
            pen.append(entry)
            for path in (source.chain, source.head, source.format):
                if path.exists():  # a ledger of the first format names none
                    shutil.copy2(path, copy.directory / path.name)
        for place in (*(copy.directory / name for name in _PLACES), copy.live, copy.directory):
            sync_directory(place)
        return
    raise LedgerError(f"{source.directory}: files change faster than they can be copied")


def _moved_on(before: State, after: State) -> bool:
    """Tell whether what was copied is not what the chain now counts."""
    was, now = (
        (one.files.keys(), one.upto, one.erased, one.compact.keys(), one.exports.keys())
        for one in (before, after)
    )
    writers = (before.writers, before.ended) != (after.writers, after.ended)
    return was != now or writers


def _copy_live(source: Layout, copy: Layout, state: State) -> None:
    """Copy the segments of all writers, after the heartbeats: what is missing came later than these say."""
    for path in copy.live.iterdir():
        path.unlink()
    for path in (*source.live.glob("*.heartbeat"), source.directory / _EARLIER_BEAT):
        if path.exists():
            shutil.copy2(path, copy.directory / path.relative_to(source.directory))
    segments = source.segments(state.upto)
    busy = written(source, [id_ for id_, _ in segments])
    for id_, path in segments:
        shutil.copy2(path, copy.live / path.name)
        if id_ in busy:  # it may be in the middle of a batch, which nobody was told is durable
            cut_segment(copy.live / path.name)
        elif id_.slot in state.writers:
            _cut_torn(copy, id_.slot, copy.live / path.name)


def _cut_torn(copy: Layout, slot: int, path: Path) -> None:
    """Cut what a killed writer left torn; the gap in the restored ledger begins no later than the last whole row."""
    segment = cut_segment(path)
    earlier = copy.directory / _EARLIER_BEAT
    beat = earlier if slot == 0 and earlier.exists() else copy.heartbeat(slot)
    if segment.torn and segment.last and beat.exists():
        last = min(beat.stat().st_mtime, segment.last / 1e6)
        os.utime(beat, (last, last))


def _copy_rows(source: Layout, copy: Layout, state: State) -> None:
    """Copy the files that count, and remove what counts no more of an earlier try."""
    counted = (state.files.keys(), state.twins(), state.compact.keys(), _listed(source))
    for place, names in zip(_PLACES, counted, strict=True):
        _copy_files(source.directory / place, copy.directory / place, names)


def _listed(source: Layout) -> set[str]:
    """Return the files that say whom exports name."""
    place = source.directory / "exports"
    return {path.name for path in place.iterdir()} if place.is_dir() else set()


def _copy_files(source: Path, copy: Path, names: Collection[str]) -> None:
    """Have these files of a directory in the copy, and no other."""
    copy.mkdir(mode=0o700, exist_ok=True)
    for path in copy.iterdir():
        if path.name not in names:
            path.unlink()
    for name in names:
        if not (copy / name).exists():
            shutil.copy2(source / name, copy / f"{name}.part")
            (copy / f"{name}.part").replace(copy / name)


def _copy_map(source: Layout, copy: Layout) -> None:
    """Copy the map by SQLite's own backup, and its secrets: writers go on meanwhile.

    Nobody was erased between the two copies when the map counted the same before the first and in the second.
    """
    old_slots, new_slots = slots_path(source.identities), slots_path(copy.identities)
    try:
        with closing(sqlite3.connect(source.identities, timeout=30)) as old:
            for _ in range(_TRIES):
                copy.identities.unlink(missing_ok=True)
                before = _generation(old)
                if old_slots.exists():  # a map of the first formats has none
                    shutil.copy2(old_slots, new_slots)
                with closing(sqlite3.connect(copy.identities)) as new:
                    old.backup(new)
                    if _generation(new) == before:
                        copy.identities.chmod(0o600)
                        return
    except sqlite3.Error as problem:
        raise LedgerError(f"{source.identities}: cannot be copied: {problem}") from problem
    raise LedgerError(f"{source.identities}: people are erased faster than it can be copied")


def _generation(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def restore(
    source: Path,
    to: Path,
    keys: Keys,
    *,
    newer: Path | None,
    by: str,
    now: float,
    beside: Collection[Path] = (),
) -> e.Restored:
    """Take a copy into use as a new ledger `to`, after it was verified; return what the chain says of it.

    `beside` are the files beside `to` that are brought back where the copy has them. `newer` is a ledger's directory or
    its chain: whoever was erased there since the copy is erased again. Raises InputError: a ledger or a file beside is
    there already; LedgerError: the copy is damaged, or the newer chain is not of it.
    """
    if to.exists():
        raise InputError("is there already, and is not overwritten; name a new one", file=str(to))
    must_be_free(to, beside)
    Layout(source).must_exist()
    fresh = Layout(to.with_name(to.name + ".restoring"))
    try:
        shutil.rmtree(fresh.directory, ignore_errors=True)
        shutil.copytree(source, fresh.directory)
    except (OSError, shutil.Error) as problem:
        raise LedgerError(f"{fresh.directory}: cannot copy: {problem}") from problem
    problems = verify(fresh, keys, beside=False)
    problems = problems or list(problems_beside(fresh, keys, beside, to))
    if problems:
        raise LedgerError(f"{source}: the copy is not whole, nothing was restored: {problems[0]}")
    entry = _apply(fresh, keys, newer, by, now)
    try:
        bring_back(fresh, to, beside)
        fresh.directory.rename(to)
    except OSError as problem:
        raise LedgerError(f"{to}: cannot be put there: {problem}") from problem
    sync_directory(to.parent)
    return entry


def _apply(fresh: Layout, keys: Keys, newer: Path | None, by: str, now: float) -> e.Restored:
    """Erase again who was erased since, and say that this copy is the ledger now."""
    chain, at = Chain(fresh, keys), iso(micros(now))
    line, made = _end(chain)
    since = _erased_since(line, newer, keys) if newer is not None else []
    bring_map_forward(fresh.identities, keys)
    identities, gone = Identities(fresh.identities, keys), 0
    try:
        for forgotten in since:
            chain.append(msgspec.structs.replace(forgotten, at=at))
            gone += identities.forget(forgotten.surrogates)
    finally:
        identities.close()
    entry = e.Restored(at=at, backup=made.id, erased=gone, by=keys.seal_text(by))
    chain.append(entry)
    return entry


def _end(chain: Chain) -> tuple[Line, e.Backup]:
    """Return the entry that ends a copy; only refused attempts to restore it may follow. Raises LedgerError."""
    last: tuple[Line, e.Backup] | None = None
    for line, entry in chain.lines():
        if isinstance(entry, e.Backup):
            last = line, entry
        elif not isinstance(entry, e.AccessRefused):
            last = None
    if last is None:
        raise LedgerError("this is no copy that `himaya ledger backup` made, or it was written to")
    return last


def _erased_since(end: Line, newer: Path, keys: Keys) -> list[e.Forgotten]:
    """Return the erasures that a newer chain has after the entry that ends the copy. Raises LedgerError."""
    place = newer if newer.is_dir() else newer.parent
    found, seen = [], False
    for line, entry in Chain(Layout(place), keys).lines():
        seen = seen or (line.seq, line.hash) == (end.seq, end.hash)
        if line.seq > end.seq and isinstance(entry, e.Forgotten):
            found.append(entry)
    if not seen:
        raise LedgerError(f"{newer}: this chain does not go on from the copy's")
    return found
