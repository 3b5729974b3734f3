"""Every visit of every member of a run, drawn beforehand and sorted: what a defence is asked."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import msgspec

from himaya.bench.asks import Answer, Ask, Client
from himaya.bench.crowd.group import Group, Member, Setting
from himaya.core.actor import prefix_of
from himaya.core.errors import InputError
from himaya.core.facts import AccountFact, Fact, NearFact, SubjectFact


class Event(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One ask of one member: when, who, in which of their visits, as whom, what, and what the site answers."""

    at: float
    member: int
    visit: int
    client: Client
    ask: Ask
    answer: Answer


class Plan:
    """The crowd of one run. `group_of` says which group a member is in, `facts` what the site knows of everybody."""

    def __init__(self, groups: Sequence[Group]) -> None:
        """Start with nobody."""
        self.groups = list(groups)
        self.events: list[Event] = []
        self.group_of: list[int] = []
        self.facts: list[Fact] = []

    def sizes(self) -> list[int]:
        """Return how many members each group has."""
        return [self.group_of.count(n) for n in range(len(self.groups))]


def shares(groups: Sequence[Group], members: int) -> list[int]:
    """Return how many of `members` each group has: by weight, and at least 5."""
    total = sum(group.weight for group in groups) or 1.0
    return [max(5, round(members * group.weight / total)) for group in groups]


def draw(groups: Sequence[Group], members: int, setting: Setting, seed: int) -> Plan:
    """Draw the crowd of one run; the same arguments give the same crowd.

    Raises InputError when the world has fewer people than the crowd needs accounts.
    """
    plan, world = Plan(groups), setting.world
    rng = Random(f"crowd:{seed}")
    free = rng.sample(range(world.count), min(world.count, 2 * members + 100))
    for place, (group, count) in enumerate(zip(groups, shares(groups, members), strict=True)):
        for number in range(count):
            person = _free(free, world.count) if group.signs_in(number) else -1
            member = _member(group, number, person, setting, seed)
            _add(plan, place, group, member, setting)
    plan.events.sort(key=lambda event: event.at)
    plan.facts.extend(_protected(setting))
    return plan


def _free(free: list[int], people: int) -> int:
    if not free:
        raise InputError(
            f"the crowd needs more accounts than the world has people ({people}): "
            "ask for fewer members, or for a larger world (`people`)"
        )
    return free.pop()


def _member(group: Group, number: int, person: int, setting: Setting, seed: int) -> Member:
    rng = Random(f"{seed}:{group.id}:{number}")
    place = group.place(number, rng)
    fact = None
    if person >= 0:
        created = group.created(setting, rng)
        account = setting.world.subject(person)
        setting.world.accounts[account] = person
        # The same words that are told of everybody else's accounts: network and hour of the sign-up.
        batch = f"{prefix_of(place[0])} {int(created // 3600)}"
        fact = AccountFact(
            account, created, group.tier, batch=batch, subject=account, paid=bool(group.tier)
        )
    return Member(number, person, rng, fact, place)


def _add(plan: Plan, place: int, group: Group, member: Member, setting: Setting) -> None:
    index, world = len(plan.group_of), setting.world
    plan.group_of.append(place)
    end = setting.start + setting.days * 86400
    for visit, each in enumerate(group.visits(member, setting)):
        plan.events.extend(
            Event(at, index, visit, each.client, ask, world.answer(each.client, ask))
            for at, ask in each.asks
            if setting.start <= at < end
        )
    if member.fact is not None:
        plan.facts.append(member.fact)
    if member.fact is not None and group.told_friends:
        friends = world.friends.of(member.person).tolist()
        account = member.fact.account
        plan.facts.extend(NearFact(account, world.subject(friend)) for friend in friends)


def _protected(setting: Setting) -> list[Fact]:
    """Return what the site tells of people who are under special protection."""
    world = setting.world
    minors = (world.people.setting & 8).nonzero()[0].tolist()
    return [SubjectFact(world.subject(n), protected=("minor",)) for n in minors]
