"""A11, who burns what honest people share, and A12, who cannot be told from them."""

from __future__ import annotations

import msgspec

from himaya.bench.attackers.attacker import Attacker, Operation, Work
from himaya.bench.attackers.hand import Hand
from himaya.bench.attackers.parameters import Parameters
from himaya.bench.networks import shared
from himaya.bench.world import links as at
from himaya.bench.world.knobs import Knobs

_PER_DAY = 1500
#: It burns a second surface too: a search page after every tenth profile.
_SEARCHES = 0.1


class Saboteur(Attacker):
    """A11."""

    id = "A11"
    title = "Saboteur of shared budgets"
    how = "burns the budgets of visitors, new accounts and shared networks, so that honest people are refused"
    plan = Parameters(
        accounts=15,
        age_days=0.2,
        hands=30,
        addresses=30,
        network="shared",
        client="app",
        pace_s=2,
        per_day=_PER_DAY,
        back_off_s=300,
    )

    def scaled(self, knobs: Knobs) -> Parameters:
        """Take a quarter of a small site a day, and no more than 1,500 of any."""
        return msgspec.structs.replace(self.plan, per_day=min(_PER_DAY, max(50, knobs.people // 4)))

    def dressed(self, hand: Hand, op: Operation) -> None:
        """Sit behind an address that honest people share; every other hand is logged out."""
        actor = hand.actor
        if op.plan.network == "shared":
            address, asn = shared(hand.number)
            actor = msgspec.structs.replace(actor, address=address, asn=asn)
        account = actor.account if hand.number % 2 == 0 else ""
        if not account:
            actor = msgspec.structs.replace(actor, account="", session="", account_created=None)
        hand.client.actor = actor
        hand.client.viewer = actor.account or actor.address

    def work(self, hand: Hand, op: Operation) -> Work:
        """Ask for as many different people as there are, every day anew."""
        subjects = op.world.names.subjects
        while True:
            person = hand.rng.randrange(op.world.count)
            yield at.profile(op.world.names.link(hand.client.viewer, subjects[person]))
            if hand.rng.random() < _SEARCHES:
                yield at.search(f"org:{hand.rng.randrange(op.world.people.employers)}")


class LocalSybils(Attacker):
    """A12."""

    id = "A12"
    title = "150 local sybils"
    how = "accounts that nothing links; each looks only around itself, sixty people a day"
    plan = Parameters(
        accounts=150,
        age_days=400,
        signup_spread_h=24 * 365,
        addresses=150,
        network="proxy",
        browsers=0,
        client="browser",
        pace_s=90,
        hours=14,
        per_day=60,
        order="graph",
        solver_usd=0.002,
    )

    def _around(self, hand: Hand, op: Operation) -> list[int]:
        people = op.world.people
        found: list[int] = people.in_community.of(hand.number % people.communities).tolist()
        return found

    def near(self, hand: Hand, op: Operation) -> list[str]:
        """Every sixth person around it took it for a friend."""
        return [op.world.subject(person) for person in self._around(hand, op)[::6]]

    def work(self, hand: Hand, op: Operation) -> Work:
        """Look at everybody around, then at their friends."""
        names, seen = op.world.names, dict.fromkeys(self._around(hand, op))
        for person in list(seen):
            yield at.profile(names.link(hand.client.viewer, names.subjects[person]))
            for friend in op.world.friends.of(person).tolist():
                seen.setdefault(friend)
        for person in list(seen):
            yield at.profile(names.link(hand.client.viewer, names.subjects[person]))
