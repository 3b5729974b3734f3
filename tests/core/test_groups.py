"""Members of a group spend one budget beside their own, from when they joined until the group ends."""

from __future__ import annotations

import msgspec
import pytest

from himaya.core.actor import Actor
from himaya.core.decision import Action
from himaya.core.effect import RecordDisclosures
from himaya.core.engine import Engine
from himaya.core.exchange import Exchange, Request
from himaya.core.groups import Groups
from himaya.core.policy import Bounds, Budget, Budgets, ChallengePolicy, Policy
from himaya.core.surface import Surface

START = 1_790_000_000.0
POLICY = Policy(
    mode="enforce",
    surfaces=(Surface(id="profile", route="/u/{subject}"),),
    budgets=Budgets(group=Budget(5, 8, 12)),
    tiers={"recruiter": Budgets(group=Budget(50, 80, 120)), "free": Budgets(group=None)},
    challenge=ChallengePolicy(people=4, per_day=20),
)


class Site:
    """An engine and a clock; `look` asks for a new person and says whether it was shown."""

    def __init__(self, policy: Policy = POLICY) -> None:
        self.engine, self.now, self.count, self.rows = Engine(policy), START, 0, []

    def look(self, actor: Actor, clearance: str = "") -> Action:
        self.count += 1
        request = Request(f"r{self.count}", actor, f"/u/p{self.count}", clearance=clearance)
        decision = self.engine.decide(request, self.now)
        if decision.passes:
            effects = self.engine.record(Exchange(request, 200), self.now)
            self.rows += [e.disclosures for e in effects if isinstance(e, RecordDisclosures)]
        self.last = decision
        return decision.action

    def shown(self, actors, each: int, clearance: str = "") -> int:
        """Let every actor ask `each` times; return how many people were shown."""
        asked = [self.look(actor, clearance) for _ in range(each) for actor in actors]
        return asked.count(Action.ALLOW)


def accounts(number: int, **facets) -> list[Actor]:
    return [Actor(account=f"u{n}", address=f"192.0.2.{n}", **facets) for n in range(number)]


def names(actors) -> list[str]:
    return [actor.name for actor in actors]


def test_members_share_one_budget():
    """Ten accounts in a group are shown what the group's budget allows, and nobody outside notices."""
    site, crew, honest = Site(), accounts(10), Actor(account="honest", address="203.0.113.9")
    site.engine.join("g-1", names(crew), site.now)
    assert site.shown(crew, 3) == 5
    assert site.look(honest) is Action.ALLOW
    assert "this group of linked actors would have seen 6 people" in site_reason(site, crew[0])


def site_reason(site: Site, actor: Actor) -> str:
    site.look(actor)
    return " ".join(reason.words() for reason in site.last.reasons)


def test_what_was_shown_before_does_not_count():
    """The group's budget begins when it was found; what members had seen by then counts in their own."""
    site, crew = Site(), accounts(4)
    assert site.shown(crew, 10) == 40
    site.engine.join("g-1", names(crew), site.now)
    assert site.shown(crew, 10) == 5


def test_a_group_that_ends_frees_its_members():
    """After a case was closed, members spend their own budgets alone."""
    site, crew = Site(), accounts(4)
    site.engine.join("g-1", names(crew), site.now)
    site.shown(crew, 5)
    site.engine.groups.leave("g-1")
    assert site.shown(crew, 5) == 20


def test_a_tier_may_have_a_group_budget_of_its_own_or_none():
    """Members of a tier spend what their tier allows a group; a tier without one is not held."""
    for tier, shown in (("recruiter", 40), ("free", 40), ("", 5)):
        site, crew = Site(), accounts(4, tier=tier)
        site.engine.join("g-1", names(crew), site.now)
        assert site.shown(crew, 10) == shown


