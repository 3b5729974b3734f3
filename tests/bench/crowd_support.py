"""Crowds that the tests share, and how they are counted."""

from __future__ import annotations

from functools import cache

from himaya.bench.crowd.group import Setting
from himaya.bench.crowd.groups import GROUPS
from himaya.bench.crowd.plan import Event, Plan, draw
from himaya.bench.run import START
from himaya.bench.world.knobs import Knobs
from himaya.bench.world.site import World

DAY_S = 86400.0
#: Members with an account who come to look around: the pilot's figures are about them.
BROWSING = (
    "regular",
    "power",
    "mobile",
    "office",
    "campus",
    "carrier_nat",
    "no_script",
    "screen_reader",
)


@cache
def crowd(
    members: int = 300,
    people: int = 1000,
    days: float = 1.0,
    intensity: float = 1.0,
    ids: str = "sequential",
) -> Plan:
    """Return a crowd of a small world; the same arguments give the same object."""
    return drawn(1, members, Knobs(people=people, ids=ids), days, intensity)


def drawn(seed: int, members: int, knobs: Knobs, days: float, intensity: float = 1.0) -> Plan:
    """Draw a world and its crowd anew."""
    setting = Setting(World(knobs, seed), START, days, intensity)
    return draw(GROUPS, members, setting, seed)


def told(plan: Plan) -> str:
    """Return every event in words, with everything a front door is told."""
    return "\n".join(
        repr(
            (
                e.at,
                e.member,
                e.visit,
                e.client.actor,
                e.client.agent,
                e.client.script,
                e.ask,
                e.answer,
            )
        )
        for e in plan.events
    )


def group_of(plan: Plan, event: Event) -> str:
    """Return the id of the group an event belongs to."""
    return plan.groups[plan.group_of[event.member]].id


def events_of(plan: Plan, *ids: str) -> list[Event]:
    """Return the events of some groups."""
    return [event for event in plan.events if group_of(plan, event) in ids]


def opened(event: Event) -> str:
    """Return whose profile an event opens, "" for other pages and for one's own."""
    path = event.ask.target
    if not path.startswith("/u/") or "/friends" in path or not event.answer.people:
        return ""
    subject = event.answer.people[0].subject
    return "" if subject == event.client.actor.account else subject


def profiles(plan: Plan, seconds: float = DAY_S) -> dict[tuple[int, int], set[str]]:
    """Return whose profiles each member opened, per day or other stretch of time."""
    found: dict[tuple[int, int], set[str]] = {}
    for event in plan.events:
        subject = opened(event)
        if subject:
            found.setdefault((event.member, int((event.at - START) // seconds)), set()).add(subject)
    return found
