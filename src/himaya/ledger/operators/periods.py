"""Sealing periods: rows older than the open window, and names that no open row has, go to pairs of operators.

Each day, or part of a large one, has a key of its own; it exists in memory while the day is sealed, and then only in
halves (`halves`). Rows keep their surrogates. Rows that a hold or an open case needs stay open until it ends, with the
names in them; unobserved periods stay open, for they name nobody. Rows of members of confirmed cases are a file of
their own: they are kept longer. As with every sealing, files come first, then the one entry that counts them.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Sequence

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from himaya.core.errors import LedgerError
from himaya.ledger import entries as e
from himaya.ledger import manifest, sealing
from himaya.ledger.archive import encrypt_period
from himaya.ledger.blanking import without_class
from himaya.ledger.holds import freezes, frozen, touched
from himaya.ledger.identities import Identities
from himaya.ledger.matters import Matter
from himaya.ledger.operators.acting import ledger_id
from himaya.ledger.operators.halves import KEY, halved
from himaya.ledger.operators.requests import remove_expired
from himaya.ledger.retention import confirmed_actors, is_confirmed, longer
from himaya.ledger.schema import FACETS, UNOBSERVED, day_of, iso, micros
from himaya.ledger.state import State, read_state
from himaya.ledger.writer import Ledger

_TRIES = 5
#: Rows that are encrypted together: a larger day is sealed in parts, each with a key of its own.
_MOST_ROWS = 5_000_000
#: Names that are encrypted in one transaction: a gate that flushes waits for it.
_CHUNK = 5_000


class Closed(msgspec.Struct, frozen=True):
    """What a sealing did: rows and names that were encrypted, rows that a hold keeps open, rows that ended."""

    rows: int = 0
    names: int = 0
    held: int = 0
    removed: int = 0


def seal_periods(
    ledger: Ledger, now: float, open_days: int, matters: Sequence[Matter] = ()
) -> Closed:
    """Seal what is older than `open_days` as of `now` (epoch seconds) to the operators who can open it.

    Nothing happens where no two of them have different roles. Sealed days end with their retention, when that deletes.
    `matters` are the cases, as retention takes them.
    Call it before `retention.execute`. Raises LedgerError when the ledger cannot be written.
    """
    state = read_state(ledger.chain)
    remove_expired(ledger.layout, now)
    if not state.operators.openers() and not state.operators.periods:
        return Closed()
    before = day_of(micros(now)) - _days(state, open_days)
    with ledger.sealing_lock:
        ledger.seal_if_older(before, now)
        rows, held, used = _seal_rows(ledger, before, matters, now)
        names = _seal_names(ledger, before, used, now)
        return Closed(rows, names, held, _remove_old(ledger, now))


def _days(state: State, open_days: int) -> int:
    """Return after how many days rows are sealed: no later than retention would do it."""
    return min(open_days, state.days) if state.then == "seal" else open_days


def _seal_rows(
    ledger: Ledger, before: int, matters: Sequence[Matter], now: float
) -> tuple[int, int, set[int]]:
    """Seal the days before one; return how many rows, how many are held, and the surrogates in what stays open."""
    used = set[int]()
    rows, held = 0, 0
    for files in _parts(read_state(ledger.chain), before):
        sealed, kept = _seal_day(ledger, files, matters, now, used)
        rows, held = rows + sealed, held + kept
    return rows, held, used


def _parts(state: State, before: int) -> Iterator[list[e.File]]:
    """Yield the files of each day before one, not more of them together than fit into memory."""
    open_ = (f for f in state.files.values() if f.day < before and not f.archive)
    part: list[e.File] = []
    for file in sorted(open_, key=lambda f: f.day):
        full = sum(f.rows for f in part) + file.rows > _MOST_ROWS
        if part and (full or part[0].day != file.day):
            yield part
            part = []
        part.append(file)
    if part:
        yield part


def _seal_day(
    ledger: Ledger, files: list[e.File], matters: Sequence[Matter], now: float, used: set[int]
) -> tuple[int, int]:
    """Seal files of one day; who seals holds the lock, so they stay as they are."""
    for _ in range(_TRIES):
        state = read_state(ledger.chain)
        table = pa.concat_tables([sealing.read_rows(ledger.layout, file) for file in files])
        held = frozen(table, freezes(state, ledger.keys, matters, micros(now)))
        stays = pc.or_(held, pc.equal(table.column("kind"), UNOBSERVED))
        kept, gone = table.filter(stays), table.filter(pc.invert(stays))
        if not len(gone) or not state.operators.openers():
            used.update(_surrogates(table))
            return 0, pc.sum(held).as_py() or 0
        apart = is_confirmed(gone, confirmed_actors(matters), longer(state, now, state.days))
        parts = kept, gone.filter(pc.invert(apart)), gone.filter(apart)
        day = files[0].day
        _keep_names(ledger, state, day, parts[2])
        entry = _entry(ledger, state, day, parts, [f.name for f in files], now)
        if sealing.swap(ledger.layout, ledger.chain, state, entry):
            used.update(_surrogates(kept))
            return len(gone), pc.sum(held).as_py() or 0
    raise LedgerError(f"{ledger.layout.chain}: holds change faster than periods can be sealed")


def _keep_names(ledger: Ledger, state: State, day: int, rows: pa.Table) -> None:
    """Keep the names in rows that are kept longer for as long, and no others with them."""
    confirmed = (state.classes or e.Classes(at="")).confirmed_days
    if len(rows):
        longer_by = max(0, confirmed - state.days)
        ledger.identities.keep_closed(_surrogates(rows) - {0}, day + longer_by)


def _surrogates(table: pa.Table) -> set[int]:
    found: set[int] = set()
    for column in FACETS:
        found.update(table.column(column).unique().to_pylist())
    return found


def _entry(
    ledger: Ledger,
    state: State,
    day: int,
    parts: tuple[pa.Table, pa.Table, pa.Table],
    drop: list[str],
    now: float,
) -> e.PeriodSealed:
    """Write what stays open, and what is encrypted, without its fingerprint class: it cannot be blanked later."""
    (kept, *sealed), key, period = parts, os.urandom(KEY), secrets.token_hex(16)
    archives = []
    for rows, longer_kept in zip(sealed, (False, True), strict=True):
        if len(rows):
            data = encrypt_period(sealing.encode(without_class(rows)), key, period)
            file = sealing.put_file(ledger.layout, day, rows, data, archive=True)
            archives.append(msgspec.structs.replace(file, longer=longer_kept))
    entry = e.PeriodSealed(
        at=iso(micros(now)),
        add=(*sealing.put_days(ledger.layout, kept), *archives),
        drop=tuple(drop),
        id=period,
        rows=sum(map(len, sealed)),
        day=day,
        halves=halved(key, state.operators.openers(), ledger_id(ledger.chain), (period, day, 0)),
    )
    return manifest.signed(ledger.keys, entry)


def _seal_names(ledger: Ledger, before: int, used: set[int], now: float) -> int:
    """Encrypt the names of identities that no open row has; return how many.

    The entry comes first: a name under a key that no entry has the halves of would be lost.
    """
    identities, state = Identities(ledger.layout.identities, ledger.keys), read_state(ledger.chain)
    try:
        used |= _needed(ledger, state, now)
        # While an older row is in a segment that another writes, its names are needed; the next time does it.
        waits = ledger.has_before(before)
        idle = [] if waits else [one for one in identities.idle(before) if one not in used]
        done = 0
        if idle and state.operators.openers():
            key, period = os.urandom(KEY), secrets.token_hex(16)
            holders, number = state.operators.openers(), ledger_id(ledger.chain)
            entry = e.PeriodSealed(
                at=iso(micros(now)),
                id=period,
                names=len(idle),
                before=before,
                halves=halved(key, holders, number, (period, -1, before)),
            )
            ledger.chain.append(manifest.signed(ledger.keys, entry))
            for part in (idle[i : i + _CHUNK] for i in range(0, len(idle), _CHUNK)):
                done += identities.close_names(part, before, period, key)
        _wipe(identities)
    finally:
        identities.close()
    return done


def _needed(ledger: Ledger, state: State, now: float) -> set[int]:
    """Return what standing holds and blocks name: whoever keeps it or publishes it needs the name."""
    needed = {hold.surrogate for hold in state.standing_holds(micros(now))}
    for _, entry in ledger.chain.lines():
        if isinstance(entry, e.Blocked) and entry.until > micros(now):
            needed.update(place.surrogate for place in entry.places)
    return needed


def _wipe(identities: Identities) -> None:
    """Overwrite what the names were under before. While another process reads the map, the next time does it."""
    try:
        identities.wipe()
    except LedgerError:
        return


def _remove_old(ledger: Ledger, now: float) -> int:
    """Remove sealed days whose retention is over, where it deletes; return how many rows went.

    Nobody here can see which sealed rows a hold needs, so each that touches the day keeps all of it.
    """
    for _ in range(_TRIES):
        state = read_state(ledger.chain)
        before, late = day_of(micros(now)) - state.days, longer(state, now, state.days)
        over = (f for f in _archives(state) if f.day < (late if f.longer else before))
        old = [file for file in over if not touched(state, file, micros(now))]
        if state.then != "delete" or not old:
            return 0
        drop, rows = tuple(file.name for file in old), sum(file.rows for file in old)
        ground = (
            f"sealed days before UTC day {before} end (delete); of confirmed cases before {late}"
        )
        entry = e.Removed(at=iso(micros(now)), drop=drop, rows=rows, before=before, ground=ground)
        entry = manifest.signed(ledger.keys, entry)
        if sealing.swap(ledger.layout, ledger.chain, state, entry):
            return rows
    raise LedgerError(f"{ledger.layout.chain}: holds change faster than retention can be applied")


def _archives(state: State) -> list[e.File]:
    """Return the files that are sealed to operators."""
    periods = state.operators.periods.values()
    named = {file.name for one in periods for file in one.add if file.archive}
    return [file for file in state.files.values() if file.name in named]
