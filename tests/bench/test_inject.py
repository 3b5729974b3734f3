"""The price of scraping a site: attackers mixed into its own past traffic, under its own configuration."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from tests.watch.logs import START, line, make_log

from himaya.bench.inject import inject, story
from himaya.bench.inject.people import Site, everybody
from himaya.config import load
from himaya.core.errors import ConfigError, InputError
from himaya.core.facts import AccountFact, Facts
from himaya.core.surface import Surface
from himaya.watch.replay import replay_logs

HEAD = """
[owner]
name = "a"
contact = "a@example.org"
[retention]
identified_days = 31
"""
PROFILE = '[[surface]]\nid = "profile"\nroute = "/u/{subject}"\n'
LISTING = (
    '[[surface]]\nid = "search"\nroute = "/search"\nkind = "listing"\n'
    'max_people = 20\npeople = ["header"]\n'
)
LOOKUP = '[[surface]]\nid = "lookup"\nroute = "/lookup"\nkind = "lookup"\nquery = "phone"\n'
TIGHT = "[budgets]\naccount = { day = 20 }\naddress = { day = 30 }\nsession = {}\nprefix = {}\n"


@pytest.fixture(name="config")
def _config(tmp_path):
    def write(*parts, population=0):
        path = tmp_path / "himaya.toml"
        path.write_text("\n".join([HEAD, f"[site]\npopulation = {population}", *parts]))
        return load(path)

    return write


@pytest.fixture(name="log", scope="module")
def _log(tmp_path_factory):
    path = tmp_path_factory.mktemp("log") / "access.log"
    path.write_text("".join(make_log().make(1500, days=1.0).text()))
    return str(path)


def small(tmp_path, *, people=100, account="-", hours=26.0, first=1):
    """Write a log in which one visitor opens `people` profiles over some hours."""
    step = hours * 3600 / people
    path = tmp_path / "small.log"
    path.write_text(
        "".join(line(START + n * step, f"/u/{n + first}", account=account) for n in range(people))
    )
    return str(path)


def by_id(result):
    return {each.id: each for each in result.attackers}


def test_every_attacker_gets_a_price(log, config):
    """Each kind of operation is told with people, share, first refusal, spend and what 1,000 people cost."""
    result = inject([log], config(TIGHT, PROFILE, LISTING, LOOKUP, population=4000))
    priced = by_id(result)
    assert list(priced) == ["fast", "accounts", "patient", "rotating", "slow", "listing", "lookup"]
    assert result.population == 4000
    assert result.declared
    for each in result.attackers:
        assert each.share == pytest.approx(each.people / 4000, abs=1e-6)
        assert each.before <= each.people
        assert (each.first_refusal is None) == (each.refused == 0)
        if each.people:
            per = each.per_1000
            assert per.requests == pytest.approx(each.spend.requests * 1000 / each.people, abs=0.01)
    assert priced["fast"].spend.accounts == 0
    assert priced["fast"].spend.addresses == 1
    assert priced["accounts"].spend.accounts == 50
    assert priced["patient"].spend.accounts == 300
    assert priced["rotating"].spend.addresses > 100


def test_some_attackers_can_be_chosen(tmp_path, config):
    """`only` prices those alone, with the same figures; an unknown one is named before a log is read."""
    settings, log = config(TIGHT, PROFILE, population=900), small(tmp_path, hours=2.0)
    some = by_id(inject([log], settings, only=("slow", "fast")))
    assert list(some) == ["fast", "slow"]
    assert some["slow"] == by_id(inject([log], settings))["slow"]
    with pytest.raises(InputError, match=r"no attacker of --inject is called .A1.*fast, accounts"):
        inject(["nowhere.log"], settings, only=("A1",))


def test_a_budget_bounds_what_an_attacker_gets(tmp_path, config):
    """In a day and two hours a walker gets its address's day, and again what leaves the window; never more."""
    result = inject([small(tmp_path)], config(TIGHT, PROFILE, population=5000))
    priced = by_id(result)
    # The window of a day slides: within 26 hours an address can be shown 30 people twice.
    assert priced["fast"].before == 30
    assert 30 <= priced["fast"].people <= 60
    assert "the limit is 30" in priced["fast"].why
    # Five addresses with 30 a day bound 50 accounts; solved challenges buy 20 people each.
    accounts = priced["accounts"]
    assert accounts.people <= 5 * 60 + 20 * accounts.spend.solved


