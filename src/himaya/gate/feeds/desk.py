"""The work of the feed that takes a disk: counting who would be hit, keeping blocks, asking cases. For one thread."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from himaya.analysis.cases import Case, CaseStore, State, cases_path
from himaya.config import Config
from himaya.core.errors import HimayaError, InputError
from himaya.gate.feeds.block import Block, Network, Remedy, parse_place, value_of
from himaya.gate.feeds.collateral import Counter, Known
from himaya.gate.feeds.store import BlockStore, Enforced, Row, blocks_path
from himaya.gate.feeds.usage import Count
from himaya.ledger import blocks as chained
from himaya.ledger import entries as e
from himaya.ledger import queries as q
from himaya.ledger.files import Layout
from himaya.ledger.reader import Reader
from himaya.ledger.schema import micros

#: How far back a confirmed case is followed: an address of last week may be somebody else's by now.
RECENT_S = 86400.0

#: Endings that a bouncer may have missed while the gate was away, and how many are told again.
_MISSED_S, _MISSED = 86400.0, 10_000


#: Blocks of detectors that are kept after their end, for each one that may stand: whoever has a million addresses could
#: otherwise fill a disk.
_KEPT = 20


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants blocked, until when (epoch seconds), and who wants it why; `source` as in a `Block`."""

    network: Network
    until: float
    source: str
    why: str = ""
    by: str = ""
    remedy: Remedy = "ban"

    @property
    def is_of_people(self) -> bool:
        """Tell whether a person stands behind it, so that the chain keeps it."""
        return not self.source.startswith("detector:")


class Look(msgspec.Struct, frozen=True):
    """What the cases lead to: what is to be blocked, and the sources of blocks that are over."""

    orders: tuple[Order, ...] = ()
    over: frozenset[str] = frozenset()


class Around(msgspec.Struct, frozen=True):
    """What the engine knows that the disk does not: whoever is signed in at each place now, and who was found."""

    live: dict[str, frozenset[str]] = {}
    flagged: frozenset[str] = frozenset()


class Decided(msgspec.Struct, frozen=True):
    """What came of orders: the blocks that stand, and how many found no room."""

    blocks: tuple[Block, ...]
    left_out: int = 0


class _Place(msgspec.Struct, frozen=True):
    """An order with the place as blocks and rows name it."""

    order: Order
    column: str
    value: str
    surrogate: int


