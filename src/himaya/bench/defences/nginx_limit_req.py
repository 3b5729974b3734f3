"""nginx 1.22 `limit_req`: a leaky bucket per client address, in thousandths of a request and whole milliseconds.

    limit_req_zone $binary_remote_addr zone=people:10m rate=5r/s;
    location ~ ^/(u|photo|preview|search|suggest|api|lookup|lookup-mail|import|relatives)(/|$) {
        limit_req zone=people burst=20 nodelay;
        limit_req_status 429;
    }

The arithmetic is that of ngx_http_limit_req_module for one limit, integer division included; so is the way
in which the zone forgets addresses.
"""

from __future__ import annotations

from collections import OrderedDict

from himaya.bench.asks import Ask, Client
from himaya.bench.defences.limits import PASSES, REFUSED, Verdict, shows_people

#: States in a zone of 10 MB: nginx's documentation gives 8,000 of 128 bytes for each megabyte on 64-bit machines.
ZONE_STATES = 80_000
#: A state without excess is forgotten after so many milliseconds without a request.
_IDLE_MS = 60_000

_State = list[int]


class LimitReq:
    """One limit: `rate` requests a second and address, `burst` more at once; late requests wait unless `nodelay`."""

    status = 429

    def __init__(
        self, rate: int, burst: int = 20, *, nodelay: bool = True, states: int = ZONE_STATES
    ) -> None:
        """Start with an empty zone that holds at most `states` addresses."""
        self._rate, self._burst = rate * 1000, burst * 1000
        self._nodelay, self._most = nodelay, states
        #: Address to [excess in thousandths of a request, time of the last accounted request in ms], oldest use first.
        self._states: OrderedDict[str, _State] = OrderedDict()

    def __len__(self) -> int:
        """Return how many addresses the zone holds."""
        return len(self._states)

    def verdict(self, client: Client, ask: Ask, now: float) -> Verdict:
        """Pass, delay or refuse a request for people; everything else passes uncounted."""
        address = client.actor.address
        if not address or not shows_people(ask.target):
            return PASSES
        return self.limit(address, int(now * 1000 + 0.5))

    def limit(self, address: str, now_ms: int) -> Verdict:
        """Account one request of an address."""
        states = self._states
        state = states.get(address)
        if state is None:
            self._make_room(now_ms)
            states[address] = [0, now_ms]
            return PASSES
        states.move_to_end(address)
        excess = state[0] - self._rate * (now_ms - state[1]) // 1000 + 1000
        if excess > self._burst:
            return REFUSED
        state[0], state[1] = max(excess, 0), now_ms
        if excess <= 0 or self._nodelay:
            return PASSES
        delay_ms = excess * 1000 // self._rate
        return Verdict(passes=True, action="throttle", delay_s=delay_ms / 1000)

    def _make_room(self, now_ms: int) -> None:
        """Forget up to two idle addresses, and the oldest when the zone is full."""
        states = self._states
        if len(states) >= self._most:
            states.popitem(last=False)
        for _ in range(2):
            if not states or not self._is_idle(next(iter(states.values())), now_ms):
                return
            states.popitem(last=False)

    def _is_idle(self, state: _State, now_ms: int) -> bool:
        idle_ms = now_ms - state[1]
        return idle_ms >= _IDLE_MS and state[0] <= self._rate * idle_ms // 1000

    def saw(self, client: Client, ask: Ask, status: int, now: float) -> None:
        """Answers do not count."""
