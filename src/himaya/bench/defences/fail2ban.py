"""fail2ban 1.0.2: too many pages with people, by the access log, and the address is refused everywhere for a time.

    [people]
    filter   = people       # failregex: ^<HOST> .*"[A-Z]+ /(u|photo|...|relatives)[/? ].*" 200
    findtime = 300
    maxretry = 300
    bantime  = 600
    action   = a deny file that nginx reads: every route answers 403

Its window is not a sliding one. A count that has run longer than `findtime` is scaled down to what its mean rate gives
for `findtime` (FailTicket.adjustTime), and forgotten after `findtime` without a page. Log lines carry whole seconds.
"""

from __future__ import annotations

from collections import OrderedDict

from himaya.bench.asks import Ask, Client
from himaya.bench.defences.limits import PASSES, REFUSED, Verdict, shows_people

#: The daemon clears old counts away every so many seconds (Filter.performSvc).
_CLEARING_S = 5

#: Count, time it is thought to have begun, time of the last page.
_Ticket = list[int]


class Jail:
    """Counts per address, and who is refused until when."""

    status = 403

    def __init__(self, maxretry: int, findtime_s: int, bantime_s: int) -> None:
        """Start empty."""
        self._most, self._find, self._block = maxretry, findtime_s, bantime_s
        self._tickets: OrderedDict[str, _Ticket] = OrderedDict()
        self._until: OrderedDict[str, int] = OrderedDict()

    def __len__(self) -> int:
        """Return how many addresses are remembered."""
        return len(self._tickets) + len(self._until)

    def verdict(self, client: Client, ask: Ask, now: float) -> Verdict:
        """Refuse an address whose block has not ended, whatever it asks for."""
        return REFUSED if self.blocked(client.actor.address, now) else PASSES

    def blocked(self, address: str, now: float) -> bool:
        """Tell whether an address is refused; a block ends after its last second, not with it."""
        until = self._until.get(address)
        if until is None:
            return False
        if now > until:
            del self._until[address]
            return False
        return True

    def saw(self, client: Client, ask: Ask, status: int, now: float) -> None:
        """Count an answer that showed people."""
        if status == 200 and shows_people(ask.target):
            self.failure(client.actor.address, int(now))

    def failure(self, address: str, now_s: int) -> bool:
        """Count one line of the log; return whether the address is refused from here on."""
        self._clear(now_s)
        ticket = self._tickets.get(address)
        if ticket is None:
            ticket = self._tickets[address] = [0, now_s, now_s]
        elif now_s > ticket[2]:
            self._adjust(ticket, now_s)
            self._tickets.move_to_end(address)
        ticket[0] += 1
        if ticket[0] < self._most:
            return False
        del self._tickets[address]
        self._until[address] = now_s + self._block
        return True

    def _adjust(self, ticket: _Ticket, now_s: int) -> None:
        """Scale a count that runs for longer than `findtime`."""
        count, first, _ = ticket
        if first < now_s - self._find:
            ticket[0] = round(count / float(now_s - first) * self._find)
            ticket[1] = now_s - self._find
        ticket[2] = now_s

    def _clear(self, now_s: int) -> None:
        """Forget what the last clearing forgot: counts without a page for `findtime`, and ended blocks."""
        clearing = now_s // _CLEARING_S * _CLEARING_S - self._find
        tickets, until = self._tickets, self._until
        while tickets and next(iter(tickets.values()))[2] <= clearing:
            tickets.popitem(last=False)
        while until and next(iter(until.values())) < now_s:
            until.popitem(last=False)
