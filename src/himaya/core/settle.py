"""Settlement: what was reserved becomes counted people, or is freed."""

from __future__ import annotations

from himaya.core.accounts import Accounts
from himaya.core.book import Book
from himaya.core.disclosure import Disclosures, Outcome, outcome
from himaya.core.effect import Effect, RecordDisclosures
from himaya.core.exchange import Exchange, Person
from himaya.core.prices import Prices, unnamed_in
from himaya.core.rows import UNSETTLED, Rows, merged, shown_of, untold
from himaya.core.subjects import listed
from himaya.core.ticket import Ticket
from himaya.core.watchers import Watchers
from himaya.core.weights import Weights
from himaya.core.window import BUCKET_S


class Settlement:
    """Settles exchanges under one policy: counts who was shown, frees the rest, and says what came of it."""

    def __init__(
        self,
        weights: Weights,
        prices: Prices,
        rows: Rows,
        accounts: Accounts,
        book: Book,
        watchers: Watchers,
    ) -> None:
        """Take what people weigh and cost, who writes rows, who owns which profile, the windows, and who watches."""
        self._weights = weights
        self._prices = prices
        self._rows = rows
        self._accounts = accounts
        self._book = book
        self._watchers = watchers

    def settle(self, ticket: Ticket, exchange: Exchange, now: float) -> list[Effect]:
        """Count what an exchange showed in place of what its ticket held; return the effects."""
        surface, method = ticket.match.surface, exchange.request.method
        sent, aborted = exchange.sent, exchange.aborted
        shown = outcome(method, exchange.status, surface.kind, sent=sent, aborted=aborted)
        people = ticket.admitted if exchange.people is None else exchange.people
        if exchange.refused or shown is Outcome.NOTHING:
            self.abandon(ticket)
        elif shown is Outcome.DISCLOSED and not ticket.missed(people):
            return self._disclose(ticket, exchange, people, now)
        elif self._accounts.owns(ticket.request.actor, ticket.match.subject):
            self.abandon(ticket)
        else:
            return self._count_one(ticket, exchange, shown, now)
        return []

    def abandon(self, ticket: Ticket) -> None:
        """Nothing was shown: free all that is held."""
        ticket.give_back()
        ticket.land()
        self._book.forget_idle(ticket.principals)

    def lose(self, ticket: Ticket, units: int, people: int) -> list[Effect]:
        """Count `units`, of `people` without a name, of a lease whose worker said nothing any more."""
        if not units:
            self.abandon(ticket)
            return []
        unseen = Exchange(ticket.request, 200, source=UNSETTLED)
        self.commit(ticket, (), units, ticket.deadline)
        return _row(self._rows.unattributed(ticket, unseen, ticket.deadline, people))

    def commit(self, ticket: Ticket, people: tuple[Person, ...], unnamed: int, now: float) -> None:
        """Count people, and `unnamed` units of people without a name, in place of what the ticket held.

        An answer that may still be under way counts as of its deadline.
        """
        bucket = int(now // BUCKET_S)
        later = int(ticket.deadline // BUCKET_S) - bucket if ticket.evicted else 0
        units = self._prices.units
        weighed = [(p.subject, units(ticket, p.subject, p.fields)) for p in people]
        self._book.people += _count(ticket, weighed, unnamed, bucket, later, self._book.max_people)

    def _count_one(
        self, ticket: Ticket, exchange: Exchange, shown: Outcome, now: float
    ) -> list[Effect]:
        """Count a look-up whose answer tells of one person without showing anybody."""
        subject = ticket.match.subject
        people = (Person(subject),) if subject else ()
        counted = bool(people or ticket.unnamed)
        weight = 0 if counted else self._weights.of_fields(ticket.match.surface.fields)
        fresh = len(ticket.unmet(people)) if people else 1
        self.commit(ticket, people, weight, now)
        if shown is Outcome.CONFIRMED:
            confirmed = RecordDisclosures(self._rows.confirmed(ticket, exchange, now))
            return [confirmed, *self._watchers.newly(ticket.request.actor, fresh, now)]
        row = RecordDisclosures(self._rows.miss(ticket, exchange, now))
        return [row, *self._watchers.missed(ticket, now)]

    def _disclose(
        self, ticket: Ticket, exchange: Exchange, people: tuple[Person, ...] | None, now: float
    ) -> list[Effect]:
        """Count the people of an answer, write their rows, and show them to the detectors."""
        surface, subject = ticket.match.surface, ticket.match.subject
        rest = 0
        if people is None:
            named = listed(surface, exchange.request.target)
            if len(named) < ticket.counted:
                named = ()  # a ticket keeps the beginning of a long target only
            people = (Person(subject), *named) if subject else named
            rest = 0 if named or ticket.redacted or ticket.unnamed else unnamed_in(ticket)
        actor = ticket.request.actor
        own = self._accounts.facts.own_subject(actor.account) if actor.account else ""
        others = untold(ticket, shown_of(ticket, merged(people), own))
        fresh = ticket.unmet(others)
        self.commit(ticket, others, rest * self._weights.heaviest(surface) if rest else 0, now)
        effects = _row(self._rows.people(ticket, exchange, now, others))
        if rest:
            effects += _row(self._rows.unattributed(ticket, exchange, now, rest))
            self._watchers.unread(ticket)
            effects += self._watchers.newly(actor, rest, now)
        if exchange.source == UNSETTLED:
            ticket.told, ticket.unnamed = others, rest
        if not others:
            self._book.forget_idle(ticket.principals)
            return effects
        effects += self._watchers.check_declared(ticket, len(others), now)
        effects += self._watchers.check_fields(ticket, others, now)
        effects += self._watchers.observe(ticket, others, now, fresh)
        return effects


def _row(row: Disclosures | None) -> list[Effect]:
    return [] if row is None else [RecordDisclosures(row)]


def _count(
    ticket: Ticket,
    weighed: list[tuple[str, list[int]]],
    unnamed: int,
    bucket: int,
    later: int,
    max_people: int,
) -> int:
    """Count people by their units in each window of a ticket; return how many more the windows remember.

    The windows are moved to `bucket` first, so that nobody is counted earlier than they were shown; who may be
    shown later than now is counted `later` buckets later (0 or 1).
    """
    saved, more = [], 0
    for number, (window, held) in enumerate(zip(ticket.windows, ticket.held, strict=True)):
        before = len(window.seen)
        if bucket > window.bucket:
            window.advance(bucket)
        window.reserved -= held
        window.flying -= 1
        left, at = held - unnamed, window.bucket + later
        for subject, units in weighed:
            left -= window.commit(subject, units[number], max_people, at)
        if unnamed:
            window.charge(unnamed, at)
        more += len(window.seen) - before
        saved.append(left)
    ticket.held = [0] * len(saved)
    if ticket.purse is not None:
        ticket.settle_credit(saved)
    return more
