"""HAProxy 2.6 stick tables: requests in a sliding period, per client address and per session cookie.

    backend by_address
        stick-table type ipv6 size 100k expire 2m store http_req_rate(60s)
    backend by_session
        stick-table type string len 64 size 100k expire 2m store http_req_rate(60s)
    frontend site
        acl people path_reg ^/(u|photo|preview|search|suggest|api|lookup|lookup-mail|import|relatives)(/|$)
        http-request track-sc0 src table by_address if people
        http-request track-sc1 req.cook(sid) table by_session if people { req.cook(sid) -m found }
        http-request deny deny_status 429 if people { sc_http_req_rate(0) gt 60 }
        http-request deny deny_status 429 if people { sc_http_req_rate(1) gt 60 }

A refused request counts too, because it is tracked before it is refused. The period slides as freq_ctr does it: the
count of the running period plus what is left of the one before.
"""

from __future__ import annotations

from collections import OrderedDict

from himaya.bench.asks import Ask, Client
from himaya.bench.defences.limits import PASSES, REFUSED, Verdict, shows_people

TABLE_SIZE = 100_000

#: Start of the running period in ms, count in it, count in the period before.
_Counter = list[int]


class StickTable:
    """http_req_rate per key. Keys of rate 0 are forgotten; a full table loses 1/256 of its keys, oldest use first."""

    def __init__(self, period_ms: int, size: int = TABLE_SIZE) -> None:
        """Start empty."""
        self._period, self._size = period_ms, size
        self._counters: OrderedDict[str, _Counter] = OrderedDict()

    def __len__(self) -> int:
        """Return how many keys the table holds."""
        return len(self._counters)

    def track(self, key: str, now_ms: int) -> int:
        """Count one request of a key and return its rate: requests per period."""
        counter = self._counters.get(key)
        if counter is None:
            self._make_room(now_ms)
            self._counters[key] = [now_ms & ~1, 1, 0]
            return 1
        self._counters.move_to_end(key)
        self._count(counter, now_ms)
        return self._rate(counter, now_ms)

    def _count(self, counter: _Counter, now_ms: int) -> None:
        """Add one, beginning a new period when the running one is over (update_freq_ctr_period)."""
        if now_ms - counter[0] < self._period:
            counter[1] += 1
            return
        start, before = counter[0] + self._period, counter[1]
        if now_ms - start >= self._period:
            start, before = now_ms, 0
        # The lowest bit of the start is the program's lock and is always left at 0.
        counter[0], counter[1], counter[2] = start & ~1, 1, before

    def _rate(self, counter: _Counter, now_ms: int) -> int:
        """Read the rate right after counting (read_freq_ctr_period): the running period is never over."""
        left = counter[0] + self._period - now_ms
        return counter[2] * left // self._period + counter[1]

    def _make_room(self, now_ms: int) -> None:
        counters = self._counters
        dead = now_ms - 2 * self._period
        while counters and next(iter(counters.values()))[0] <= dead:
            counters.popitem(last=False)
        if len(counters) >= self._size:
            for _ in range(max(1, self._size >> 8)):
                counters.popitem(last=False)


class StickLimit:
    """Deny what exceeds `limit` requests for people per `period_s`, of an address or of a session."""

    status = 429

    def __init__(self, limit: int, period_s: float, size: int = TABLE_SIZE) -> None:
        """Start with two empty tables."""
        self._limit = limit
        self.by_address = StickTable(round(period_s * 1000), size)
        self.by_session = StickTable(round(period_s * 1000), size)

    def verdict(self, client: Client, ask: Ask, now: float) -> Verdict:
        """Track a request for people and say whether it passes; everything else passes untracked."""
        if not shows_people(ask.target):
            return PASSES
        return self.limit(client.actor.address, client.actor.session, int(now * 1000 + 0.5))

    def limit(self, address: str, session: str, now_ms: int) -> Verdict:
        """Track one request under both keys; a request without a cookie is tracked under its address alone."""
        rate = self.by_address.track(address, now_ms) if address else 0
        if session:
            rate = max(rate, self.by_session.track(session, now_ms))
        return REFUSED if rate > self._limit else PASSES

    def saw(self, client: Client, ask: Ask, status: int, now: float) -> None:
        """Answers do not count."""
