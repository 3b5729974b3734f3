"""The engine: decide, admit, record. The live gate, the log follower and the replay call the same three.

    decide(request, now)   reserves budget for what the request may show
    admit(response, now)   debits once the people are known and says who and which fields may pass
    record(exchange, now)  settles: counts what was shown, frees the rest, returns effects

Rules:
- A ticket pays for itself: two requests in flight for one person both reserve it, so no
  order of settling can overshoot a budget.
- A ticket lives at most `bounds.settle_s` (<= 300 s); then it is counted as if all of it had been shown,
  or, where the door has not yet asked who may pass, freed: the answer is debited when it comes.
- A person already counted in a window is free in it; the actor's own profile is free always.
- `now` never goes back: an earlier time counts as the latest one seen.
"""

from __future__ import annotations

from collections.abc import Iterable

from himaya.core import figures
from himaya.core.accounts import Accounts
from himaya.core.actor import Actor
from himaya.core.admissions import Admissions
from himaya.core.book import Book
from himaya.core.budget import key_of
from himaya.core.clearances import Clearances, group_purchases
from himaya.core.decision import BARRING, Action, Admission, Decision, Standing
from himaya.core.detectors.drift import watched
from himaya.core.detectors.surge import SurgeDetector
from himaya.core.detectors.watched import Watched
from himaya.core.disclosure import Disclosures
from himaya.core.effect import Effect, RecordDisclosures
from himaya.core.exchange import Exchange, Person, Request, Response
from himaya.core.facts import Facts
from himaya.core.flight import Flight
from himaya.core.groups import Groups
from himaya.core.ladder import Ladder, allowances
from himaya.core.lease import Draw, Lease, Terms
from himaya.core.lending import Lending
from himaya.core.matching import Surfaces
from himaya.core.opening import Opening
from himaya.core.policy import Policy
from himaya.core.prices import Prices
from himaya.core.room import can_pay, room_of
from himaya.core.rows import UNSETTLED, Rows
from himaya.core.settle import Settlement
from himaya.core.surface import Match, Surface
from himaya.core.ticket import Ticket, slim
from himaya.core.watchers import Watchers
from himaya.core.weights import Weights
from himaya.core.window import BUCKET_S, UNIT, Triple

_BODYLESS = frozenset({"HEAD", "OPTIONS"})

#: The year 10000: a later time is a mistake.
_END_OF_TIME = 253_402_300_800.0