def test_whoever_is_in_a_group_stays_in_it():
    """A second group cannot take a member over, and with it give the first one's budget back."""
    site, crew = Site(), accounts(4)
    site.engine.join("g-1", names(crew), site.now)
    site.engine.join("g-2", names(crew), site.now)
    assert site.shown(crew, 5) == 5


def test_a_linking_key_covers_visitors_and_new_accounts_only():
    """A tool or network of a group holds whoever comes with it and has no history; an old account is not touched."""
    tool = {"fingerprint": "library"}
    site, now = Site(), START
    site.engine.join("g-1", ["fingerprint:library", "prefix:198.51.100.0/24"], now)
    visitors = [Actor(address=f"192.0.2.{n}", **tool) for n in range(5)]
    new = accounts(5, account_created=now - 60, **tool)
    neighbours = [Actor(address=f"198.51.100.{n}") for n in range(5)]
    assert site.shown([*visitors, *new, *neighbours], 2) == 5
    assert site.shown(accounts(5, account_created=now - 400 * 86400, **tool), 2) == 10
    assert site.shown([Actor(key="k", address="198.51.100.77", **tool)], 2) == 2


def test_members_share_what_they_may_buy():
    """Solved challenges of a whole group buy its day's budget once again, not once for every account."""
    site, crew = Site(), accounts(30)
    site.engine.join("g-1", names(crew), site.now)
    assert site.shown(crew, 1) == 5
    bought = [site.engine.clear(f"c{n}", actor, site.now) for n, actor in enumerate(crew)]
    assert bought.count(True) == 2
    shown = sum(site.shown([actor], 10, f"c{n}") for n, actor in enumerate(crew))
    assert shown == 8
    assert site.engine.clear("another", Actor(account="honest"), site.now)


def test_a_group_without_a_budget_holds_nobody_back():
    """With the default, a group is a case and nothing else: its members are shown and may buy what others may."""
    site, crew = Site(msgspec.structs.replace(POLICY, budgets=Budgets())), accounts(30)
    site.engine.join("g-1", names(crew), site.now)
    assert site.shown(crew, 3) == 90
    bought = [site.engine.clear(f"c{n}", actor, site.now) for n, actor in enumerate(crew)]
    assert all(bought)


def test_a_restart_counts_what_the_group_was_shown_since_it_was_found():
    """Joined at its first time and recalled from the rows, a group has spent exactly what it had before."""
    site, crew = Site(), accounts(4)
    site.shown(crew, 2)
    site.now += 600
    found = site.now
    site.engine.join("g-1", names(crew), found)
    site.shown(crew[:1], 3)
    spent = site.engine.people_of("group:g-1")
    again = Engine(POLICY)
    again.join("g-1", names(crew), found)
    for row in site.rows:
        again.recall(row)
    assert again.people_of("group:g-1") == spent == (3.0, 3.0, 3.0)


def test_the_table_of_members_is_bounded():
    """Past the bound of standing decisions the members named first leave."""
    site = Site(Policy(bounds=Bounds(standing=100)))
    site.engine.join("g-1", [f"account:u{n}" for n in range(1000)], START)
    assert len(site.engine.groups.members) <= 100
    assert "account:u999" in site.engine.groups.members


@pytest.mark.parametrize("actor", [Actor(), Actor(address="not an address"), Actor(account="u")])
def test_nobody_is_in_a_group_that_is_not_there(actor):
    """Without groups, and for actors without address or name, there is no group and no error."""
    groups = Groups(10)
    assert groups.of(actor, START, new=True) == ""
    groups.join("g-1", ["account:other"], START)
    assert groups.of(actor, START, new=True) == ""


def test_nobody_is_in_a_group_before_it_was_found():
    """A row that is older than the group is not counted for it."""
    groups = Groups(10)
    groups.join("g-1", ["account:u"], START)
    assert groups.of(Actor(account="u"), START - 1, new=False) == ""
    assert groups.of(Actor(account="u"), START, new=False) == "g-1"