def test_without_budgets_everybody_is_taken(tmp_path, config):
    """Where nothing holds, the fast ones run out of people, and it is said that nothing refused them."""
    free = "[budgets]\naccount = {}\naddress = {}\nsession = {}\nprefix = {}\n"
    fast = by_id(inject([small(tmp_path)], config(free, PROFILE, population=500)))["fast"]
    assert (fast.people, fast.share, fast.everybody, fast.refused) == (500, 1.0, True, 0)
    assert fast.last_person_s < 1000
    assert fast.first_refusal is None


def test_the_log_alone_is_refused_as_the_replay_says(log, config):
    """Nobody mixed in, the refusals are those of `himaya replay`."""
    settings = config(TIGHT, PROFILE, population=4000)
    told = replay_logs([log], settings)["decisions"]
    without = inject([log], settings).without
    assert without.refused == told["challenge"] + told["block"] + told["redact"]
    assert without.refused > 0


def test_those_who_share_a_budget_are_harmed(tmp_path, config):
    """A budget of all visitors without an account, used up by the attacker, is paid for by the log's own visitors."""
    shared = "[budgets]\nanonymous = { day = 150 }\naddress = {}\nprefix = {}\nsession = {}\n"
    result = inject([small(tmp_path, first=2000)], config(shared, PROFILE, population=5000))
    assert result.without.refused == 0
    fast = by_id(result)["fast"]
    assert fast.harm.refused > 50
    assert fast.harm.actors == 1
    assert fast.harm.first == ["address:192.0.2.1"]
    assert fast.before <= 150


def test_where_no_budget_is_shared_nobody_is_harmed(tmp_path, config):
    """The attackers' addresses and accounts are nobody else's."""
    result = inject([small(tmp_path, account="u1")], config(TIGHT, PROFILE, LOOKUP, population=900))
    assert all(each.harm.refused == each.harm.actors == 0 for each in result.attackers)


def test_the_log_s_own_exchanges_count_for_its_visitors_only(tmp_path, config):
    """A person whom a visitor of the log was shown is still new to the attacker."""
    settings = config(TIGHT, PROFILE, population=100)
    fast = by_id(inject([small(tmp_path)], settings))["fast"]
    assert fast.before == 30


def test_the_same_input_gives_the_same_result(tmp_path, config):
    """Byte for byte."""
    settings, log = config(TIGHT, PROFILE, LISTING, population=900), small(tmp_path, hours=2.0)
    one, other = inject([log], settings), inject([log], settings)
    assert msgspec.json.encode(one) == msgspec.json.encode(other)


def test_several_logs_are_merged(tmp_path, config, log):
    """Two halves of a log in any order give what the whole gives."""
    lines = Path(log).read_text().splitlines(keepends=True)
    first, second = tmp_path / "1.log", tmp_path / "2.log"
    first.write_text("".join(lines[:700]))
    second.write_text("".join(lines[700:]))
    settings = config(TIGHT, PROFILE, population=3000)
    assert inject([str(second), str(first)], settings) == inject([log], settings)


def test_what_the_price_cannot_say_is_said(tmp_path, config):
    """A short log, no accounts, no declared population, missing kinds of surfaces: each has its sentence."""
    result = inject([small(tmp_path, hours=2.0)], config(TIGHT, PROFILE))
    notes = " ".join(result.notes)
    assert "nothing was sent anywhere" in notes
    assert "population is not declared" in notes
    assert "covers 2.0 hours" in notes
    assert "names no account" in notes
    assert "harvester of listings is left out" in notes
    assert "walker of numbers is left out" in notes
    assert (result.population, result.declared) == (100, False)


