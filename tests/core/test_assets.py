"""Who never asks for style sheets, scripts or pictures spends one budget with everybody like that, and nothing else."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.review_support import NONE, NOW, SURFACES, ask, view

from himaya.core.actor import Actor
from himaya.core.assets import AssetPaths, Assets, names_of
from himaya.core.disclosure import Disclosures, Shown
from himaya.core.effect import RaiseFinding
from himaya.core.engine import Engine
from himaya.core.exchange import Exchange
from himaya.core.facts import AccountFact, Facts
from himaya.core.policy import AssetPolicy, Bounds, Budget, Budgets, Ladder, Policy, Reserve
from himaya.core.surface import Surface

DAY = 86400.0
LIBRARY = "python-requests/2.32"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"
PICTURE = Surface(id="picture", route="/photo/{subject}", kind="media")


def policy(most=30, *, after=5, share=0.0, tiers=None, **settings):
    """Return an enforcing policy whose only budget is the one of those without assets; None: no budget at all."""
    budget = None if most is None else Budget(day=most)
    assets = AssetPolicy(after=after, share=share, paths=("/static/",))
    base = {field: getattr(NONE, field) for field in Budgets.__struct_fields__}
    return Policy(
        mode="enforce",
        surfaces=(*SURFACES, PICTURE),
        budgets=Budgets(**{**base, "assetless": budget}),
        tiers={name: Budgets(**{**base, "assetless": one}) for name, one in (tiers or {}).items()},
        assets=assets,
        ladder=Ladder(challenge=False),
        **settings,
    )


class Visits:
    """An engine and a clock that goes on by a second with every request; everybody is shown somebody else."""

    def __init__(self, of: Policy, facts: Facts | None = None) -> None:
        self.engine = Engine(of, facts)
        self.now = NOW
        self.count = 0

    def page(self, actor: Actor, agent: str = LIBRARY) -> bool:
        """Let somebody look at a person nobody has looked at; tell whether it passed."""
        self.now += 1
        self.count += 1
        return view(self.engine, f"/u/p{self.count}", at=self.now, actor=actor, agent=agent)

    def asset(self, actor: Actor, agent: str = FIREFOX, target: str = "/static/site.css?v=2"):
        """Let somebody ask for something beside the pages."""
        self.now += 1
        return self.engine.decide(ask(target, "a", actor, agent=agent), self.now)

    def browse(self, actor: Actor, pages: int, agent: str = FIREFOX) -> int:
        """Let a browser look at people, assets and all; return how many pages passed."""
        passed = 0
        for _ in range(pages):
            passed += self.page(actor, agent)
            self.asset(actor, agent)
        return passed

    def read(self, actor: Actor, pages: int, agent: str = LIBRARY) -> int:
        """Let a program look at people; return how many pages passed."""
        return sum(self.page(actor, agent) for _ in range(pages))

    @property
    def spent(self) -> float:
        """Return the people that those without assets have had today, together."""
        return self.engine.people_of("assetless:assetless")[1]


def crew(size=40):
    """Return visitors at as many addresses as the crew is large."""
    return [Actor(address=f"203.0.{n}.7") for n in range(size)]


def member(name):
    """Return a signed-in actor at a home of its own."""
    return Actor(account=name, address=f"192.0.2.{len(name)}", session=f"s-{name}")


def test_a_crew_of_libraries_has_one_budget_together():
    """Forty addresses that never ask for an asset are held to one budget together, beyond the first pages of each."""
    visits = Visits(policy(30, after=5))
    assert sum(visits.read(one, 50) for one in crew()) == 40 * 5 + 30
    assert visits.spent == 30


def test_a_crowd_with_browsers_never_meets_the_budget():
    """Browsers look at as many people as they like, while a crew burns the budget and long after."""
    visits = Visits(policy(30, after=5))
    crowd = [member("m" * n) for n in range(1, 9)]
    assert sum(visits.browse(one, 20) for one in crowd) == 8 * 20
    for one in crew():
        visits.read(one, 10)
    assert sum(visits.browse(one, 20) for one in crowd) == 8 * 20
    assert visits.spent == 30


def test_without_the_budget_nothing_is_looked_at():
    """Where no tier has such a budget, nothing is remembered and a crew meets nothing (the twin of the crew's test)."""
    for off in (policy(None), policy(None, tiers={"crawler": Budget()})):
        visits = Visits(off)
        assert sum(visits.read(one, 50) for one in crew()) == 40 * 50
        visits.asset(member("anna"))
        assert visits.engine.stats()["assets"] == 0


def test_a_text_browser_is_slowed_only_while_others_burn_the_budget():
    """A person without assets reads on beside honest others like them, and waits only when a crew was there first."""
    reader = member("lynx")
    alone = Visits(policy(30, after=5))
    assert alone.read(reader, 35, "Lynx/2.9") == 35
    beside = Visits(policy(30, after=5))
    for one in crew():
        beside.read(one, 10)
    assert beside.read(reader, 35, "Lynx/2.9") == 5


def test_the_reserve_keeps_a_share_for_accounts_with_a_history():
    """A crew cannot spend the share that is kept; an account with a history can, also in a text browser."""
    facts = Facts()
    facts.add(AccountFact("lynx", NOW - 400 * DAY))
    visits = Visits(policy(30, after=5, reserve=Reserve(share=0.5)), facts)
    assert sum(visits.read(one, 10) for one in crew()) == 40 * 5 + 15
    assert visits.read(member("lynx"), 35, "Lynx/2.9") == 5 + 15


def test_one_asset_frees_at_once():
    """The request after an asset spends nothing any more, and so does every later one until `after` pages are over."""
    visits = Visits(policy(3, after=5))
    one = crew(1)[0]
    assert visits.read(one, 20) == 5 + 3
    visits.asset(one, LIBRARY)
    assert visits.read(one, 50) == 50
    visits.now += 31 * DAY
    assert visits.read(one, 20) == 3


def test_a_refusal_says_why_without_a_name():
    """The reason of a refusal names those who ask for no assets, and nobody among them."""
    visits = Visits(policy(5, after=5))
    for one in crew():
        visits.read(one, 10)
    (reason,) = visits.engine.decide(
        ask("/u/x", actor=crew(1)[0], agent=LIBRARY), visits.now
    ).reasons
    assert reason.words() == (
        "this group of all who ask for no style sheets, scripts or pictures would have seen 6 people within one"
        " day; the limit is 5"
    )


def test_the_finding_is_raised_by_the_first_refusal():
    """The first request that the shared budget refuses raises the finding `exhaustion`, once within the hour."""
    visits = Visits(policy(1, after=1))
    effects = []
    for n, one in enumerate(crew(4) * 4):
        visits.now += 1
        request = ask(f"/u/e{n}", f"e{n}", one, agent=LIBRARY)
        refused = not visits.engine.decide(request, visits.now).passes
        effects += visits.engine.record(Exchange(request, 200, refused=refused), visits.now)
    found = [e.finding for e in effects if isinstance(e, RaiseFinding)]
    assert [(one.detector, one.actor) for one in found] == [("exhaustion", "assetless:assetless")]


@pytest.mark.parametrize("actor", [Actor(key="k1"), Actor(account="u1", key="k1")])
def test_api_keys_are_programs_by_right(actor):
    """Whoever comes with an API key never spends this budget."""
    visits = Visits(policy(3, after=5))
    assert visits.read(actor, 40) == 40


def test_a_tier_can_be_exempt():
    """A tier with `assetless = {}` has no limit there; others keep theirs."""
    visits = Visits(policy(3, after=5, tiers={"research": Budget()}))
    assert visits.read(Actor(account="lab", tier="research"), 40) == 40
    assert visits.read(Actor(account="lab2"), 40) == 5 + 3


def test_a_log_shows_assets_that_no_door_saw():
    """An asset that only the log shows, without account and session, frees the account at that address and browser."""
    visits = Visits(policy(3, after=5))
    anna = member("anna")
    assert visits.read(anna, 20, FIREFOX) == 5 + 3
    seen = ask("/logo.PNG", "l", Actor(address=anna.address), agent=FIREFOX)
    assert visits.engine.record(Exchange(seen, 304), visits.now) == []
    assert visits.read(anna, 20, FIREFOX) == 20


def test_a_browser_that_keeps_its_assets_is_known_after_a_log_in():
    """Assets asked for before a log-in free the account and the new session at the same address and browser."""
    visits = Visits(policy(3, after=5))
    visits.asset(Actor(address="192.0.2.9", session="before"))
    after = Actor(address="192.0.2.9", session="after", account="anna")
    assert visits.read(after, 40, FIREFOX) == 40


def test_another_browser_at_the_address_frees_nobody():
    """Assets of one program at an address do not free another program there."""
    visits = Visits(policy(3, after=5))
    visits.asset(Actor(address="192.0.2.9"), FIREFOX)
    assert visits.read(Actor(address="192.0.2.9"), 40, LIBRARY) == 5 + 3


def test_pictures_of_people_are_neither_page_nor_asset():
    """A declared surface of pictures frees nobody and counts for nobody: what it shows has budgets of its own."""
    visits = Visits(policy(3, after=5))
    one = crew(1)[0]
    for n in range(20):
        visits.now += 1
        assert view(visits.engine, f"/photo/q{n}.png", at=visits.now, actor=one, agent=LIBRARY)
    assert visits.read(one, 20) == 5 + 3
    assert not visits.page(one)
    visits.asset(one, LIBRARY, "/about")
    assert not visits.page(one)


def test_nobody_is_judged_where_no_member_asks_for_assets():
    """Where others serve the assets nobody is held to the budget, and a site that serves them is learned again."""
    visits = Visits(policy(3, after=5, share=0.5))
    one, library = crew(1)[0], crew(2)[1]
    for n in range(60):
        visits.read(member(f"m{n}"), 5, FIREFOX)
    assert visits.read(one, 40) == 40
    for n in range(70):
        visits.browse(member(f"n{n}"), 5)
    assert visits.read(library, 40) == 5 + 3


def test_nobody_is_judged_before_enough_members_voted():
    """Forty-nine members whose browsers ask for assets are too few to judge by; visitors and keys do not vote."""
    visits = Visits(policy(3, after=5, share=0.5))
    for n in range(49):
        visits.browse(member(f"m{n}"), 5)
    for n in range(200):
        visits.browse(Actor(address=f"198.51.100.{n}"), 5)
        visits.browse(Actor(key=f"k{n}"), 5)
    assert visits.read(crew(1)[0], 40) == 40
    visits.browse(member("m49"), 5)
    assert visits.read(crew(2)[1], 40) == 5 + 3


def test_a_site_that_moves_its_assets_elsewhere_is_noticed():
    """When members stop asking for assets the old votes fade, long before what the browsers asked for is forgotten."""
    visits = Visits(policy(3, after=5, share=0.5))
    crowd = [member(f"m{n}") for n in range(100)]
    for _ in range(25):
        for one in crowd:
            visits.browse(one, 5)
        visits.now += DAY
    days = 0
    while visits.engine.accounts.assets.judges:
        days += 1
        visits.now += DAY
        for one in crowd:
            assert visits.read(one, 6, FIREFOX) == 6
    assert 2 <= days < 20


def test_a_restart_and_a_new_policy():
    """After a restart everybody begins anew, and recalled rows count for nobody; a new policy keeps what was seen."""
    visits = Visits(policy(3, after=5))
    one, anna = crew(1)[0], member("anna")
    visits.asset(anna)
    for n in range(30):
        shown = (Shown(f"r{n}", ("name",), "confirmed"),)
        visits.engine.recall(
            Disclosures(visits.now, "profile", "profile", one, "anonymous", 200, shown=shown)
        )
    assert visits.read(one, 20) == 5 + 3
    visits.engine.reload(policy(3, after=7))
    assert not visits.page(one)
    assert visits.read(anna, 30, FIREFOX) == 30
    visits.engine.reload(policy(None))
    assert visits.read(one, 20) == 20
    assert visits.engine.stats()["assets"] == 0


def test_invented_names_cannot_fill_the_memory():
    """Names past `bounds.assets` push out whoever is unseen for longest; somebody seen all the time stays known."""
    visits = Visits(policy(3, after=5, bounds=Bounds(assets=60)))
    anna = member("anna")
    for n in range(2000):
        visits.page(Actor(address=f"10.0.{n // 250}.{n % 250}", session=f"s{n}"), f"agent {n}")
        visits.asset(anna)
        assert visits.engine.stats()["assets"] <= 60
    assert visits.read(anna, 30, FIREFOX) == 30


def test_an_endless_agent_string_costs_no_memory():
    """Of an agent string a checksum is kept, of its beginning, whatever it holds."""
    long = names_of(Actor(address="192.0.2.1"), "x" * 100_000)
    assert long == names_of(Actor(address="192.0.2.1"), "x" * 512)
    assert len(long[0]) < 40
    assert names_of(Actor(address="192.0.2.1"), "Bj\xf6rk") == names_of(
        Actor(address="192.0.2.1"), b"Bj\xc3\xb6rk".decode("latin-1")
    )


def test_who_cannot_be_told_apart_is_not_judged():
    """Where a log has no address, account or session nobody is held for what others do."""
    visits = Visits(policy(3, after=5))
    assert visits.read(Actor(), 50) == 50


@given(st.text(max_size=60), st.sampled_from(["", "?v=1", "?x=.css", "?a/u/1"]))
def test_what_is_an_asset_depends_on_the_path_alone(path, query):
    """Any text is told to be an asset or not by the end and beginning of its path; a query changes nothing."""
    paths = AssetPaths(AssetPolicy(paths=("/static/",)))
    path = path.replace("?", "")
    wanted = path.startswith("/static/") or path.lower().endswith(AssetPolicy().suffixes)
    assert paths.has(path + query) is wanted


@given(st.integers(0, 10**6))
def test_the_memory_agrees_with_a_naive_one(seed):
    """Whoever had more than `after` pages since the last asset within `days` lacks assets, over any history."""
    chance = random.Random(seed)
    held, now = Assets(), NOW
    held.adopt(policy(3, after=3))
    pages = dict.fromkeys("abc", 0)
    last = dict.fromkeys("abc", float("-inf"))
    for _ in range(60):
        now += chance.choice((1.0, 3600.0, 20 * DAY))
        name = chance.choice("abc")
        actor = Actor(account=name)
        if chance.random() < 0.2:
            held.look(ask("/x.js", actor=actor), now)
            pages[name], last[name] = 0, now
        else:
            held.opened(ask("/u/1", actor=actor), now, member=False)
            pages[name] += 1
        lacks = pages[name] > 3 and now - last[name] > 30 * DAY
        assert held.lacks(actor, "", now) is lacks
