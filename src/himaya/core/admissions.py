"""Admission: who of a response may pass, decided before its first body byte leaves."""

from __future__ import annotations

import msgspec

from himaya.core.clearances import Clearances, Purse
from himaya.core.decision import Action, Admission, Reason
from himaya.core.detectors.drift import DriftDetector, without
from himaya.core.exchange import Person, Response
from himaya.core.ladder import Ladder
from himaya.core.policy import Policy
from himaya.core.prices import Prices
from himaya.core.rows import merged
from himaya.core.ticket import Ticket
from himaya.core.window import Triple


class Admissions:
    """Debits the people of responses under one policy."""

    def __init__(
        self,
        policy: Policy,
        prices: Prices,
        ladder: Ladder,
        clearances: Clearances,
        drift: DriftDetector,
    ) -> None:
        """Take what people cost, which rung refuses, who bought more, and which fields are undeclared."""
        self._drift = drift
        self._prices = prices
        self._ladder = ladder
        self._clearances = clearances
        self._enforced = policy.mode == "enforce"
        self._may_trim = policy.ladder.redact

    def admit(self, ticket: Ticket, response: Response, now: float) -> Admission:
        """Return who may pass, and which undeclared fields must be taken out where the policy strips them."""
        people = response.people
        if not (people and response.can_trim and self._enforced and self._drift.strips):
            return self._admit(ticket, response, now)
        strip = self._drift.undeclared(ticket.match.surface, people)
        if not strip:
            return self._admit(ticket, response, now)
        left = msgspec.structs.replace(response, people=without(people, strip))
        admission = self._admit(ticket, left, now)
        return msgspec.structs.replace(admission, strip=strip)

    def _admit(self, ticket: Ticket, response: Response, now: float) -> Admission:
        """Return who may pass; what was reserved by the route gives way to the people themselves.

        A door that cannot take single people out gets all or nothing, and so does a body that nobody could
        read: it needs all that the route may show.
        """
        ticket.asked = True
        people = None if response.people is None else merged(response.people)
        if ticket.redacted and self._enforced:
            return self._redacted(ticket, people, can_trim=response.can_trim)
        purse = ticket.purse or self._clearances.purse(ticket.request, now)
        ticket.give_back()
        if people is None:
            ticket.counted = response.unnamed
            return self._unnamed(ticket, self._prices.of_route(ticket, unread=True), purse, now)
        if ticket.missed(people):
            ticket.admitted = ()
            return self._unnamed(ticket, self._prices.of_answer(ticket), purse, now)
        return self._people(ticket, people, purse, now, can_trim=response.can_trim)

    def _unnamed(
        self, ticket: Ticket, needs: list[Triple], purse: Purse | None, now: float
    ) -> Admission:
        """Let an answer pass that names nobody, when what it may tell fits."""
        fits = ticket.cover(ticket.shortage(needs), purse)
        reasons = () if fits else self._ladder.reasons(ticket, needs)
        if not fits and self._enforced:
            return self._refuse(ticket, (), reasons, now)
        ticket.hold([need[0] for need in needs])
        if fits:
            return Admission(enforced=self._enforced)
        ticket.action = Action.BLOCK
        return Admission(Action.BLOCK, enforced=False, reasons=reasons)

    def _people(
        self,
        ticket: Ticket,
        people: tuple[Person, ...],
        purse: Purse | None,
        now: float,
        *,
        can_trim: bool,
    ) -> Admission:
        passed, withheld, reasons = self._debit(ticket, people, purse)
        ticket.admitted = passed
        if not withheld:
            return Admission(enforced=self._enforced, people=passed)
        if self._enforced and not (can_trim and self._may_trim):
            return self._refuse(ticket, people, reasons, now)
        ticket.action = Action.REDACT if can_trim else Action.BLOCK
        if self._enforced:
            return Admission(Action.REDACT, people=passed, withheld=withheld, reasons=reasons)
        ticket.admitted = people
        return Admission(
            ticket.action, enforced=False, people=people, withheld=withheld, reasons=reasons
        )

    def _debit(
        self, ticket: Ticket, people: tuple[Person, ...], purse: Purse | None
    ) -> tuple[tuple[Person, ...], tuple[Person, ...], tuple[Reason, ...]]:
        """Reserve person by person in the response's order; a purse pays where it can."""
        passed: list[Person] = []
        withheld: list[Person] = []
        reasons: tuple[Reason, ...] = ()
        for person in people:
            needs = self._prices.of(ticket, person)
            lacking = ticket.shortage(needs)
            fits = not any(lacking) or ticket.cover(lacking, purse)
            if not fits and not reasons:
                reasons = self._ladder.reasons(ticket, needs)
            if fits or not self._enforced:
                ticket.hold([need[0] for need in needs])
            (passed if fits else withheld).append(person)
        return tuple(passed), tuple(withheld), reasons

    def _refuse(
        self, ticket: Ticket, withheld: tuple[Person, ...], reasons: tuple[Reason, ...], now: float
    ) -> Admission:
        """Refuse the whole response: nothing of it is reserved any more."""
        action = self._ladder.refusal(ticket, now)
        ticket.action = Action.BLOCK if action is Action.REDACT else action
        ticket.give_back()
        ticket.admitted = ()
        return Admission(ticket.action, withheld=withheld, reasons=reasons)

    def _redacted(
        self, ticket: Ticket, people: tuple[Person, ...] | None, *, can_trim: bool
    ) -> Admission:
        """Let a redacted response pass only when nobody's withheld fields are left in it."""
        ticket.admitted = ()
        if people is None:
            return Admission(Action.BLOCK)
        left = tuple([p for p in people if p.fields is None or {*p.fields} & {*ticket.redacted}])
        if not left:
            return Admission(Action.REDACT)
        return Admission(Action.REDACT if can_trim else Action.BLOCK, withheld=left)
