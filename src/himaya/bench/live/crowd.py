"""Honest people as real clients: one visit each of the drawn crowd, lived faster than in life, and what they met."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from random import Random
from urllib.parse import quote

import msgspec

from himaya.bench.crowd.group import Group
from himaya.bench.crowd.lives import CHALLENGED, DENIED, HARMS, REDACTED, SLOWED
from himaya.bench.crowd.plan import Event, Plan
from himaya.bench.live.client import Client, Reply, is_challenge
from himaya.bench.live.marks import people_in

#: Asks and seconds of one visit that are lived; longer visits are cut.
MOST_ASKS, MOST_S = 60, 1800.0
#: Share of the time within which everybody has come, and share that the longest visit may take.
_ARRIVE, _STAY = 0.2, 0.75
#: Answers of a defence: forbidden, too many, broken off, not reached.
_REFUSALS = frozenset({0, 403, 429, 502, 503, 504})
#: A page that takes longer was slowed; pages of the site itself take milliseconds.
_SLOW_S = 1.0


class Visit(msgspec.Struct, frozen=True):
    """What one member does: which group, when they come, which asks."""

    group: int
    asks: Sequence[Event]

    @property
    def span(self) -> float:
        """Return how many seconds the visit takes in life."""
        return self.asks[-1].at - self.asks[0].at


class Crowd:
    """The visits of one run. Every defence is met by the same people at the same moments."""

    def __init__(self, plan: Plan, seed: int) -> None:
        """Take the first visit of every member that has one."""
        self._groups: Sequence[Group] = plan.groups
        self._seed = seed
        first: dict[int, list[Event]] = {}
        for event in plan.events:
            asks = first.setdefault(event.member, [])
            if not asks or _goes_on(asks, event):
                asks.append(event)
        self.visits = [Visit(plan.group_of[member], asks) for member, asks in sorted(first.items())]

    def faster(self, seconds: float) -> float:
        """Return how many times faster than in life the longest visit is lived."""
        return max([1.0, *(visit.span / (_STAY * seconds) for visit in self.visits)])

    async def live(self, port: int, seconds: float) -> dict[str, dict[str, int]]:
        """Let everybody visit the site at 127.0.0.1:`port` and count per group: size, and who ever met what."""
        rng = Random(f"live crowd:{self._seed}")
        starts = [rng.random() * _ARRIVE * seconds for _ in self.visits]
        lives = zip(self.visits, starts, strict=True)
        harms = await asyncio.gather(*(_lived(v, port, at, _STAY * seconds) for v, at in lives))
        counts = {group.id: {"size": 0, **dict.fromkeys(HARMS, 0)} for group in self._groups}
        for visit, harm in zip(self.visits, harms, strict=True):
            row = counts[self._groups[visit.group].id]
            row["size"] += 1
            for name, bit in HARMS.items():
                row[name] += bool(harm & bit)
        return counts


def _goes_on(asks: Sequence[Event], event: Event) -> bool:
    """Tell whether an event belongs to the visit and is not too late in it."""
    soon = event.at - asks[0].at <= MOST_S and len(asks) < MOST_ASKS
    return event.visit == asks[0].visit and soon


async def _lived(visit: Visit, port: int, start: float, most_s: float) -> int:
    """Live one visit, at most `most_s` long; whoever is refused or challenged goes away. Return what they met."""
    first = visit.asks[0]
    client, pace = _client(first, port), max(1.0, visit.span / most_s)
    loop, harm = asyncio.get_running_loop(), 0
    began = loop.time() + start
    try:
        await asyncio.sleep(start)
        if first.client.actor.account:
            await client.get(f"/login?as={quote(first.client.actor.account)}")
        for event in visit.asks:
            due = began + (event.at - first.at) / pace
            await asyncio.sleep(max(0.0, due - loop.time()))
            asked = loop.time()
            harm |= _met(event, await _ask(client, event), loop.time() - asked)
            if harm & (CHALLENGED | DENIED):
                break
    finally:
        client.close()
    return harm


def _client(event: Event, port: int) -> Client:
    """Return the client of a visit, with the headers that a front door of the site would add."""
    actor = event.client.actor
    told = {"X-Asn": str(actor.asn or ""), "X-Fingerprint": actor.fingerprint, "X-Tier": actor.tier}
    headers = {name: value for name, value in told.items() if value}
    return Client(port, actor.address, event.client.agent, key=actor.key, headers=headers)


async def _ask(client: Client, event: Event) -> Reply:
    ask = event.ask
    if ask.method == "POST":
        return await client.post_json(ask.target, ask.numbers)
    return await client.get(ask.target)


def _met(event: Event, reply: Reply, took_s: float) -> int:
    """Return what a member met with this answer, beside what the site itself would have answered."""
    if is_challenge(reply):
        return CHALLENGED
    if reply.status in _REFUSALS and reply.status != event.answer.status:
        return DENIED
    slowed = SLOWED if took_s > _SLOW_S else 0
    return slowed | (REDACTED if _lacks(event, reply) else 0)


def _lacks(event: Event, reply: Reply) -> bool:
    """Tell whether people or fields are missing from a page."""
    if reply.status != 200:
        return False
    shown = {person.subject: {*(person.fields or ())} for person in people_in(reply.body)}
    return any({*(p.fields or ())} - shown.get(p.subject, set()) for p in event.answer.people)
