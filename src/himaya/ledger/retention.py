"""Retention: rows end after their time, and so do the identities that only they used.

A day goes when its last moment is `days` days old, so a row lives at least that long and less than a day longer.
"delete" drops its rows; "seal" encrypts them to the sealing key, whose private half is kept elsewhere, without their
fingerprint class. A class ends after days of its own (`blanking`). Rows of ordinary viewers may leave a compact form
behind (`compact`); those of members of a case that a person confirmed are kept longer. Rows that a hold or an open
case needs stay as they are until it ends. A case that is confirmed later reaches only rows that still exist.
Unobserved periods stay as long as they reach past the limit: they name nobody, and answers need them. Erasures that
had to wait are completed here, and rows about erased people lose their versions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Literal
from weakref import WeakKeyDictionary

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from himaya.core.errors import LedgerError
from himaya.ledger import compact, erasure, holds, manifest, sealing
from himaya.ledger import entries as e
from himaya.ledger.archive import encrypt
from himaya.ledger.blanking import blank, without_class
from himaya.ledger.matters import Matter
from himaya.ledger.names import FOREVER
from himaya.ledger.reader import Reader
from himaya.ledger.renumber import renumber
from himaya.ledger.schema import DAY_S, FACETS, UNOBSERVED, day_of, iso, micros
from himaya.ledger.state import State, read_state
from himaya.ledger.unversioned import drop_versions
from himaya.ledger.writer import Ledger

Then = Literal["delete", "seal"]
_TRIES = 5
_US = DAY_S * 1_000_000


class Expired(msgspec.Struct, frozen=True):
    """What an execution did: rows that went, rows of that time that a hold keeps, identities removed.

    `blanked` are rows that stay without their fingerprint class. `forgotten`: people whose erasure had to wait until
    now, as column and name, so that what is kept beside the ledger goes, too.
    """

    rows: int = 0
    held: int = 0
    identities: int = 0
    blanked: int = 0
    forgotten: tuple[tuple[str, str], ...] = ()


class _Rules(msgspec.Struct, frozen=True):
    """By what an execution goes: UTC days before which rows of each class end, what happens then, what stays.

    `longer`: the day for actors (surrogates) that are `confirmed`. `compact`: the day from which on rows leave a
    compact form behind, None for none.
    """

    before: int
    then: Then
    longer: int
    compact: int | None
    confirmed: frozenset[int]
    standing: tuple[holds.Freeze, ...]

    @property
    def ground(self) -> str:
        """Return what the chain says."""
        return f"rows before UTC day {self.before} end ({self.then}); of confirmed cases before {self.longer}"


class _Plan:
    """What becomes of the files of days that are over."""

    def __init__(self) -> None:
        self.add: list[e.File] = []
        self.drop: list[str] = []
        self.rows, self.held = 0, 0
        self.used: set[int] = set()
        self.compact: list[pa.Table] = []


#: What an open ledger had nothing to do for at the last time: while it is the same, no file is read again.
_DONE: WeakKeyDictionary[Ledger, tuple[_Rules, frozenset[str], int]] = WeakKeyDictionary()


def execute(
    ledger: Ledger,
    now: float,
    days: int = 31,
    then: Then = "delete",
    class_days: int | None = None,
    classes: e.Classes | None = None,
    matters: Iterable[Matter] = (),
) -> Expired:
    """Apply the retention as of `now` (epoch seconds); call it about once an hour.

    Fingerprint classes are kept `class_days`, and `classes` says what holds for each class of actor; None: as chosen
    before. `matters` are the cases. Raises LedgerError: the ledger cannot be written, or "seal" without a sealing key.
    """
    before, cases = day_of(micros(now)) - days, tuple(matters)
    with ledger.sealing_lock:
        ledger.set_retention(days, then, now, class_days)
        choose(ledger, classes, now)
        ledger.seal_if_older(before, now)
        done = _expire(ledger, now, days, then, cases)
        with_class = read_state(ledger.chain).class_days
        blanked = blank(ledger, now, with_class, cases)
        finished = _finish(ledger, cases, now)
        drop_versions(ledger, now)
    return msgspec.structs.replace(
        done,
        blanked=blanked,
        identities=done.identities + finished.identities,
        forgotten=finished.people,
    )


def choose(ledger: Ledger, classes: e.Classes | None, now: float) -> None:
    """Record how long rows of each class of actor are kept from now on, when that changed; None: as before."""
    known = read_state(ledger.chain).classes
    if classes is None or (known and msgspec.structs.replace(classes, at=known.at) == known):
        return
    ledger.chain.append(msgspec.structs.replace(classes, at=iso(micros(now))))


def _expire(
    ledger: Ledger, now: float, days: int, then: Then, matters: Sequence[Matter]
) -> Expired:
    for _ in range(_TRIES):
        state = read_state(ledger.chain)
        rules = _rules(ledger, state, now, days, then, matters)
        old = frozenset(file.name for file in state.files.values() if file.day < rules.before)
        known = _DONE.get(ledger)
        if known is not None and known[:2] == (rules, old):
            return Expired(held=known[2])
        plan = _plan(ledger, state, rules)
        if _commit(ledger, state, plan, rules, now):
            if not plan.drop:
                _DONE[ledger] = rules, old, plan.held
            identities = _remove_identities(ledger, plan, rules)
            _end_compact(ledger, now)
            return Expired(plan.rows, plan.held, identities)
    raise LedgerError(f"{ledger.layout.chain}: holds change faster than retention can be applied")


def _rules(
    ledger: Ledger, state: State, now: float, days: int, then: Then, matters: Sequence[Matter]
) -> _Rules:
    today, chosen = day_of(micros(now)), state.classes or e.Classes(at="")
    compacts = chosen.ordinary == "compact" and then == "delete"
    return _Rules(
        before=today - days,
        then=then,
        longer=longer(state, now, days),
        compact=today - chosen.compact_days if compacts else None,
        confirmed=confirmed_actors(matters),
        standing=tuple(holds.freezes(state, ledger.keys, matters, micros(now))),
    )


def confirmed_actors(matters: Iterable[Matter]) -> frozenset[int]:
    """Return the members (surrogates) of cases that a person confirmed."""
    return frozenset().union(*(matter.actors for matter in matters if matter.confirmed))


def longer(state: State, now: float, days: int) -> int:
    """Return the UTC day before which rows of confirmed actors end, too; others end after `days`."""
    chosen = state.classes or e.Classes(at="")
    return day_of(micros(now)) - max(days, chosen.confirmed_days)


def _plan(ledger: Ledger, state: State, rules: _Rules) -> _Plan:
    """Write what stays of the days that are over, and say what goes."""
    plan = _Plan()
    for file in state.files.values():
        if file.day < rules.before and not file.archive:
            table = sealing.read_rows(ledger.layout, file)
            held = holds.frozen(table, rules.standing)
            plan.held += pc.sum(held).as_py() or 0
            confirmed = is_confirmed(table, rules.confirmed, rules.longer)
            stays = pc.or_(_reaches(table, rules.before), confirmed)
            _plan_file(ledger, state, plan, (file, table, pc.or_(held, stays)), rules)
    return plan


def _plan_file(
    ledger: Ledger,
    state: State,
    plan: _Plan,
    part: tuple[e.File, pa.Table, pa.Array],
    rules: _Rules,
) -> None:
    file, table, mask = part
    kept, gone = table.filter(mask), table.filter(pc.invert(mask))
    if rules.then == "seal" and not state.sealing_key:
        kept, gone = table, table.slice(0, 0)  # `operators.periods` seals it to operators
    for column in FACETS:
        plan.used.update(kept.column(column).unique().to_pylist())
    if not len(gone):
        return
    plan.drop.append(file.name)
    plan.rows += len(gone)
    plan.add.extend(sealing.put_days(ledger.layout, kept))
    if rules.compact is not None and file.day >= rules.compact:
        plan.compact.append(compact.folded(gone))
    if rules.then == "seal":
        # What is encrypted cannot be blanked later.
        gone = without_class(gone)
        data = encrypt(sealing.encode(gone), state.sealing_key)
        plan.add.append(sealing.put_file(ledger.layout, file.day, gone, data, archive=True))


def _reaches(table: pa.Table, before: int) -> pa.Array:
    """Return which rows are unobserved periods that reach past the limit."""
    later = pc.greater(table.column("until"), before * _US)
    return pc.and_(pc.equal(table.column("kind"), UNOBSERVED), later)


def is_confirmed(table: pa.Table, actors: Collection[int], longer: int) -> pa.Array:
    """Return which rows are of members of confirmed cases, and not of days before the UTC day `longer`."""
    members = pa.array(sorted(actors), pa.int64())
    young = pc.greater_equal(table.column("time"), longer * _US)
    return pc.and_(young, pc.is_in(table.column("actor"), value_set=members))


def _commit(ledger: Ledger, state: State, plan: _Plan, rules: _Rules, now: float) -> bool:
    """Enter the plan in the chain, unless a hold came in between; then undo it and return False."""
    said: dict[str, Any] = {
        "at": iso(micros(now)),
        "add": tuple(plan.add),
        "drop": tuple(plan.drop),
        "rows": plan.rows,
        "before": rules.before,
        "ground": rules.ground,
    }
    entry: e.AnyFiles
    if rules.then == "seal":
        entry = e.Archived(**said)
    elif plan.compact:
        entry = e.Compacted(**said, compact=compact.put(ledger.layout, plan.compact))
        _keep_subjects(ledger, plan, rules)
    else:
        entry = e.Removed(**said)
    entry = manifest.signed(ledger.keys, entry)
    return sealing.swap(ledger.layout, ledger.chain, state, entry)


def _keep_subjects(ledger: Ledger, plan: _Plan, rules: _Rules) -> None:
    """Keep the names of people in compact rows for as long as these are kept."""
    compact_day = rules.compact or 0
    for table in plan.compact:
        for day in pc.unique(table.column("day")).to_pylist():
            shown = table.filter(pc.equal(table.column("day"), day)).column("subject")
            until = day + rules.before - compact_day
            ledger.identities.keep(pc.unique(shown).to_pylist(), until)


def _remove_identities(ledger: Ledger, plan: _Plan, rules: _Rules) -> int:
    """Remove identities whose last row went.

    Nobody here sees whom sealed rows are about, so every name since the oldest of them stays; of those that are kept
    longer it was written down when they were sealed.
    """
    files = [file for file in read_state(ledger.chain).files.values() if file.archive]
    ends = rules.longer if rules.then == "delete" else FOREVER  # past it a hold keeps the file
    days = [file.day for file in files if not file.longer or file.day < ends]
    return ledger.remove_identities(min([rules.before, *days]), plan.used)


def _end_compact(ledger: Ledger, now: float) -> None:
    """Drop files of compact rows whose days are all over. Raises LedgerError."""
    state = read_state(ledger.chain)
    before = day_of(micros(now)) - (state.classes or e.Classes(at="")).compact_days
    gone = tuple(file.name for file in state.compact.values() if file.last < before)
    if gone:
        ground = f"compact rows before UTC day {before} end"
        entry = e.CompactEnded(at=iso(micros(now)), gone=gone, before=before, ground=ground)
        ledger.chain.append(manifest.signed(ledger.keys, entry))
    compact.tidy(ledger.layout, read_state(ledger.chain))


def _finish(ledger: Ledger, matters: Sequence[Matter], now: float) -> erasure.Completed:
    """Do what is left of erasures that had to keep a name."""
    if not erasure.kept_by(read_state(ledger.chain)):
        return erasure.Completed()
    renumber(ledger, matters, now)
    reader = Reader(ledger.layout, ledger.keys, None)
    try:
        return erasure.complete(reader, matters, now)
    finally:
        reader.close()


def drop_archives(ledger: Ledger, day: int, now: float) -> int:
    """Remove sealed periods of days before a UTC day for good; return how many rows went.

    Days that a standing hold touches stay, as they do at the end of their retention.
    """
    with ledger.sealing_lock:
        state, at = read_state(ledger.chain), micros(now)
        over = (file for file in state.files.values() if file.archive and file.day < day)
        old = [file for file in over if not holds.touched(state, file, at)]
        names, rows = tuple(file.name for file in old), sum(file.rows for file in old)
        if old:
            ground = f"sealed periods before UTC day {day} were removed on request"
            entry = e.Removed(at=iso(micros(now)), drop=names, rows=rows, before=day, ground=ground)
            ledger.chain.append(manifest.signed(ledger.keys, entry))
            sealing.remove_files(ledger.layout, names)
    return rows
