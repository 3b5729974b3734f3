"""The work of the feed that takes a disk: counting who would be hit, keeping blocks, asking cases. For one thread."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_network
from pathlib import Path

import msgspec

from himaya.analysis.cases import Case, CaseStore, State, cases_path
from himaya.config import Config
from himaya.core.errors import HimayaError, InputError
from himaya.gate.feeds.block import Block, Network, Remedy, value_of
from himaya.gate.feeds.collateral import Around, ordinary_accounts
from himaya.gate.feeds.store import BlockStore, Enforced, Row, blocks_path
from himaya.gate.feeds.usage import Count
from himaya.ledger import blocks as chained
from himaya.ledger import queries as q
from himaya.ledger.reader import Reader
from himaya.ledger.schema import micros

#: How far back a confirmed case is followed: an address of last week may be somebody else's by now.
RECENT_S = 86400.0

#: Endings that a bouncer may have missed while the gate was away, and how many are told again.
_MISSED_S, _MISSED = 86400.0, 10_000


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


class Desk:
    """Keeps the blocks of one site. Its methods raise LedgerError and ServiceError when a disk refuses."""

    def __init__(self, config: Config) -> None:
        """Name the places; the file of blocks is opened when it is first needed."""
        self._config = config
        self._directory = Path(config.ledger.directory)
        self._opened: BlockStore | None = None

    @property
    def _store(self) -> BlockStore:
        if self._opened is None:
            self._opened = BlockStore(blocks_path(self._directory))
        return self._opened

    def _reader(self) -> Reader:
        key = self._config.ledger.key_file
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
        """Drop blocks and counts that are older than rows of the ledger may be."""
        self._store.remove_before(now - self._config.retention.identified_days * 86400.0)

    def ended(self, now: float, most: int) -> list[Block]:
        """Return the last blocks that ended, the last first."""
        with self._reader() as reader:
            return _named(reader, self._store.ended(0.0, now, most))

    # -- deciding --------------------------------------------------------------------------------

    def decide(self, order: Order, around: Around, now: float) -> Block | None:
        """Count who would be hit, choose block or challenge, and keep it; None when an equal block stands already.

        The chain has it before anybody is told. Raises InputError when as many stand as may.
        """
        with self._reader() as reader:
            value = value_of(order.network)
            column = "prefix" if "/" in value else "address"
            surrogate = chained.surrogate_of(reader, column, value, order.until)
            if self._repeats(order, surrogate, now):
                return None
            most = self._config.feed.most
            if len(self._store.standing(now)) >= most:
                raise InputError(f"{most} blocks stand already, as many as feed.most allows")
            collateral = self._collateral(reader, order.network, around, now)
            shared = collateral >= self._config.feed.shared_accounts
            row = self._store.add(
                Row(
                    kind=column,
                    surrogate=surrogate,
                    remedy="captcha" if shared else order.remedy,
                    source=order.source,
                    start=now,
                    until=order.until,
                    collateral=collateral,
                    why=order.why,
                    by=order.by,
                )
            )
            block = _block(row, value)
            if order.is_of_people:
                self._record(reader, block, column)
            return block

    def _repeats(self, order: Order, surrogate: int, now: float) -> bool:
        """Tell whether a detector or case says again what stands."""
        last = self._store.last_of(surrogate, order.source)
        return (
            order.source != "operator"
            and last is not None
            and not last.lifted
            and last.until > now
            and last.until >= order.until - 1.0
        )

    def _collateral(self, reader: Reader, network: Network, around: Around, now: float) -> int:
        since = now - self._config.feed.shared_days * 86400.0
        return ordinary_accounts(reader, network, since, around, self._suspects())

    def _suspects(self) -> set[int]:
        """Return the actors of open cases."""
        path = cases_path(self._directory)
        if not path.exists():
            return set()
        with CaseStore(path) as cases:
            found = [case.group.members for case in cases.all() if case.is_open]
        return {actor for members in found for actor in members if isinstance(actor, int)}

    def _record(self, reader: Reader, block: Block, column: str) -> None:
        case = block.source.removeprefix("case:") if block.source.startswith("case:") else ""
        told = chained.Blocking(
            id=block.name,
            column=column,
            name=block.value,
            action=block.action.value,
            collateral=block.collateral,
            why=block.why,
            by=block.by,
            start=block.start,
            until=block.until,
            case=case,
        )
        try:
            chained.record(reader, told)
        except HimayaError as problem:
            self._store.lift(block.number, block.start, f"not recorded: {problem}", "himaya")
            raise

    def lift(self, blocks: Iterable[Block], why: str, by: str, now: float) -> None:
        """End blocks now; the chain has it before anybody is told."""
        with self._reader() as reader:
            for block in blocks:
                chained.record_lifted(reader, block.name, why=why, by=by, now=now)
                self._store.lift(block.number, now, why, by)

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
            start, most = micros(now - RECENT_S), self._config.feed.most
            table = reader.ask(
                lambda rows, _: reader.table(q.addresses_of(rows, actors, start, most)).to_pylist()
            )
            found = {row["address"]: row["last"] / 1e6 for row in table}
        if self._config.feed.ranges:
            covers = [int(key.value) for key in case.group.covers if key.kind == "network"]
            found.update(dict.fromkeys(covers, now))
        names = reader.identities.names(found)
        for number, last in found.items():
            if number in names and self._goes_on(number, f"case:{case.id}", last, now):
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
            network=ip_network(place),
            until=now + self._config.feed.for_s,
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


def _named(reader: Reader, rows: Iterable[Row]) -> list[Block]:
    """Return blocks under their addresses; whoever was forgotten is left out."""
    kept = list(rows)
    names = reader.identities.names({row.surrogate for row in kept})
    return [_block(row, names[row.surrogate]) for row in kept if row.surrogate in names]


def _block(row: Row, value: str) -> Block:
    told = msgspec.structs.asdict(row)
    return Block(value=value, **{k: v for k, v in told.items() if k not in {"kind", "surrogate"}})
