"""The hands of one operation at work: they keep their pace, back off when refused, rotate, and pay solvers.

An operation that goes on as if nothing had happened is the easy case; this one waits as long as it pays, comes back
from elsewhere, pays solvers, and gives a single target up rather than the whole harvest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from random import Random

from himaya.bench.asks import Ask, Client, Reply
from himaya.bench.attackers.attacker import Attacker, Operation, Work
from himaya.bench.attackers.hand import Hand
from himaya.bench.attackers.parameters import CPU_S, SOLVE_CPU_S, Parameters
from himaya.bench.defences.base import Defence
from himaya.bench.networks import PLACES, PROVIDERS, browser
from himaya.core.actor import Actor, prefix_of
from himaya.core.budget import Principals
from himaya.core.facts import AccountFact, Fact, NearFact
from himaya.core.policy import Policy

_BACK_OFF_S, _LONGEST_S, _TRIES, _SOLVES = 60.0, 6 * 3600.0, 4, 3
_AGENTS = {
    "library": "python-requests/2.34",
    "app": "ProvingGround/7.2 (Android 15)",
    "browser": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/150.0 Safari/537.36",
}
_WINDOWS_S = (3600.0 + 300, 86400.0 + 3600, 30 * 86400.0 + 86400)
#: A request takes at least this long; so no hand can ask without end at one moment.
LATENCY_S = 0.02


class Crew:
    """Builds the hands of an attacker and steps each of them on a virtual clock."""

    def __init__(
        self, attacker: Attacker, op: Operation, policy: Policy | None = None, kind: str = "plain"
    ) -> None:
        """Dress the hands; with a `policy` they stay at 90 % of its budgets."""
        self.attacker, self.op = attacker, op
        self.id, self.kind = attacker.id, kind
        self.solved = 0
        self.ended: dict[int, str] = {}
        every = _addresses(attacker.id, op.plan)
        op.hands = [_hand(attacker.id, number, op, every) for number in range(op.plan.count)]
        for hand in op.hands:
            attacker.dressed(hand, op)
        if policy is not None:
            _inform(op.hands, policy, {fact.account: fact for fact in self._accounts()}, op.start)
        self._works: list[Work] = []
        self._asked: list[Ask | None] = []

    def facts(self) -> list[Fact]:
        """Return what the site knows of the accounts and their friends, as it would tell himaya."""
        near = [
            NearFact(hand.actor.account, subject)
            for hand in self.op.hands
            for subject in self.attacker.near(hand, self.op)
        ]
        return [*self._accounts(), *near]

    def _accounts(self) -> list[AccountFact]:
        plan, found = self.op.plan, dict[str, AccountFact]()
        for hand in self.op.hands:
            actor = hand.actor
            if actor.account:
                created = actor.account_created
                batch = f"{prefix_of(actor.address)} {int((created or 0) // 3600)}"
                found[actor.account] = AccountFact(
                    actor.account,
                    created,
                    plan.tier,
                    batch=batch,
                    subject=hand.own,
                    paid=bool(plan.tier),
                )
        return list(found.values())

    def begin(self) -> list[tuple[float, Hand]]:
        """Return when each hand begins."""
        op = self.op
        self._works = [self.attacker.work(hand, op) for hand in op.hands]
        self._asked = [None] * len(op.hands)
        return [(hand.begins, hand) for hand in op.hands]

    def step(
        self, hand: Hand, now: float, defence: Defence, reply: Reply | None = None
    ) -> float | None:
        """Let a hand do its next thing; return when it goes on, None when it is over."""
        ask = self._asked[hand.number]
        if ask is None:
            try:
                step = self._works[hand.number].send(reply)
            except StopIteration:
                return None
            if not isinstance(step, Ask):
                return now + max(LATENCY_S, float(step))
            ask = self._asked[hand.number] = step
        wait = self._wait(hand, now)
        if wait > 0:
            return now + wait
        return self._send(hand, ask, now, defence)

    def _send(self, hand: Hand, ask: Ask, now: float, defence: Defence) -> float | None:
        if self.op.plan.turn and hand.requests % self.op.plan.turn == 0:
            hand.rotate()
        hand.requests += 1
        hand.used[hand.actor.address] = None
        reply = defence.serve(hand.client, ask, now)
        if not reply.refused:
            self.op.disk.take(reply.people, now, hand.own)
            if hand.caps is not None or self.op.plan.per_day:
                hand.took(len(reply.people) or (reply.status == 404), now)
            hand.refusals = hand.tries = hand.solved_now = 0
            return self._go_on(hand, now + reply.delay_s, defence, reply)
        return self._refused(hand, now, defence, reply)

    def _go_on(self, hand: Hand, now: float, defence: Defence, reply: Reply) -> float | None:
        """Hand the reply to the work, and note what it asks next."""
        self._asked[hand.number] = None
        try:
            step = self._works[hand.number].send(reply)
        except StopIteration:
            return None
        if isinstance(step, Ask):
            self._asked[hand.number] = step
            return now + max(LATENCY_S, self.op.plan.pace_s * (0.5 + hand.rng.random()))
        return now + max(LATENCY_S, float(step))

    def _refused(self, hand: Hand, now: float, defence: Defence, reply: Reply) -> float | None:
        plan = self.op.plan
        if (
            reply.action == "challenge"
            and plan.solver_usd is not None
            and hand.solved_now < _SOLVES
        ):
            hand.solved_now += 1
            if defence.solve(hand.client, now):
                self.solved += 1
                return now + (5.0 if plan.client == "browser" else 1.0)
        hand.refusals += 1
        if plan.rotates and hand.refusals % max(2, len(hand.pool)) and hand.rotate():
            return now + plan.pace_s
        hand.tries += 1
        if hand.tries >= _TRIES:
            hand.tries = 0
            return self._go_on(hand, now + self._back_off(hand), defence, reply)
        return now + self._back_off(hand)

    def _back_off(self, hand: Hand) -> float:
        times = min(hand.refusals, 12)
        return float(min(_LONGEST_S, _BACK_OFF_S * 2**times) * (0.75 + hand.rng.random() / 2))

    def _wait(self, hand: Hand, now: float) -> float:
        """Return how long a hand must wait: out of hours, its day's people taken, or near a budget."""
        plan = self.op.plan
        if plan.hours < 24:
            hour = (now - self.op.start) / 3600 % 24
            if hour >= plan.hours:
                return (24 - hour) * 3600 + hand.rng.random() * 600
        if plan.per_day and hand.recent(now, 86400) >= plan.per_day:
            return 1800.0
        if hand.caps is not None:
            for window, cap in zip(_WINDOWS_S, hand.caps, strict=True):
                if hand.recent(now, window) >= cap:
                    return self._elsewhere(hand)
        return 0.0

    def _elsewhere(self, hand: Hand) -> float:
        """Near a budget of its address, a logged-out hand goes on from the next one; after a whole round it waits."""
        free = self.op.plan.rotates and not hand.actor.account and hand.rotate() and hand.place
        if free:
            hand.taken.clear()
        return LATENCY_S if free else 600.0

    # what it cost -------------------------------------------------------------------------------

    def actors(self) -> list[str]:
        """Return the names under which a front door knew the operation."""
        found: dict[str, None] = {}
        for hand in self.op.hands:
            actor = hand.actor
            if actor.account or actor.key:
                if hand.requests:
                    found[actor.name] = None
            else:
                found.update((f"address:{address}", None) for address in hand.used)
        return list(found)

    def spend(self) -> dict[str, float]:
        """Return what the operation spent: accounts, addresses, requests, solved challenges, CPU seconds."""
        plan, hands = self.op.plan, [hand for hand in self.op.hands if hand.requests]
        requests = sum(hand.requests for hand in hands)
        addresses = {address for hand in hands for address in hand.used}
        cpu = requests * CPU_S[plan.client] + self.solved * SOLVE_CPU_S[plan.client]
        return {
            "accounts": len({hand.actor.account for hand in hands if hand.actor.account}),
            "addresses": len(addresses),
            "requests": requests,
            "solved": self.solved,
            "cpu_s": round(cpu, 3),
        }


