"""The honest crowd: drawn from published figures, the same for the same seed, and nobody of it collects anybody."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import numpy as np
import pytest
from tests.bench.crowd_support import (
    BROWSING,
    DAY_S,
    crowd,
    drawn,
    events_of,
    group_of,
    opened,
    profiles,
    told,
)

from himaya.bench.crowd import figures as fig
from himaya.bench.crowd.group import Setting
from himaya.bench.crowd.groups import GROUPS
from himaya.bench.crowd.newcomers import address_book
from himaya.bench.crowd.plan import draw, shares
from himaya.bench.crowd.strangers import craze
from himaya.bench.run import START
from himaya.bench.world.knobs import Knobs
from himaya.bench.world.site import World
from himaya.core.errors import InputError
from himaya.core.facts import AccountFact, NearFact

PAGE = Path(__file__).resolve().parents[2] / "docs/bench_crowd.md"
IDS = [group.id for group in GROUPS]


def per_day(plan, *ids: str) -> tuple[list[int], list[float]]:
    """Return distinct profiles per member and day of some groups, and how much each counts by natural share."""
    sizes, counts, weights = plan.sizes(), [], []
    for (member, _), people in profiles(plan).items():
        place = plan.group_of[member]
        if plan.groups[place].id in ids:
            counts.append(len(people))
            weights.append(plan.groups[place].natural / sizes[place])
    return counts, weights


def quantile(counts: list[int], weights: list[float], share: float) -> int:
    """Return the count below which a share of the weight lies."""
    order = np.argsort(counts)
    running = np.cumsum(np.array(weights)[order])
    return int(np.array(counts)[order][np.searchsorted(running, share * running[-1])])


def batch_of_imports(plan) -> list[int]:
    """Return how many numbers each import held."""
    return [len(e.ask.numbers) for e in events_of(plan, "newcomer") if e.ask.target == "/import"]


# the plan ----------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_crowd():
    """Two draws from one seed agree byte for byte in every event and fact; another seed gives another crowd."""
    first, again = (drawn(5, 200, Knobs(people=600), 1.0) for _ in range(2))
    assert told(first) == told(again)
    assert repr(first.facts) == repr(again.facts)
    assert told(drawn(6, 200, Knobs(people=600), 1.0)) != told(first)


@pytest.mark.parametrize("days", [0.5, 1.0, 3.0, 9.5])
def test_events_are_in_order_and_within_the_run(days):
    """Events are sorted by time, none lies outside the run, and every begun day of it has some."""
    times = [event.at for event in crowd(150, 400, days).events]
    assert times == sorted(times)
    assert times[0] >= START
    assert times[-1] < START + days * DAY_S
    assert {int((at - START) // DAY_S) for at in times} == set(range(int(np.ceil(days))))


@pytest.mark.parametrize("days", [0.5, 1.0, 3.0])
def test_everybody_of_a_run_comes(days):
    """Whoever is counted as a member of a run comes at least once: nobody makes a rate look better by staying away."""
    plan = crowd(150, 400, days)
    assert {event.member for event in plan.events} == set(range(len(plan.group_of)))


@pytest.mark.parametrize("members", [80, 450, 3000])
def test_every_group_has_members(members):
    """Each group has at least five members in any run."""
    assert min(shares(GROUPS, members)) >= 5


def test_three_seeds_give_500_members_of_every_group():
    """Three runs with 3,000 members have at least 500 members of each group, and regular members are the most."""
    sizes = dict(zip(IDS, shares(GROUPS, 3000), strict=True))
    assert {name: n for name, n in sizes.items() if 3 * n < 500} == {}
    assert max(sizes, key=sizes.get) == "regular"
    assert sum(sizes.values()) == pytest.approx(3000, abs=len(sizes))


def test_a_world_that_is_too_small_is_refused():
    """A crowd that needs more accounts than there are people is an error that says what to do."""
    with pytest.raises(InputError, match=r"100.*ask for fewer members"):
        drawn(1, 400, Knobs(people=100), 1.0)


def test_natural_shares_are_whole():
    """The natural shares of all groups sum to one, and each group says where its figures come from."""
    assert sum(group.natural for group in GROUPS) == pytest.approx(1.0)
    assert all(group.source and group.title and 0 < group.natural < 1 for group in GROUPS)
    assert len(set(IDS)) == len(IDS) == 16


# how much people look at -------------------------------------------------------------------------


@pytest.mark.parametrize("weighted", [True, False], ids=["natural shares", "as drawn"])
def test_profiles_a_day_are_near_the_pilot(weighted):
    """Distinct profiles per member and day lie near p50 11, p90 40, p99 94, and nobody is far beyond 160."""
    counts, weights = per_day(crowd(1500, 6000, 2.0), *BROWSING)
    weights = weights if weighted else [1.0] * len(counts)
    p50, p90, p99 = (quantile(counts, weights, share) for share in (0.5, 0.9, 0.99))
    assert 8 <= p50 <= 14
    assert 30 <= p90 <= 50
    assert 70 <= p99 <= 130
    # A sitting may go on past midnight, so that a few people of the day before are counted with the next.
    assert max(counts) <= fig.PROFILES_MAX * 1.2


def test_the_size_of_a_run_is_as_stated():
    """A member causes 50 to 73 events in three days: 150,000 to 220,000 with 3,000 members."""
    plan = crowd(600, 4000, 3.0)
    assert 50 <= len(plan.events) / len(plan.group_of) <= 73


@pytest.mark.parametrize(
    ("intensity", "least", "most"), [(0.5, 0.4, 0.65), (2.0, 1.6, 2.2), (4.0, 3.0, 4.3)]
)
def test_intensity_scales_what_is_looked_at(intensity, least, most):
    """Half, twice and four times as busy means so many times as many profiles, within what a small world has."""
    usual, busier = crowd(300, 4000), crowd(300, 4000, 1.0, intensity)
    views = [sum(1 for event in plan.events if opened(event)) for plan in (usual, busier)]
    assert least <= views[1] / views[0] <= most


def test_browsing_is_mostly_silent():
    """About 92 % of the pages of regular members only look; the rest changes something (IMC 2009)."""
    pages = [
        e.ask.target for e in events_of(crowd(), "regular") if not e.ask.target.startswith("/photo")
    ]
    acts = pages.count("/settings") / len(pages)
    assert acts == pytest.approx(1 - fig.SILENT_SHARE, abs=0.03)


def test_a_sitting_lasts_about_half_an_hour():
    """Sittings of regular members last about half an hour on average, as measured (IMC 2009)."""
    spans: dict[tuple[int, int], list[float]] = {}
    for event in events_of(crowd(450, 2000), "regular"):
        spans.setdefault((event.member, event.visit), []).append(event.at)
    minutes = [(times[-1] - times[0]) / 60 for times in spans.values() if len(times) > 1]
    assert np.mean(minutes) == pytest.approx(fig.SITTING_MINUTES, rel=0.35)


def test_nights_are_quiet():
    """In the four quietest hours of the day there is less than a third of the traffic of the four busiest."""
    hours = Counter(
        int((e.at - START) // 3600) % 24 for e in events_of(crowd(450, 2000), "regular", "mobile")
    )
    busy = sorted(hours[hour] for hour in range(24))
    assert sum(busy[:4]) < sum(busy[-4:]) / 3


def test_offices_rest_on_weekends():
    """On a Saturday and Sunday an office looks at a fraction of a working day's people."""
    plan = crowd(300, 600, 7.0)
    days = Counter(
        int((e.at - START) // DAY_S) for e in events_of(plan, "office", "support", "recruiter")
    )
    assert max(days[5], days[6]) < 0.5 * min(days[day] for day in range(5))


def test_most_people_looked_at_are_near():
    """More than half of the views of regular members are of friends or of their community; some are of strangers."""
    plan, world = drawn(1, 200, Knobs(people=2000), 1.0), World(Knobs(people=2000), 1)
    near = []
    for event in events_of(plan, "regular"):
        if opened(event):
            me, other = (world.names.person(n) for n in (event.client.actor.account, opened(event)))
            friends = other in world.friends.of(me).tolist()
            near.append(friends or world.people.community[me] == world.people.community[other])
    assert 0.5 < np.mean(near) < 0.95


def test_nobody_asks_at_a_pace_no_person_has():
    """No member opens more than 120 people's profiles within an hour, or sees more than 700 people a day."""
    plan = crowd(1500, 6000, 2.0)
    assert max(len(people) for people in profiles(plan, 3600.0).values()) <= 120
    seen: dict[tuple[int, int], set[str]] = {}
    for event in plan.events:
        key = event.member, int((event.at - START) // DAY_S)
        seen.setdefault(key, set()).update(person.subject for person in event.answer.people)
    assert max(map(len, seen.values())) <= 700


# who they are to a front door --------------------------------------------------------------------


def test_logged_out_groups_have_no_accounts():
    """No event of a group that does not sign in names an account, and none of its members is a fact."""
    plan = crowd()
    out = [group.id for group in GROUPS if not group.signed_in]
    assert out == ["visitor", "viral", "search_engine", "researcher"]
    assert {event.client.actor.account for event in events_of(plan, *out)} == {""}


def test_accounts_are_told_as_they_are():
    """Every account of the crowd is a told fact with the same creation and tier as its requests carry."""
    plan = crowd()
    facts = {fact.account: fact for fact in plan.facts if isinstance(fact, AccountFact)}
    for event in plan.events:
        actor = event.client.actor
        if actor.account:
            fact = facts[actor.account]
            assert (actor.account_created, actor.tier) == (fact.created, fact.tier)
            assert fact.batch.endswith(f" {int(fact.created // 3600)}")
    assert {facts[e.client.actor.account].tier for e in events_of(plan, "support")} == {"staff"}
    assert {facts[e.client.actor.account].tier for e in events_of(plan, "recruiter")} == {
        "recruiter"
    }


def test_nobody_is_told_by_a_label():
    """Nothing that a front door sees of a client names its group."""
    for event in crowd().events:
        actor = event.client.actor
        seen = f"{actor.session} {actor.key} {actor.account} {actor.fingerprint}"
        assert group_of(crowd(), event) not in seen


def test_newcomers_are_new_to_the_facts():
    """Newcomers' accounts are minutes to a day old at their first visit, some made in the run; no friends are told."""
    plan = crowd(300, 1000, 2.0)
    first: dict[str, float] = {}
    created: dict[str, float] = {}
    for event in events_of(plan, "newcomer"):
        actor = event.client.actor
        if actor.account:
            first.setdefault(actor.account, event.at)
            created[actor.account] = actor.account_created
    ages = [first[name] - created[name] for name in first]
    assert min(ages) >= 180.0
    assert max(ages) <= DAY_S
    assert any(at > START for at in created.values())
    assert not {fact.viewer for fact in plan.facts if isinstance(fact, NearFact)} & set(created)


def test_a_first_day_has_all_its_parts():
    """Newcomers import address books in batches, look people up, miss some, follow about fifty, search colleagues."""
    plan = crowd(600, 4000)
    asks = Counter(e.ask.target.split("?")[0].split("/")[1] for e in events_of(plan, "newcomer"))
    assert min(asks["import"], asks["lookup"], asks["lookup-mail"], asks["search"]) > 0
    assert any(event.answer.status == 404 for event in events_of(plan, "newcomer"))
    followed = [
        len(people)
        for (m, _), people in profiles(plan).items()
        if IDS[plan.group_of[m]] == "newcomer"
    ]
    assert 30 <= np.median(followed) <= 65
    assert max(batch_of_imports(plan)) == 50


def test_an_address_book_is_of_known_people_and_others():
    """An address book holds the numbers of all known people and is filled up with numbers of anybody."""
    world = World(Knobs(people=500), 1)
    known = [3, 4, 5]
    book = address_book(world, known, 40, Random(1))
    assert len(book) == 40
    assert {world.people.phones.of(person) for person in known} <= set(book)


def test_people_without_scripts_have_none():
    """Nobody of the group without JavaScript runs any, and all ordinary browsers of the others do."""
    plan = crowd()
    assert {event.client.script for event in events_of(plan, "no_script")} == {False}
    browsers = [
        e
        for e in events_of(plan, *BROWSING, "visitor", "newcomer")
        if e.client.actor.fingerprint != "messenger"
    ]
    ran = {event.client.script for event in browsers if group_of(plan, event) != "no_script"}
    assert ran == {True}
    assert not [e for e in events_of(plan, "no_script") if e.ask.target.startswith("/suggest")]


def test_a_screen_reader_takes_longer_for_as_many_people():
    """A person with a screen reader looks at as many people with more page-loads and half the pace."""
    plan = crowd(1500, 6000, 2.0)
    ours, theirs = (per_day(plan, name)[0] for name in ("screen_reader", "regular"))
    assert np.median(ours) == pytest.approx(np.median(theirs), rel=0.3)
    loads = [
        len(events_of(plan, name)) / sum(per_day(plan, name)[0])
        for name in ("screen_reader", "regular")
    ]
    assert loads[0] > 1.15 * loads[1]


def test_shared_addresses_are_shared():
    """An office is behind one address, a campus behind four, a carrier's customers behind eight; telephones change."""
    plan = crowd(1500, 6000, 2.0)
    places: dict[str, dict[int, set[str]]] = {}
    for event in events_of(plan, "office", "campus", "carrier_nat", "mobile"):
        if event.client.actor.fingerprint != "messenger":
            own = places.setdefault(group_of(plan, event), {})
            own.setdefault(event.member, set()).add(event.client.actor.address)
    assert len(set().union(*places["office"].values())) == -(
        -len(places["office"]) // fig.PER_OFFICE
    )
    assert len(set().union(*places["campus"].values())) == 4
    assert len(set().union(*places["carrier_nat"].values())) == 8
    assert max(map(len, places["mobile"].values())) == 3
    assert any(":" in address for own in places["mobile"].values() for address in own)


def test_some_of_an_office_and_of_tor_are_not_signed_in():
    """An office has visitors beside members, and Tor users mostly do not sign in; relays and exits are both used."""
    plan = crowd()
    for name in ("office", "tor"):
        accounts = {bool(event.client.actor.account) for event in events_of(plan, name)}
        assert accounts == {True, False}
    prefixes = {e.client.actor.address.rpartition(".")[0] for e in events_of(plan, "tor")}
    assert {"192.0.2", "198.51.100"} <= prefixes


def test_a_viral_day_is_one_day_and_one_person():
    """Everybody of the viral day comes within one day and looks at the same person first."""
    setting = Setting(World(Knobs(people=1000), 1), START, 3.0, 1.0)
    begun, lasts, star = craze(setting)
    events = events_of(draw(GROUPS, 300, setting, 1), "viral")
    assert all(begun <= event.at <= begun + lasts + 3600 for event in events)
    looked = {event.member for event in events if opened(event) == setting.world.subject(star)}
    assert looked == {event.member for event in events}
    assert int((begun - START) // DAY_S) == int((begun + lasts - START) // DAY_S)


def test_machines_are_modest():
    """A crawler's address fetches a steady handful of profiles a day, a researcher never more pages than the quota."""
    plan = crowd(300, 1000, 2.0)
    crawled = Counter(
        (e.member, int((e.at - START) // DAY_S)) for e in events_of(plan, "search_engine")
    )
    assert {7, 8, 9} >= set(crawled.values())
    pages = Counter((e.member, int((e.at - START) // DAY_S)) for e in events_of(plan, "researcher"))
    assert max(pages.values()) <= fig.RESEARCH_QUOTA
    keys = {(e.client.actor.key != "", e.client.actor.tier) for e in events_of(plan, "researcher")}
    assert keys == {(True, "research")}
    assert all("bot" in e.client.agent for e in events_of(plan, "search_engine"))


def test_a_messenger_fetches_the_cards_of_shared_links():
    """Link previews are fetched by a machine of its own, logged out, as visits of their own."""
    plan = crowd(450, 2000)
    cards = [event for event in plan.events if event.ask.target.startswith("/preview/")]
    assert cards
    assert {(e.client.actor.account, e.client.script) for e in cards} == {("", False)}
    alone = Counter((event.member, event.visit) for event in plan.events)
    assert all(alone[event.member, event.visit] == 1 for event in cards)


@pytest.mark.parametrize("ids", ["random", "per-viewer"])
def test_links_lead_somewhere_whatever_the_ids(ids):
    """With random and per-viewer ids every link that an honest person follows leads to a page."""
    missing = [e for e in crowd(200, 600, 1.0, 1.0, ids).events if e.answer.status == 404]
    assert all(event.ask.target.startswith("/lookup") for event in missing)


def test_people_see_their_own_page():
    """Now and then members look at their own profile."""
    own = [
        e for e in events_of(crowd(), "regular")
        if e.answer.people and e.answer.people[0].subject == e.client.actor.account
    ]  # fmt: skip
    assert own


# the page ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("group", GROUPS, ids=IDS)
def test_the_page_shows_every_group(group):
    """docs/bench_crowd.md has a row for each group with its id, title, members of a run and natural share."""
    size = dict(zip(IDS, shares(GROUPS, 3000), strict=True))[group.id]
    share = f"{100 * group.natural:.4g} %"
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith(f"| `{group.id}` |")]
    assert len(rows) == 1
    cells = [cell.strip() for cell in rows[0].strip("|").split("|")]
    assert cells[1:4] == [group.title, str(size), share]


FIGURES = [name for name in vars(fig) if name.isupper()]


@pytest.mark.parametrize("name", FIGURES)
def test_the_page_shows_every_figure(name):
    """docs/bench_crowd.md names each figure of the crowd, so that none is hidden."""
    assert f"`{name}`" in PAGE.read_text()
