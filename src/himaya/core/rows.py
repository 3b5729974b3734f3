"""Disclosure rows: what the ledger is told about one exchange."""

from __future__ import annotations

import msgspec

from himaya.core.accounts import Accounts
from himaya.core.actor import Actor
from himaya.core.disclosure import Disclosures, Shown, certainty
from himaya.core.exchange import Exchange, Person
from himaya.core.ticket import Ticket
from himaya.core.version import united

#: The source written when an exchange's end was never seen.
UNSETTLED = "unsettled"


class Rows:
    """Builds disclosures from tickets and exchanges, with what is known of the account."""

    def __init__(self, accounts: Accounts, policy_hash: str) -> None:
        """Take the account knowledge and the hash of the policy in force."""
        self._accounts = accounts
        self._hash = policy_hash

    def people(
        self, ticket: Ticket, exchange: Exchange, now: float, people: tuple[Person, ...]
    ) -> Disclosures | None:
        """Return the disclosures of the people shown, None when there are none."""
        sure = certainty(
            exchange.status,
            people_seen=exchange.people is not None or ticket.admitted is not None,
            aborted=exchange.aborted,
            settled=exchange.source != UNSETTLED,
        )
        declared = ticket.match.surface.fields
        shown = tuple(
            [
                Shown(p.subject, declared if p.fields is None else p.fields, sure, p.version)
                for p in people
            ]
        )
        return self._head(ticket, exchange, now, shown=shown) if shown else None

    def miss(self, ticket: Ticket, exchange: Exchange, now: float) -> Disclosures:
        """Return the row of a look-up that found nobody."""
        return self._head(ticket, exchange, now, miss=True)

    def confirmed(self, ticket: Ticket, exchange: Exchange, now: float) -> Disclosures:
        """Return the row of a look-up that told of somebody without showing them."""
        return self._head(ticket, exchange, now, count=1)

    def unattributed(
        self, ticket: Ticket, exchange: Exchange, now: float, count: int
    ) -> Disclosures:
        """Return the row of `count` reserved people whom nobody could name."""
        return self._head(ticket, exchange, now, count=count)

    def _head(
        self,
        ticket: Ticket,
        exchange: Exchange,
        now: float,
        *,
        shown: tuple[Shown, ...] = (),
        miss: bool = False,
        count: int = 0,
    ) -> Disclosures:
        surface = ticket.match.surface
        actor = ticket.request.actor
        batch, group = _charged(ticket)
        return Disclosures(
            at=now,
            surface=surface.id,
            kind=surface.kind,
            actor=self._known(actor) if self._accounts.facts.accounts else actor,
            access=self._accounts.access(actor),
            status=exchange.status,
            shown=shown,
            miss=miss,
            unattributed=count,
            scope=surface.scope,
            decision=str(ticket.action),
            source=exchange.source,
            policy=self._hash,
            batch=batch,
            group=group,
        )

    def _known(self, actor: Actor) -> Actor:
        """Return the actor with tier, age and terms from the application's facts."""
        fact = self._accounts.facts.accounts.get(actor.account)
        if fact is None:
            return actor
        created = actor.account_created if fact.created is None else fact.created
        return msgspec.structs.replace(
            actor,
            tier=fact.tier or actor.tier,
            account_created=created,
            terms=fact.terms or actor.terms,
        )

    def bought(self, actor: Actor, now: float, people: int) -> Disclosures:
        """Return the row of a solved challenge: how many people it bought, for the audit."""
        fact = self._accounts.facts.accounts.get(actor.account) if actor.account else None
        return Disclosures(
            at=now,
            surface="",
            kind="clearance",
            actor=actor,
            access=self._accounts.access(actor),
            status=0,
            unattributed=people,
            source="challenge",
            policy=self._hash,
            batch=fact.batch if fact else "",
        )


def _charged(ticket: Ticket) -> tuple[str, str]:
    """Return the sign-up batch and the group whose budgets a ticket was charged to."""
    batch = group = ""
    for kind, key, _ in ticket.principals:
        if kind == "group":
            group = group or key[1:]
        elif kind == "batch":
            batch = batch or key[1:]
    return batch, group


def merged(people: tuple[Person, ...]) -> tuple[Person, ...]:
    """Return people with each subject once; a repeated subject's fields are joined.

    None stands for the declared fields, which are the most that counts.
    """
    if len(people) < 2:
        return people
    table: dict[str, tuple[str, ...] | None] = {}
    versions: dict[str, str] = {}
    for person in people:
        if person.version:
            versions[person.subject] = united(versions.get(person.subject, ""), person.version)
        if person.subject not in table:
            table[person.subject] = person.fields
            continue
        held, more = table[person.subject], person.fields
        both = None if held is None or more is None else tuple(sorted({*held, *more}))
        table[person.subject] = both
    if len(table) == len(people):
        return people
    return tuple(Person(s, fields, versions.get(s, "")) for s, fields in table.items())


def shown_of(ticket: Ticket, people: tuple[Person, ...], own: str) -> tuple[Person, ...]:
    """Return the people a response disclosed: not oneself, and nobody of whom no field was left.

    In a redacted response only fields that are named in so many words were left.
    """
    if ticket.redacted:
        return tuple([p for p in people if p.fields and p.subject != own])
    return tuple([p for p in people if p.subject != own and p.fields != ()])


def untold(ticket: Ticket, people: tuple[Person, ...]) -> tuple[Person, ...]:
    """Return people without those who were counted and written when the ticket's time was over."""
    if not ticket.told:
        return people
    declared = ticket.match.surface.fields
    told = {p.subject: {*(declared if p.fields is None else p.fields)} for p in ticket.told}
    return tuple(
        [
            p
            for p in people
            if not told.get(p.subject, set()) >= {*(declared if p.fields is None else p.fields)}
        ]
    )