def _hand(name: str, number: int, op: Operation, every: list[tuple[str, int]]) -> Hand:
    """Make the identity of one hand from the plan."""
    plan = op.plan
    rng = Random(f"{op.world.seed}:{name}:{number}")
    begins = op.start + rng.random() * (plan.settle_h * 3600 or min(60.0, plan.pace_s))
    # Hands that rotate begin far apart, so that together they go through all addresses.
    first = number * len(every) // plan.count if plan.rotates else number % len(every)
    pool = every[first:] + every[:first] if plan.rotates else []
    address, asn = every[first]
    account = f"{name.lower()}-{number % plan.accounts}" if plan.accounts else ""
    born = Random(f"{op.world.seed}:{account}").random() * plan.signup_spread_h * 3600
    created = begins - 60 if plan.fresh else op.start - plan.age_days * 86400 - born
    actor = Actor(
        address=address,
        asn=asn,
        account=account,
        session=account and f"s-{account}",
        key=plan.key and f"{plan.key}-{number}",
        fingerprint=_fingerprint(name, number, plan, rng),
        tier=plan.tier,
        account_created=created if account else None,
    )
    client = Client(actor, _AGENTS[plan.client], script=plan.client == "browser")
    hand = Hand(number, client, rng, pool)
    hand.begins = begins
    return hand


def _fingerprint(name: str, number: int, plan: Parameters, rng: Random) -> str:
    """Return the browser class a front door would compute; 0 classes in the plan: an ordinary visitor's."""
    if not plan.browsers:
        return browser(rng)
    return f"{plan.client}-{name.lower()}-{number % plan.browsers}"


def _addresses(name: str, plan: Parameters) -> list[tuple[str, int]]:
    """Return the addresses of an operation with their providers."""
    base = sum(name.encode()) * 997 % 40_000
    numbers: Iterable[int] = range(max(1, plan.addresses))
    if plan.prefixes and plan.network in {"home", "proxy"}:
        # Two addresses of one /24 are a whole round of providers and networks apart in the plan of addresses.
        step = PROVIDERS * 251
        numbers = [(n % plan.prefixes) + step * (n // plan.prefixes) for n in numbers]
    return [PLACES[plan.network](base + n) for n in numbers]


def _inform(hands: list[Hand], policy: Policy, facts: dict[str, AccountFact], start: float) -> None:
    """Give each hand 90 % of its share of every budget that covers it."""
    principals, mine, users = Principals(policy), [], Counter[str]()
    for hand in hands:
        actor, fact = hand.actor, facts.get(hand.actor.account)
        new = bool(
            fact and fact.created is not None and start - fact.created < policy.new_account_s
        )
        found = principals.of(actor, fact.tier if fact else actor.tier, new=new)
        mine.append(found)
        users.update(key for _, key, _ in found)
    for hand, found in zip(hands, mine, strict=True):
        limits = [
            tuple(0.9 * units / 100 / users[key] for units in triple) for _, key, triple in found
        ]
        hour, day, month = (min(column) for column in zip(*limits, strict=True))
        hand.caps = (hour, day, month)