def test_accounts_of_a_site_that_names_none_are_seen_by_address(tmp_path, config):
    """Where the log has no accounts, the address's budget bounds a single account too."""
    slow = by_id(inject([small(tmp_path)], config(TIGHT, PROFILE, population=900)))["slow"]
    assert "this address" in slow.why
    slow = by_id(inject([small(tmp_path, account="u1")], config(TIGHT, PROFILE, population=900)))[
        "slow"
    ]
    assert "this account" in slow.why


def test_facts_of_the_site_hold(tmp_path, config):
    """A reader whom the site told to have a tier of their own is not refused by the default budgets."""
    tiers = f"{TIGHT}[budgets.tier.staff]\naccount = {{ day = 1000 }}\naddress = {{}}\n"
    log, settings = small(tmp_path, account="u1"), config(tiers, PROFILE, population=900)
    facts = Facts()
    facts.add(AccountFact("u1", tier="staff"))
    assert inject([log], settings).without.refused > 0
    assert inject([log], settings, facts=facts).without.refused == 0


def test_without_surfaces_it_is_said(log, config):
    """A configuration that declares no surfaces cannot be priced; the error says what to do."""
    with pytest.raises(
        ConfigError, match=r"himaya\.toml: surface: no surface to ask.*himaya discover"
    ):
        inject([log], config())


def test_a_log_of_other_routes_is_said(tmp_path, config):
    """A log without one line on a surface is no past of this configuration."""
    other = PROFILE.replace("/u/", "/person/")
    with pytest.raises(InputError, match="no line of the log belongs to a surface"):
        inject([small(tmp_path)], config(other))


def test_what_cannot_be_read_again_is_refused(config):
    """Standing input is read once, this needs more; no log at all is no past."""
    with pytest.raises(InputError, match="standard input"):
        inject(["-"], config(PROFILE))
    with pytest.raises(InputError, match="needs a log"):
        inject([], config(PROFILE))
    with pytest.raises(InputError, match="absent"):
        inject(["absent.log"], config(PROFILE))


def test_sentences_say_the_same(tmp_path, config):
    """The words name the log, each attacker, its share, its first refusal, its price, and whom it harmed."""
    shared = (
        "[budgets]\nanonymous = { day = 150 }\naddress = { day = 40 }\nprefix = {}\nsession = {}\n"
    )
    result = inject([small(tmp_path, first=2000)], config(shared, PROFILE, population=5000))
    text = "\n".join(story(result))
    assert "100 lines from 2026-03-02T06:00:00Z" in text
    assert "one fast address: " in text
    assert "% of the population." in text
    assert "First refused 2026-03-02T06:0" in text
    assert "1,000 people cost 0 accounts" in text
    assert "Nobody else would have noticed." in text
    assert "more requests" in text


def test_people_beyond_the_log_are_made_up():
    """The population is filled up: with free numbers where ids are numbers, else with words; nobody twice."""
    assert everybody(["3", "1"], 4) == ["1", "2", "3", "4"]
    assert everybody(["ann", "person-1"], 4) == ["ann", "person-1", "person-2", "person-3"]
    assert everybody(["ann"], 0) == ["ann"]


@pytest.mark.parametrize(
    ("route", "target"),
    [
        ("/u/{subject}", "/u/a%20b"),
        ("/p/{slug}", "/p/a%20b"),
        ("/{lang}/u/{subject}/{rest...}", "/1/u/a%20b/"),
    ],
)
def test_routes_are_filled_in(route, target):
    """Whatever a route is made of, the ask belongs to its surface and names the person."""
    ask = Site([Surface(id="s", route=route, people=("header",))]).single("a b")
    assert (ask.target, ask.people) == (target, ("a b",))


def test_a_person_whose_page_belongs_to_another_surface_is_not_asked_for():
    """A route that a more exact one takes over for somebody does not show that person."""
    profile = Surface(id="profile", route="/u/{subject}")
    site = Site([profile, Surface(id="help", route="/u/help")])
    assert site.single("help") is None
    assert site.single("ann") is not None
