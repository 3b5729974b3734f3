"""The engine: decide, admit, record. The live gate, the log follower and the replay call the same three.

    decide(request, now)   reserves budget for what the request may show
    admit(response, now)   debits once the people are known and says who and which fields may pass
    record(exchange, now)  settles: counts what was shown, frees the rest, returns effects

Rules:
- A ticket pays for itself: two requests in flight for one person both reserve it, so no
  order of settling can overshoot a budget.
- A ticket lives at most `bounds.settle_s` (<= 300 s); then it is counted as if all of it had been shown.
- A person already counted in a window is free in it; the actor's own profile is free always.
- `now` never goes back: an earlier time counts as the latest one seen.
"""

from __future__ import annotations

from himaya.core import settle
from himaya.core.accounts import Accounts
from himaya.core.actor import Actor
from himaya.core.book import Book
from himaya.core.budget import key_of
from himaya.core.clearances import Clearances
from himaya.core.decision import Action, Admission, Decision, Reason
from himaya.core.disclosure import Disclosures, Outcome, outcome
from himaya.core.effect import Effect, RecordDisclosures
from himaya.core.exchange import Exchange, Person, Request, Response
from himaya.core.facts import Facts
from himaya.core.flight import Flight
from himaya.core.ladder import Ladder, allowances
from himaya.core.opening import Opening
from himaya.core.policy import Policy
from himaya.core.rows import UNSETTLED, Rows, merged
from himaya.core.surface import Match, Surfaces
from himaya.core.ticket import Ticket
from himaya.core.watchers import Watchers
from himaya.core.weights import Weights
from himaya.core.window import BUCKET_S, UNIT, Triple

_BODYLESS = frozenset({"HEAD", "OPTIONS"})