class Desk:
    """Keeps the blocks of one site. Its methods raise LedgerError and ServiceError when a disk refuses."""

    def __init__(self, config: Config) -> None:
        """Name the places; the file of blocks is opened when it is first needed."""
        self.config = config
        self._directory = Path(config.ledger.directory)
        self.layout = Layout(self._directory)
        self._opened: BlockStore | None = None

    @property
    def _store(self) -> BlockStore:
        if self._opened is None:
            self._opened = BlockStore(blocks_path(self._directory))
        return self._opened

    def _reader(self) -> Reader:
        key = self.config.ledger.key_file
        return Reader.open(self._directory, Path(key) if key else None)

    def close(self) -> None:
        """Close the file of blocks."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    # -- what stands -----------------------------------------------------------------------------

    def restore(self, now: float) -> tuple[list[Block], list[Block]]:
        """Return the blocks that stand, and those that ended lately; drop what retention is over for."""
        self.forget(now)
        with self._reader() as reader:
            standing = _named(reader, self._store.standing(now))
            return standing, _named(reader, self._store.ended(now - _MISSED_S, now, _MISSED))

    def forget(self, now: float) -> None:
        """Drop blocks and counts that are older than rows of the ledger may be, and too many of detectors."""
        self._store.remove_before(now - self.config.retention.identified_days * 86400.0)
        self._store.trim(now, _KEPT * self.config.feed.most)

    def forgotten(self, now: float) -> frozenset[int]:
        """Return the numbers of blocks in force whose place the ledger has no name for any more."""
        rows = self._store.standing(now)
        with self._reader() as reader:
            names = reader.identities.names({row.surrogate for row in rows})
        return frozenset(row.number for row in rows if row.surrogate not in names)

    def ended(self, now: float, most: int) -> list[Block]:
        """Return the last blocks that ended, the last first."""
        with self._reader() as reader:
            return _named(reader, self._store.ended(0.0, now, most))

    # -- deciding --------------------------------------------------------------------------------

    def decide(self, orders: Sequence[Order], around: Around, now: float) -> Decided:
        """Count who would be hit, choose block or challenge, and keep it, for orders of one source and end.

        What a detector or case says again is passed over; what finds no room is left out. The chain has the decision
        before anybody is told.
        """
        with self._reader() as reader:
            places = _places(reader, orders)
            wanted = [one for one in places if not self._repeats(one.order, one.surrogate, now)]
            room = max(0, self.config.feed.most - self._store.count(now))
            taken, left_out = wanted[:room], len(wanted[room:])
            if not taken:
                return Decided((), left_out)
            counts = self._counter(reader, around, now).count(
                [(one.order.network, around.live.get(one.value, frozenset())) for one in taken]
            )
            pairs = zip(taken, counts, strict=True)
            rows = self._store.add([self._row(one, count, now) for one, count in pairs])
            blocks = [_block(row, one.value) for row, one in zip(rows, taken, strict=True)]
            if orders[0].is_of_people:
                self._record(reader, rows, blocks)
            return Decided(tuple(blocks), left_out)

    def _repeats(self, order: Order, surrogate: int, now: float) -> bool:
        """Tell whether a detector or case says again what stands."""
        if order.source == "operator":
            return False
        last = self._store.last_of(surrogate, order.source)
        ends = 0.0 if last is None or last.lifted else last.until
        return ends > now and ends >= order.until - 1.0

    def _counter(self, reader: Reader, around: Around, now: float) -> Counter:
        since = now - self.config.feed.shared_days * 86400.0
        known = Known(around.flagged, self._suspects(), self.config.actor.new_account_s)
        return Counter(reader, since, known)

    def _suspects(self) -> frozenset[int]:
        """Return the actors of open cases."""
        if not self.cases.exists():
            return frozenset()
        with CaseStore(self.cases) as cases:
            found = [case.group.members for case in cases.all() if case.is_open]
        return frozenset(actor for members in found for actor in members if isinstance(actor, int))

    def _row(self, place: _Place, collateral: int, now: float) -> Row:
        order = place.order
        shared = collateral >= self.config.feed.shared_accounts
        return Row(
            kind=place.column,
            surrogate=place.surrogate,
            remedy="captcha" if shared else order.remedy,
            source=order.source,
            start=now,
            until=order.until,
            collateral=collateral,
            why=order.why,
            by=order.by,
        )

    def _record(self, reader: Reader, rows: Sequence[Row], blocks: Sequence[Block]) -> None:
        """Write the decision into the chain; without that nothing stands."""
        first = blocks[0]
        places = tuple(
            e.Place(block.name, row.kind, row.surrogate, block.action.value, block.collateral)
            for row, block in zip(rows, blocks, strict=True)
        )
        told = chained.Blocking(
            places=places,
            why=first.why,
            by=first.by,
            start=first.start,
            until=first.until,
            case=first.source.removeprefix("case:") if first.source.startswith("case:") else "",
        )
        try:
            chained.record(reader, told)
        except HimayaError:
            self._store.discard([row.number for row in rows])
            raise

    def lift(self, blocks: Sequence[Block], why: str, by: str, now: float) -> None:
        """End blocks now; the chain has it before anybody is told."""
        with self._reader() as reader:
            names = [block.name for block in blocks]
            chained.record_lifted(reader, names, why=why, by=by, now=now)
        self._store.lift([block.number for block in blocks], now, why, by)

    # -- cases -----------------------------------------------------------------------------------

    @property
    def cases(self) -> Path:
        """Return where the cases lie."""
        return cases_path(self._directory)

    def look(self, now: float) -> Look:
        """Return what the confirmed cases lead to now, and which are over."""
        if not self.cases.exists():
            return Look()
        with CaseStore(self.cases) as store:
            cases = store.all()
        over = frozenset(f"case:{case.id}" for case in cases if not case.is_open)
        confirmed = [case for case in cases if case.state is State.CONFIRMED]
        if not confirmed:
            return Look(over=over)
        with self._reader() as reader:
            orders = [order for case in confirmed for order in self._orders(reader, case, now)]
        return Look(tuple(orders), over)

    def _orders(self, reader: Reader, case: Case, now: float) -> Iterable[Order]:
        """Yield the addresses from which proven members collected lately and, where wanted, the case's networks."""
        actors = [actor for actor in case.group.proven if isinstance(actor, int)]
        found: dict[int, float] = {}
        if actors:
            start, most = micros(now - RECENT_S), self.config.feed.most
            table = reader.ask(
                lambda rows, _: reader.table(q.addresses_of(rows, actors, start, most)).to_pylist()
            )
            found = {row["address"]: row["last"] / 1e6 for row in table}
        if self.config.feed.ranges:
            covers = [int(key.value) for key in case.group.covers if key.kind == "network"]
            found.update(dict.fromkeys(covers, now))
        names = reader.identities.names(found)
        for number, last in found.items():
            if number in names and self._goes_on(number, f"case:{case.id}", last, now):
                with suppress(InputError):  # a log may hold what is no address
                    yield self._order(case, names[number], now)

    def _goes_on(self, surrogate: int, source: str, last: float, now: float) -> bool:
        """Tell whether a place was used since its block ended; one that a person lifted stays free of this case."""
        block = self._store.last_of(surrogate, source)
        if block is None:
            return True
        return not block.lifted and block.until <= now and last > block.until

    def _order(self, case: Case, place: str, now: float) -> Order:
        said = next(entry for entry in reversed(case.log) if entry.what == State.CONFIRMED)
        return Order(
            network=parse_place(place),
            until=now + self.config.feed.for_s,
            source=f"case:{case.id}",
            why=said.why,
            by=said.by,
        )

    # -- what bouncers did -----------------------------------------------------------------------

    def note(self, bouncer: str, counts: Iterable[Count], now: float) -> None:
        """Add up what a bouncer said it did."""
        self._store.note(bouncer, counts, now)

    def enforced(self) -> list[Enforced]:
        """Return what bouncers said they did."""
        return self._store.enforced()


def _places(reader: Reader, orders: Sequence[Order]) -> list[_Place]:
    values = [value_of(order.network) for order in orders]
    columns = ["prefix" if "/" in value else "address" for value in values]
    named = dict(zip(zip(columns, values, strict=True), (o.until for o in orders), strict=True))
    known = chained.surrogates_of(reader, named)
    return [
        _Place(order, column, value, known[column, value])
        for order, column, value in zip(orders, columns, values, strict=True)
    ]


def _named(reader: Reader, rows: Iterable[Row]) -> list[Block]:
    """Return blocks under their addresses; whoever was forgotten is left out."""
    kept = list(rows)
    names = reader.identities.names({row.surrogate for row in kept})
    return [_block(row, names[row.surrogate]) for row in kept if row.surrogate in names]


def _block(row: Row, value: str) -> Block:
    told = msgspec.structs.asdict(row)
    return Block(value=value, **{k: v for k, v in told.items() if k not in {"kind", "surrogate"}})
