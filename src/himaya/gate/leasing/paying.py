"""How one request is paid for: by a lease of its worker where there is one, else by asking."""

from __future__ import annotations

from himaya.control.messages import Decide, Record, Reply, Settled
from himaya.core.decision import Admission, Decision
from himaya.core.disclosure import Outcome, outcome
from himaya.core.exchange import Exchange, Person, Request
from himaya.core.surface import Match
from himaya.gate.leasing.credit import Slip
from himaya.gate.leasing.leasing import Leasing


class Paying:
    """One request to a surface and what it drew; `leasing` None: everything is asked about."""

    __slots__ = ("_asked", "_asks", "_leasing", "_match", "_policy", "_request", "_slip")

    def __init__(
        self, leasing: Leasing | None, request: Request, match: Match, policy: str
    ) -> None:
        self._leasing = leasing
        self._request = request
        self._match = match
        self._policy = policy
        self._slip: Slip | None = None
        self._asks = False
        self._asked = 0.0

    def decision(self) -> Decision | None:
        """Return that the request is allowed, by a lease in hand; None: ask."""
        if self._leasing is None or self._asks:
            return None
        match, credit = self._match, self._leasing.credit
        self._slip = credit.take(self._request.actor, match.surface.id, match.subject, self._policy)
        return self._slip.decision if self._slip is not None else None

    def question(self) -> Decide:
        """Return what to ask the authority."""
        if self._leasing is None or self._asks:
            return Decide(self._request)
        self._asked = self._leasing.credit.clock()
        return Decide(self._request, worker=self._leasing.worker)

    def answered(self, reply: Reply) -> None:
        """Take the lease of a reply, if there is one."""
        if self._leasing is not None and reply.lease is not None and reply.decision is not None:
            key = self._request.actor, self._match.surface.id
            self._slip = self._leasing.credit.open(key, reply.lease, reply.decision, self._asked)

    def admission(self, people: tuple[Person, ...] | None) -> Admission | None:
        """Return that these people may pass, if the lease pays for them; None: ask."""
        return None if self._slip is None else self._slip.admit(self._match.surface, people)

    def must_ask(self) -> bool:
        """Tell whether the request itself has to be asked about after all: what it drew is put back."""
        if self._slip is None:
            return False
        self._slip.cancel()
        self._slip, self._asks = None, True
        return True

    def over(self, exchange: Exchange) -> Record | Settled:
        """Return what to tell the authority of the exchange: at once where it was asked about, else with others.

        So what waits to be told is never more than what was lent.
        """
        if self._leasing is None or self._slip is None:
            return Record(exchange)
        return self._leasing.settled(exchange, self._slip)

    def told(self, exchange: Exchange) -> None:
        """Note that the exchange will be told; whoever was shown is paid for in this lease."""
        if self._slip is None:
            return
        shown = outcome(
            self._request.method,
            exchange.status,
            self._match.surface.kind,
            sent=exchange.sent,
            aborted=exchange.aborted,
        )
        people = exchange.people or ()
        paid = shown is Outcome.DISCLOSED and not exchange.refused
        self._slip.settled([person.subject for person in people] if paid else ())