class Engine:
    """One site's budgets, standing decisions and detectors, in memory, bounded by the policy."""

    def __init__(self, policy: Policy, facts: Facts | None = None) -> None:
        """Start with empty windows under `policy`."""
        self.facts = facts or Facts()
        self._now = 0.0
        self._flight = Flight()
        self.lending = Lending()
        self._effects: list[Effect] = []
        self.book = Book(policy.bounds)
        self.groups = Groups(policy.bounds.standing)
        self.accounts = Accounts(
            self.facts, policy.new_account_s, policy.bounds.principals, policy.reserve.history_s
        )
        self.clearances = Clearances(policy.challenge, policy.bounds)
        self.surge = SurgeDetector(policy.detectors)
        self._adopt(policy)

    def reload(self, policy: Policy) -> None:
        """Decide by a new policy from now on; windows, tickets and purses stay."""
        standing = self.watchers.standing
        self.book.bounds, self.groups.most = policy.bounds, policy.bounds.standing
        self.accounts.new_s, self.accounts.most = policy.new_account_s, policy.bounds.principals
        self.accounts.history_s = policy.reserve.history_s
        self.surge.adopt(policy.detectors)
        self.clearances.policy, self.clearances.most = policy.challenge, policy.bounds.clearances
        self._adopt(policy)
        self.watchers.standing = standing

    def _adopt(self, policy: Policy) -> None:
        self.policy = policy
        self.surfaces = Surfaces(policy.surfaces)
        self.ladder = Ladder(policy, self.clearances)
        self.watchers = Watchers(policy.detectors, policy.bounds, self.accounts, self.surge)
        self._opening = Opening(policy, self.accounts, self.book, self.groups, self.surge)
        self._weights = Weights(policy, self.facts)
        self._prices = Prices(self._weights, self.accounts, self.surge)
        self._admissions = Admissions(
            policy, self._prices, self.ladder, self.clearances, self.watchers.drift
        )
        self._rows = Rows(self.accounts, policy.hash())
        self._settlement = Settlement(
            self._weights, self._prices, self._rows, self.accounts, self.book, self.watchers
        )
        self.lending.adopt(
            policy, self._opening, self._weights, self.watchers, self._settlement, self.ladder
        )
        self._enforced = policy.mode == "enforce"
        self._allow = allowances(policy)
        self.clearances.group_per_day = group_purchases(policy)
        #: Names of personal fields that doors look for in answers beside those a surface declares.
        self.watched = watched(policy.detectors.drift, policy.surfaces)

    # decide -----------------------------------------------------------------------------------

    def decide(self, request: Request, now: float) -> Decision:
        """Return the decision for a request and reserve what it may show.

        A request to no declared surface is allowed and opens no ticket; so is a HEAD, except of a look-up, and
        the actor's own profile where nobody else can be in it. Every ticket must be settled by one `record`.
        """
        now = self._tick(now)
        match = self.surfaces.match(request.method, request.target, request.operation)
        if match is None:
            if self._opening.looks:
                self._opening.look(request, now)
            return self._allow[""]
        surface = match.surface
        own = self.accounts.owns(request.actor, match.subject)
        if request.method in _BODYLESS:
            if surface.kind != "lookup" or request.method == "OPTIONS":
                return self._allow[surface.id]
        elif own and not request.sees_body and surface.max_people <= 1:
            return self._allow[surface.id]
        ticket = self._opening.ticket(request, match, now)
        if request.excess is not None:
            needs = self._prices.of_route(ticket, unread=True)
            return self._refused(ticket, needs, self.ladder.by_excess(ticket, request.excess))
        standing = None if own else self.watchers.standing_for(ticket, now)
        if standing is None and not own and self._reserve(ticket):
            return self.ladder.near(ticket) or self._allow[surface.id]
        return self._weigh(ticket, standing, now)

    def _reserve(self, ticket: Ticket) -> bool:
        """Reserve the one person a route names, the common case; False leaves nothing changed."""
        surface, subject = ticket.match.surface, ticket.match.subject
        if not subject or (surface.max_people > 1 and not ticket.request.sees_body):
            return False
        weight = self._weights.of(surface, subject, None, ticket.request.actor.account)
        # While a class surges, windows may differ in what they charge: that is not the common case.
        if ticket.price > 1.0 or not ticket.reserve(subject, weight):
            return False
        self._keep(ticket)
        return True

    def _weigh(self, ticket: Ticket, standing: Standing | None, now: float) -> Decision:
        """Decide what is not the common case: a decision stands, or the route's person does not fit."""
        needs = self._prices.of_route(ticket, unread=not ticket.request.sees_body)
        purse = self.clearances.purse(ticket.request, now)
        barred = standing is not None and standing.action in BARRING
        ticket.toll = barred and standing is not None and standing.action is Action.CHALLENGE
        may_pay = not barred or (ticket.toll and purse is not None)
        if may_pay and can_pay(ticket, needs, purse, self.ladder, self._weights):
            ticket.hold([need[0] for need in needs])
            self._keep(ticket)
            return self.ladder.passing(ticket, standing) or self._allow[ticket.match.surface.id]
        if barred and standing is not None:
            return self._refused(ticket, needs, self.ladder.by_standing(ticket, standing, now))
        return self._refused(ticket, needs, self.ladder.by_budget(ticket, needs, now))

    def _refused(self, ticket: Ticket, needs: list[Triple], decision: Decision) -> Decision:
        """Keep the ticket of a refused request only where something may still be shown."""
        ticket.action = decision.action
        self._effects.extend(self.watchers.exhausted(ticket, decision.reasons, self._now))
        if decision.enforced and decision.action is Action.CHALLENGE:
            self._effects.extend(self.watchers.challenged(ticket.request.actor, self._now))
        if decision.enforced and decision.action is Action.REDACT:
            ticket.redacted = decision.redact
            self._keep(ticket)
        elif decision.passes:
            ticket.hold([need[0] for need in needs])
            self._keep(ticket)
        else:
            self._settlement.abandon(ticket)
        return decision

    # admit ------------------------------------------------------------------------------------

    def admit(self, response: Response, now: float) -> Admission:
        """Debit the people of a response and return who may pass, before a body byte leaves.

        An answer that comes after its ticket was settled is debited by a new one.
        """
        now = self._tick(now)
        ticket = self._flight.get(response.id) or self._reopened(response.id, now)
        if ticket is None or ticket.shows_nothing(response.status):
            return Admission(enforced=self._enforced, people=response.people or ())
        self.book.advance(ticket.windows, int(now // BUCKET_S))
        self._effects.extend(self.watchers.check_fields(ticket, response.people or (), now))
        admission = self._admissions.admit(ticket, response, now)
        if admission.reasons:
            self._effects.extend(self.watchers.exhausted(ticket, admission.reasons, now))
        return admission

    def _reopened(self, request_id: str, now: float) -> Ticket | None:
        late = self._flight.late(request_id)
        if late is None:
            return None
        ticket = self._opening.again(late, now)
        self._keep(ticket)
        return ticket

    # record -----------------------------------------------------------------------------------

    def record(self, exchange: Exchange, now: float, at: float | None = None) -> list[Effect]:
        """Settle an exchange, or count it as it happened when there is no ticket; return effects.

        `at` is when it was over, where that is told later: budgets count it now, rows and detectors then.
        """
        now = self._tick(now)
        request = exchange.request
        ticket = self._reserved(request)
        if ticket is None and not exchange.refused:
            ticket = self._unreserved(request, now)
        if ticket is not None:
            self._opening.learn(ticket, request.actor, now)
            over = now if at is None else min(at, now)
            self._effects.extend(self._settlement.settle(ticket, exchange, over))
        return self._drain()

    def _reserved(self, request: Request) -> Ticket | None:
        """Take the ticket of a request out; one that was opened for another page under the same id stays."""
        ticket = self._flight.get(request.id)
        if ticket is None or request.method != ticket.request.method:
            return None
        same = request.target == ticket.request.target
        if same or self._match(request) == ticket.match:
            return self._flight.land(request.id)
        return None

    def _match(self, request: Request) -> Match | None:
        return self.surfaces.match(request.method, request.target, request.operation)

    def _unreserved(self, request: Request, now: float) -> Ticket | None:
        """Return a ticket that holds nothing, for an exchange that was not decided or is late."""
        match = self._match(request)
        if match is None:
            self._opening.look(request, now)
            return None
        ticket = self._opening.ticket(request, match, now)
        late = self._flight.late(request.id)
        if late is not None:
            ticket.inherit(late)
        return ticket

    def expire(self, now: float) -> list[Effect]:
        """Settle overdue tickets and return what became of them.

        An hour of the watch over classes does not turn by this call: a replay cannot see when nothing was asked.
        """
        self._tick(now, turns=False)
        return self._drain()

    def _drain(self) -> list[Effect]:
        effects, self._effects = self._effects, []
        return effects

    # leases -----------------------------------------------------------------------------------

    def lend(self, request: Request, worker: str, terms: Terms, now: float) -> Lease | None:
        """Allow a request, and let the worker that asks spend more of the same; None where `decide` must say."""
        now = self._tick(now)
        match = self.surfaces.match(request.method, request.target)
        if match is None or self.accounts.owns(request.actor, match.subject):
            return None
        return self.lending.lend(request, match, worker, terms, now)

    def allowance(self, surface: str) -> Decision:
        """Return the plain allow decision of a surface; raises KeyError for one that is not declared."""
        return self._allow[surface]

    def redeem(self, exchange: Exchange, draw: Draw, now: float, at: float) -> list[Effect]:
        """Settle an exchange that a worker allowed by a lease, and that was over `at`; return effects."""
        now = self._tick(now)
        request = exchange.request
        match = self.surfaces.match(request.method, request.target)
        ticket = self.lending.draw(draw, request, match, now)
        if ticket is None:
            return self.record(exchange, now, at)
        self._effects.extend(self._settlement.settle(ticket, exchange, min(at, now)))
        return self._drain()

    # tickets ----------------------------------------------------------------------------------

    def _keep(self, ticket: Ticket) -> None:
        ticket.request = slim(ticket.request)
        for overdue in self._flight.keep(ticket, self.policy.bounds.open_requests):
            self._overdue(overdue, self._now)

    def _tick(self, now: float, *, turns: bool = True) -> float:
        if self._now < now < _END_OF_TIME:
            if now >= self._flight.check_at:
                for overdue in self._flight.due(now, self.policy.bounds.open_requests):
                    self._overdue(overdue, overdue.deadline)
            if now >= self.lending.check_at:
                self._effects.extend(self.lending.expire(now))
            self._now = now
        if turns and self._now >= self.surge.ends:
            self.surge.turn(self._now)
        return self._now

    def _overdue(self, ticket: Ticket, now: float) -> None:
        """Settle a ticket whose end nobody saw, as if all of it had been shown.

        A door that sees bodies lets nothing out before it asks, so until then there is nothing to count.
        """
        ticket.evicted, request = now < ticket.deadline, ticket.request
        if request.sees_body and not ticket.asked and request.method not in _BODYLESS:
            self._settlement.abandon(ticket)
        else:
            unseen = Exchange(request, 200, ticket.admitted, source=UNSETTLED)
            self._effects.extend(self._settlement.settle(ticket, unseen, now))
        ticket.close()

    # clearances, memory, figures ----------------------------------------------------------------

    def clear(self, clearance_id: str, actor: Actor, now: float) -> bool:
        """Let a solved challenge buy the policy's number of people; False when it buys nothing.

        Nothing is bought with a clearance that is known already or past the actor's daily number.
        """
        now = self._tick(now)
        if not self.clearances.buy(clearance_id, actor, now, self._group_of(actor, now)):
            return False
        self.ladder.solved(actor.name)
        self.watchers.challenges.solved(actor, now)
        row = self._rows.bought(actor, now, self.policy.challenge.people)
        self._effects.append(RecordDisclosures(row))
        return True

    def join(self, group: str, members: Iterable[str], now: float) -> None:
        """Let members spend one budget from `now` on; after a restart join at that time again, then recall."""
        self.groups.join(group, members, now)

    def _group_of(self, actor: Actor, now: float) -> str:
        return self.groups.of(actor, now, new=self.accounts.is_new(actor, now))

    def recall(self, row: Disclosures) -> None:
        """Count a row of the ledger again (after a restart) without effects."""
        now = self._tick(row.at)
        if row.kind == "clearance":
            self.clearances.recall(row.actor.name, now, self._group_of(row.actor, now))
            for window in self.book.own(*self._opening.windows(row.actor, now)):
                window.charge(-UNIT * row.unattributed, window.bucket)
            return
        surface = self.surfaces.by_id.get(row.surface)
        if surface is None:
            return
        ticket = self._opening.ticket(Request("", row.actor, ""), Match(surface), now)
        people = tuple(Person(shown.subject, shown.fields) for shown in row.shown)
        units = (row.unattributed or row.miss) * self._weights.heaviest(surface)
        fresh = ticket.unmet(people)
        self._settlement.commit(ticket, people, units, now)
        self.watchers.newly(row.actor, len(fresh) + row.unattributed, now, fresh)

    def weight_of(self, fields: tuple[str, ...]) -> int:
        """Return the units (100 = one ordinary person) that a set of fields weighs."""
        return self._weights.of_fields(fields)

    def people_of(self, name: str) -> tuple[float, float, float]:
        """Return the people a principal (`account:u1`, `address:...`) has in hour, day, month."""
        return self.book.people_of(key_of(name), int(self._now // BUCKET_S))

    def classes(self) -> tuple[Watched, ...]:
        """Return how many people were newly shown to each class of actors this hour, and how many are usual."""
        return self.surge.told(self._now)

    def room(self, actor: Actor, surface: Surface, now: float, agent: str = "") -> dict[str, int]:
        """Return the units that each principal of an actor could still reserve; see `core/room.py`."""
        now = self._tick(now)
        ticket = self._opening.ticket(Request("", actor, "", agent=agent), Match(surface), now)
        return room_of(ticket, self.watchers, self.ladder, now)

    def heaviest(self, surface: Surface) -> int:
        """Return the units of the heaviest answer that a surface declares."""
        return self._weights.heaviest(surface) * max(1, surface.max_people)

    def stats(self) -> dict[str, int]:
        """Return how much state is held, by kind; no identities."""
        return figures.held(self, self._flight)

    def evictions(self) -> dict[str, int]:
        """Return how often each table was full and something had to give way, by the names of `stats`."""
        return figures.evictions(self, self._flight)
