"""The authority's side of leases: it lends to workers, and settles what they tell, each batch once."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable

from himaya import exchanges as x
from himaya.control.messages import Decide, Reply, Settle, Settled, decode_settled
from himaya.core.disclosure import Disclosures
from himaya.core.effect import Effect, RecordDisclosures
from himaya.core.errors import InputError, LedgerError
from himaya.core.lease import Draw, Terms
from himaya.core.tables import make_room
from himaya.gate.authority import SOCKET, Authority

log = logging.getLogger(__name__)

#: Workers whose last batch is remembered; the one that told nothing for longest leaves first.
_WORKERS = 4096

#: Rows of so many seconds before a start may be told again by a worker that got no answer, and so many are known.
_AGAIN_S = 900.0
_ROWS = 100_000

#: What tells one settled exchange from another: when it was over to the microsecond, where, and who asked.
_Key = tuple[int, str, str]


def _nobody(workers: int, people: int) -> None:
    """Tell nobody: there is no ledger."""


class LeaseOffice:
    """Lends and settles for one authority. Single-threaded, like the authority.

    `on_workers` is told before there are more workers with leases than ever since the start, or other terms; when it
    raises LedgerError nothing is lent, because an audit could not know.
    """

    def __init__(
        self, authority: Authority, *, on_workers: Callable[[int, int], None] = _nobody
    ) -> None:
        """Lend nothing until `terms` say how much."""
        self._authority = authority
        self._on_workers = on_workers
        self._terms = Terms()
        self._noted = 0
        self._numbers: OrderedDict[str, int] = OrderedDict()
        self._started = authority.clock()
        self._recent: dict[_Key, None] = {}

    def offer(self, terms: Terms) -> None:
        """Lend by these terms from now on; what was lent by others is held until it is given back or ends."""
        if terms.people != self._terms.people:
            self._noted = 0
        self._terms = terms

    def recall(self, row: Disclosures) -> None:
        """Remember a row of before the start: a worker that saw no answer to it may tell it again."""
        if row.at >= self._started - _AGAIN_S:
            make_room(self._recent, _ROWS)
            self._recent[_key(row.at, row.surface, row.actor.name)] = None

    # lending ----------------------------------------------------------------------------------

    def decide(self, question: Decide) -> Reply:
        """Answer a worker that asks about a request: with a lease where there can be one."""
        authority, request, worker = self._authority, question.request, question.worker
        if self._terms.people and not authority.off and self._may_have(worker):
            now = authority.clock() if question.at is None else question.at
            lease = authority.engine.lend(request, worker, self._terms, now)
            if lease is not None:
                self._write(
                    x.Leased(at=now, request=request, worker=worker, terms=self._terms, lease=lease)
                )
                decision = authority.engine.allowance(lease.surface)
                return Reply(ok=True, decision=decision, lease=lease)
        return Reply(ok=True, decision=authority.decide(request, question.at, SOCKET))

    def _may_have(self, worker: str) -> bool:
        """Tell whether a worker may have a lease; the ledger must know before there are more of them."""
        lending = self._authority.engine.lending
        count = lending.workers + (not lending.has(worker))
        if count <= self._noted:
            return True
        try:
            self._on_workers(count, self._terms.people)
        except LedgerError as problem:
            log.warning("nothing is lent to workers, the ledger cannot note it: %s", problem)
            return False
        self._noted = count
        return True

    # settling ---------------------------------------------------------------------------------

    def settle(self, batch: Settle) -> Reply:
        """Settle a batch, unless it was told before; say which of its leases are over."""
        if batch.number > self._numbers.get(batch.worker, 0):
            self._numbers[batch.worker] = batch.number
            self._numbers.move_to_end(batch.worker)
            while len(self._numbers) > _WORKERS:
                self._numbers.popitem(last=False)
            used = self._take_all(batch)
            now, lending = self._authority.clock(), self._authority.engine.lending
            over = tuple(each for each in used if self._authority.off or lending.is_over(each, now))
            return Reply(ok=True, over=over)
        return Reply(ok=True)

    def _take_all(self, batch: Settle) -> dict[str, None]:
        used: dict[str, None] = {}
        for raw in batch.items:
            try:
                item = decode_settled(raw)
            except InputError as problem:
                log.warning("a settled exchange of a worker is left out: %s", problem)
                continue
            used[item.lease] = None
            self._take(item)
        for lease in batch.back:
            used.pop(lease, None)
            self._authority.engine.lending.take_back(lease)
            self._write(x.GivenBack(at=self._authority.clock(), lease=lease))
        return used

    def _take(self, item: Settled) -> None:
        """Settle one exchange; one whose rows the ledger had before the start is counted already."""
        if item.at <= self._started and self._is_known(item):
            return
        authority, exchange = self._authority, item.exchange
        now, draw = authority.clock(), Draw(item.lease, item.units)
        authority.redeemed(exchange, now)
        effects = authority.engine.redeem(exchange, draw, now, item.at)
        self._write(
            x.Redeemed(
                at=now, exchange=exchange, draw=draw, over=item.at, disclosures=_rows(effects)
            )
        )
        authority.runner.perform(effects)

    def _is_known(self, item: Settled) -> bool:
        request = item.exchange.request
        match = self._authority.engine.surfaces.match(request.method, request.target)
        surface = match.surface.id if match is not None else ""
        return self._recent.pop(_key(item.at, surface, request.actor.name), True) is None

    def _write(self, event: x.Event) -> None:
        if self._authority.writer is not None:
            self._authority.writer.write(event)


def _key(at: float, surface: str, actor: str) -> _Key:
    return round(at * 1e6), surface, actor


def _rows(effects: list[Effect]) -> tuple[Disclosures, ...]:
    return tuple(e.disclosures for e in effects if isinstance(e, RecordDisclosures))
