"""Who is mixed into past traffic: a handful of operations, from the crudest to the most patient."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from himaya.bench.asks import Ask
from himaya.bench.attackers.attacker import Attacker, Operation, Work
from himaya.bench.attackers.hand import Hand
from himaya.bench.attackers.parameters import Parameters
from himaya.bench.inject.people import HITS, Inquiry, Site
from himaya.core.errors import InputError

#: From the range for documentation (RFC 5398), as are the addresses (RFC 3849): no visitor of the past has them.
_ASN = 64_496
_SOLVER_USD = 0.002


class Synthetic(Attacker):
    """Asks a site of the past for one person after another.

    With `sees_accounts` False the site does not tell who is signed in, so that accounts are seen by their addresses.
    """

    def __init__(self, site: Site, *, sees_accounts: bool = True) -> None:
        """Take the site's surfaces."""
        self.site, self.sees_accounts = site, sees_accounts
        self._addresses: dict[str, str] = {}

    def dressed(self, hand: Hand, op: Operation) -> None:
        """Move a hand to addresses that nobody of the past has."""
        hand.pool = [(self._moved(address), _ASN) for address, _ in hand.pool]
        hidden: dict[str, str] = {} if self.sees_accounts else {"account": "", "session": ""}
        hand.client.actor = msgspec.structs.replace(
            hand.actor, address=self._moved(hand.actor.address), asn=_ASN, **hidden
        )

    def _moved(self, address: str) -> str:
        found = self._addresses.get(address)
        if found is None:
            number = len(self._addresses) + 1
            found = self._addresses[address] = f"2001:db8:{number & 0xFFFF:x}:{number >> 16:x}::1"
        return found

    def work(self, hand: Hand, op: Operation) -> Work:
        """Ask for the page of everybody in this hand's share."""
        for subject in op.links(hand):
            ask = self.site.single(subject)
            if ask is not None:
                yield ask


class FastWalker(Synthetic):
    """The crude one."""

    id = "fast"
    title = "one fast address"
    how = "one server without an account asks for one person a second, in the order of ids"
    plan = Parameters(pace_s=1.0, order="sequence")


class Accounts(Synthetic):
    """The bought accounts."""

    id = "accounts"
    title = "50 accounts on 5 addresses"
    how = "50 month-old accounts share 5 addresses, ask twice a minute each, and pay for solved challenges"
    plan = Parameters(
        accounts=50, age_days=30, addresses=5, pace_s=30.0, client="app", solver_usd=_SOLVER_USD
    )


class Patient(Synthetic):
    """The mill: each account looks like a busy member."""

    id = "patient"
    title = "300 accounts at 80 a day"
    how = "300 accounts, each from its own network, take at most 80 people a day within 16 hours"
    plan = Parameters(
        accounts=300, age_days=60, signup_spread_h=720, addresses=300, pace_s=300.0, hours=16,
        per_day=80, client="browser", browsers=0, solver_usd=_SOLVER_USD,
    )  # fmt: skip


class Rotating(Synthetic):
    """The rented proxies."""

    id = "rotating"
    title = "a walker behind 1,000 proxies"
    how = "8 hands without accounts change the address with every request, each in another network"
    plan = Parameters(
        hands=8, addresses=1000, rotates=True, turn=1, pace_s=2.0, client="browser", browsers=0,
        solver_usd=_SOLVER_USD,
    )  # fmt: skip


class Slow(Synthetic):
    """The one no detector can tell from a member."""

    id = "slow"
    title = "one slow account"
    how = "one old account asks for a person every five minutes"
    plan = Parameters(accounts=1, age_days=800, pace_s=300.0, client="browser", browsers=0)


class Harvester(Synthetic):
    """Takes whole pages of the largest listing."""

    id = "listing"
    title = "a harvester of the listing"
    how = "one account reads page after page of the listing that shows most people at once"
    plan = Parameters(accounts=1, age_days=60, pace_s=5.0, order="pages")

    def work(self, hand: Hand, op: Operation) -> Work:
        """Ask for every page."""
        everybody, listing = op.links(hand), self.site.listing
        size = listing.max_people if listing else 1
        for number, start in enumerate(range(0, len(everybody), size)):
            yield self.site.page(number, everybody[start : start + size])


class Enumerator(Synthetic):
    """Walks numbers; one in ten belongs to somebody."""

    id = "lookup"
    title = "a walker of the look-up"
    how = "one account asks for one number after another, one in ten of which belongs to somebody"
    plan = Parameters(accounts=1, age_days=60, pace_s=1.0, order="numbers")

    def work(self, hand: Hand, op: Operation) -> Work:
        """Ask for every number."""
        number = 0
        for subject in op.links(hand):
            for step in range(HITS):
                number += 1
                yield self.site.number(number, subject if step == HITS - 1 else "")


def attackers(
    site: Site, *, sees_accounts: bool = True, only: Sequence[str] = ()
) -> list[Attacker]:
    """Return those for whom the site has a surface; of these the ones in `only`, when it names any.

    Raises InputError for an id that none of them has.
    """
    kinds: list[type[Synthetic]] = []
    if site.profile is not None:
        kinds += [FastWalker, Accounts, Patient, Rotating, Slow]
    if site.listing is not None:
        kinds.append(Harvester)
    if site.lookup is not None:
        kinds.append(Enumerator)
    known = [kind.id for kind in kinds]
    for name in only:
        if name not in known:
            words = f"no attacker of --inject is called {name!r} for these surfaces"
            raise InputError(f"{words}; there are {', '.join(known)}")
    wanted = [kind for kind in kinds if not only or kind.id in only]
    return [kind(site, sees_accounts=sees_accounts) for kind in wanted]


def shown_by(ask: Ask) -> Sequence[str]:
    """Return whom the site would show in answer to an ask."""
    return ask.people if isinstance(ask, Inquiry) else ()