class Engine:
    """One site's budgets, standing decisions and detectors, in memory, bounded by the policy."""

    def __init__(self, policy: Policy, facts: Facts | None = None) -> None:
        """Start with empty windows under `policy`."""
        self.facts = facts or Facts()
        self._now = 0.0
        self._flight = Flight()
        self._effects: list[Effect] = []
        self.book = Book(policy.bounds)
        self.accounts = Accounts(self.facts, policy.new_account_s, policy.bounds.principals)
        self.clearances = Clearances(policy.challenge, policy.bounds)
        self._adopt(policy)

    def reload(self, policy: Policy) -> None:
        """Decide by a new policy from now on; windows, tickets and purses stay."""
        standing = self.watchers.standing
        self.accounts.new_s = policy.new_account_s
        self.clearances.policy = policy.challenge
        self._adopt(policy)
        self.watchers.standing = standing

    def _adopt(self, policy: Policy) -> None:
        self.policy = policy
        self.surfaces = Surfaces(policy.surfaces)
        self.ladder = Ladder(policy, self.clearances)
        self.watchers = Watchers(policy.detectors, policy.bounds)
        self._opening = Opening(policy, self.accounts, self.book)
        self._weights = Weights(policy, self.facts)
        self._rows = Rows(self.accounts, policy.hash())
        self._enforced = policy.mode == "enforce"
        self._allow = allowances(policy)

    # decide -----------------------------------------------------------------------------------

    def decide(self, request: Request, now: float) -> Decision:
        """Return the decision for a request and reserve what it may show.

        A request to no declared surface is allowed and opens no ticket; so is a HEAD and the
        actor's own profile. Every ticket must be settled by one `record`.
        """
        now = self._tick(now)
        match = self.surfaces.match(request.method, request.target)
        if match is None:
            return self._allow[""]
        if request.method in _BODYLESS or self.accounts.owns(request.actor, match.subject):
            return self._allow[match.surface.id]
        ticket = self._opening.ticket(request, match, now)
        standing = self.watchers.standing_for(ticket, now)
        if standing is None and self._reserve(ticket):
            return self.ladder.near(ticket) or self._allow[match.surface.id]
        needs = self._weights.needs_of_route(ticket)
        if standing is not None:
            return self._refused(ticket, needs, self.ladder.by_standing(ticket, standing, now))
        lacking = ticket.shortage(needs)
        if any(lacking) and not self._can_pay(ticket, needs, lacking, now):
            return self._refused(ticket, needs, self.ladder.by_budget(ticket, needs, now))
        ticket.hold([need[0] for need in needs])
        self._keep(ticket)
        return self.ladder.near(ticket) or self._allow[match.surface.id]

    def _reserve(self, ticket: Ticket) -> bool:
        """Reserve the one person a route names, the common case; False leaves nothing changed."""
        surface, subject = ticket.match.surface, ticket.match.subject
        if not subject or not ticket.reserve(subject, self._weights.of(surface, subject, None)):
            return False
        self._keep(ticket)
        return True

    def _can_pay(self, ticket: Ticket, needs: list[Triple], lacking: list[int], now: float) -> bool:
        """Find another way to pay: a purse, or a smaller reservation where the body is seen.

        A listing is asked for even with nothing left: who is in it may all be counted already.
        """
        if ticket.cover(lacking, self.clearances.purse(ticket.request.clearance, now)):
            return True
        if not ticket.request.sees_body or ticket.match.subject:
            return False
        free = ticket.free()
        asks = ticket.match.surface.kind == "listing" and not self.ladder.can_redact(ticket)
        if free < (0 if asks else self._weights.of_fields(ticket.match.surface.fields)):
            return False
        ticket.partial = True
        needs[:] = [(min(free, n[0]), min(free, n[1]), min(free, n[2])) for n in needs]
        return True

    def _refused(self, ticket: Ticket, needs: list[Triple], decision: Decision) -> Decision:
        """Keep the ticket of a refused request only where something may still be shown."""
        ticket.action = decision.action
        if decision.enforced and decision.action is Action.REDACT:
            ticket.redacted = decision.redact
            self._keep(ticket)
        elif decision.passes:
            ticket.hold([need[0] for need in needs])
            self._keep(ticket)
        else:
            self._abandon(ticket)
        return decision

    # admit ------------------------------------------------------------------------------------

    def admit(self, response: Response, now: float) -> Admission:
        """Debit the people of a response and return who may pass, before a body byte leaves.

        A door that cannot take single people out gets all or nothing. People that could not be
        read (None) leave the reservation as it is.
        """
        now = self._tick(now)
        ticket = self._flight.get(response.id)
        if ticket is None or ticket.shows_nothing(response.status):
            return Admission(enforced=self._enforced, people=response.people or ())
        if response.people is None:
            return self._admit_unread(ticket, now)
        people = merged(response.people)
        if ticket.redacted:
            return self._admit_redacted(ticket, people, can_trim=response.can_trim)
        if ticket.missed(people):
            ticket.admitted = ()
            return Admission(enforced=self._enforced)
        return self._admit_people(ticket, people, now, can_trim=response.can_trim)

    def _admit_people(
        self, ticket: Ticket, people: tuple[Person, ...], now: float, *, can_trim: bool
    ) -> Admission:
        ticket.advance(int(now // BUCKET_S))
        ticket.let_go()
        passed, withheld = self._debit(ticket, people, now)
        if not withheld:
            ticket.admitted = passed
            return Admission(enforced=self._enforced, people=passed)
        reasons = self.ladder.reasons(ticket, self._weights.needs(ticket, withheld[0]))
        if self._enforced:
            can_trim = can_trim and self.policy.ladder.redact
            return self._withhold(ticket, passed, withheld, reasons, now, can_trim=can_trim)
        ticket.admitted = people
        ticket.action = Action.REDACT if can_trim else Action.BLOCK
        return Admission(
            ticket.action, enforced=False, people=people, withheld=withheld, reasons=reasons
        )

    def _admit_unread(self, ticket: Ticket, now: float) -> Admission:
        """Let a body that could not be read pass only when all it may show was reserved."""
        if not (ticket.partial and self._enforced):
            return Admission(enforced=self._enforced)
        reasons = self.ladder.reasons(ticket, self._weights.needs_of_route(ticket))
        return self._withhold(ticket, (), (), reasons, now, can_trim=False)

    def _debit(
        self, ticket: Ticket, people: tuple[Person, ...], now: float
    ) -> tuple[tuple[Person, ...], tuple[Person, ...]]:
        """Reserve person by person in the response's order; a purse pays where it can."""
        passed: list[Person] = []
        withheld: list[Person] = []
        purse = self.clearances.purse(ticket.request.clearance, now)
        for person in people:
            if self.accounts.owns(ticket.request.actor, person.subject):
                passed.append(person)
                continue
            needs = self._weights.needs(ticket, person)
            lacking = ticket.shortage(needs)
            fits = not any(lacking) or ticket.cover(lacking, purse)
            if fits or not self._enforced:
                ticket.hold([need[0] for need in needs])
            (passed if fits else withheld).append(person)
        return tuple(passed), tuple(withheld)

    def _withhold(
        self,
        ticket: Ticket,
        passed: tuple[Person, ...],
        withheld: tuple[Person, ...],
        reasons: tuple[Reason, ...],
        now: float,
        *,
        can_trim: bool,
    ) -> Admission:
        if can_trim:
            ticket.admitted = passed
            ticket.action = Action.REDACT
            return Admission(Action.REDACT, people=passed, withheld=withheld, reasons=reasons)
        action = self.ladder.refusal(ticket, now)
        ticket.action = Action.BLOCK if action is Action.REDACT else action
        ticket.give_back()
        ticket.admitted = ()
        return Admission(ticket.action, withheld=passed + withheld, reasons=reasons)

    def _admit_redacted(
        self, ticket: Ticket, people: tuple[Person, ...], *, can_trim: bool
    ) -> Admission:
        """Let a redacted response pass only when nobody's withheld fields are left in it."""
        left = tuple(p for p in people if p.fields is None or set(p.fields) & set(ticket.redacted))
        ticket.admitted = ()
        if not left:
            return Admission(Action.REDACT)
        return Admission(Action.REDACT if can_trim else Action.BLOCK, withheld=left)

    # record -----------------------------------------------------------------------------------

    def record(self, exchange: Exchange, now: float) -> list[Effect]:
        """Settle an exchange, or count it as it happened when there is no ticket; return effects."""
        now = self._tick(now)
        request = exchange.request
        ticket = self._flight.land(request.id)
        if ticket is None and not exchange.refused:
            match = self.surfaces.match(request.method, request.target)
            if match is not None:
                ticket = self._opening.ticket(request, match, now)
        if ticket is not None:
            ticket.learn(request.actor)
            self._settle(ticket, exchange, now)
        return self._drain()

    def expire(self, now: float) -> list[Effect]:
        """Settle overdue tickets and return what became of them."""
        self._tick(now)
        return self._drain()

    def _drain(self) -> list[Effect]:
        if not self._effects:
            return []
        effects, self._effects = self._effects, []
        return effects

    def _settle(self, ticket: Ticket, exchange: Exchange, now: float) -> None:
        if exchange.refused:
            self._abandon(ticket)
            return
        surface, method = ticket.match.surface, exchange.request.method
        shown = outcome(
            method, exchange.status, surface.kind, sent=exchange.sent, aborted=exchange.aborted
        )
        if shown is Outcome.NOTHING:
            self._abandon(ticket)
        elif shown is Outcome.MISS or ticket.missed(exchange.people):
            units = [self._weights.of_fields(surface.fields)] * len(ticket.held)
            settle.charge(ticket, units, int(now // BUCKET_S))
            self._append(self._rows.miss(ticket, exchange, now))
        else:
            self._disclose(ticket, exchange, now)

    def _disclose(self, ticket: Ticket, exchange: Exchange, now: float) -> None:
        people = ticket.admitted if exchange.people is None else merged(exchange.people)
        if people is None and ticket.match.subject:
            people = (Person(ticket.match.subject),)
        if people is None:
            self._unseen(ticket, exchange, now)
            return
        actor = ticket.request.actor
        own = self.facts.own_subject(actor.account) if actor.account else ""
        others = tuple([p for p in people if p.subject != own])
        bucket = int(now // BUCKET_S)
        settle.commit(ticket, others, self._weights, bucket, self.policy.bounds.people)
        if not others:
            return
        again = exchange.source != UNSETTLED and self._flight.was_late(exchange.request.id)
        if not (again and ticket.match.subject):
            self._append(self._rows.people(ticket, exchange, now, others))
        self._effects.extend(self.watchers.check_declared(ticket, len(others), now))
        age = self.accounts.age_s(actor, now)
        self._effects.extend(self.watchers.observe(ticket, others, now, age))

    def _unseen(self, ticket: Ticket, exchange: Exchange, now: float) -> None:
        """Charge the reserve for people nobody could name; they never reach an exposure list."""
        surface = ticket.match.surface
        units = list(ticket.held)
        if not any(units):
            units = [surface.max_people * self._weights.of_fields(surface.fields)] * len(units)
        settle.charge(ticket, units, int(now // BUCKET_S))
        if surface.max_people:
            self._append(self._rows.unattributed(ticket, exchange, now, surface.max_people))

    def _append(self, row: Disclosures | None) -> None:
        if row is not None:
            self._effects.append(RecordDisclosures(row))

    # tickets ----------------------------------------------------------------------------------

    def _abandon(self, ticket: Ticket) -> None:
        """Nothing was shown: free all that is held."""
        ticket.give_back()
        ticket.land()
        self.book.forget_idle(ticket.principals)

    def _keep(self, ticket: Ticket) -> None:
        for overdue in self._flight.keep(ticket, self.policy.bounds.open_requests):
            self._overdue(overdue, self._now)

    def _tick(self, now: float) -> float:
        if now > self._now:
            if now >= self._flight.check_at:
                for overdue in self._flight.due(now, self.policy.bounds.open_requests):
                    self._overdue(overdue, overdue.deadline)
            self._now = now
        return self._now

    def _overdue(self, ticket: Ticket, now: float) -> None:
        """Settle a ticket whose end nobody saw, as if all of it had been shown."""
        unseen = Exchange(ticket.request, 200, people=ticket.admitted, source=UNSETTLED)
        self._settle(ticket, unseen, now)

    # clearances, memory, figures ----------------------------------------------------------------

    def clear(self, clearance_id: str, actor: Actor, now: float) -> bool:
        """Let a solved challenge buy the policy's number of people; False when it buys nothing.

        Nothing is bought with a clearance that is known already or past the actor's daily number.
        """
        now = self._tick(now)
        if not self.clearances.buy(clearance_id, actor.name, now):
            return False
        self.ladder.solved(actor.name)
        self._append(self._rows.bought(actor, now, self.policy.challenge.people))
        return True

    def recall(self, row: Disclosures) -> None:
        """Count a row of the ledger again (after a restart) without effects."""
        now = self._tick(row.at)
        bucket = int(now // BUCKET_S)
        if row.kind == "clearance":
            self.clearances.recall(row.actor.name, now)
            for window in self._opening.windows(row.actor, now)[1]:
                window.charge(-UNIT * row.unattributed)
            return
        surface = self.surfaces.by_id.get(row.surface)
        if surface is None:
            return
        request = Request(id="", actor=row.actor, target="")
        ticket = self._opening.ticket(request, Match(surface), now)
        people = tuple(Person(shown.subject, shown.fields) for shown in row.shown)
        if people:
            settle.commit(ticket, people, self._weights, bucket, self.policy.bounds.people)
        else:
            count = row.unattributed or 1
            units = count * self._weights.of_fields(surface.fields)
            settle.charge(ticket, [units] * len(ticket.held), bucket)

    def people_of(self, name: str) -> tuple[float, float, float]:
        """Return the people a principal (`account:u1`, `address:...`) has in hour, day, month."""
        window = self.book.windows.get(key_of(name))
        if window is None:
            return 0.0, 0.0, 0.0
        window.advance(int(self._now // BUCKET_S))
        return window.hour / UNIT, window.day / UNIT, window.month / UNIT

    def stats(self) -> dict[str, int]:
        """Return how much state is held, by kind; no identities."""
        return {
            "principals": len(self.book.windows),
            "overflowed": self.book.overflowed,
            "accounts": self.accounts.tracked(),
            "open": len(self._flight),
            "standing": len(self.watchers.standing),
            "clearances": len(self.clearances.purses),
        }
