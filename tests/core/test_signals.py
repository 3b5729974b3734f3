"""Scenarios of the signals: what each finds of collectors, and what it leaves alone of honest people."""

from __future__ import annotations

import pytest
from tests.core.signal_support import START, Site, member, paces

from himaya.core.actor import Actor
from himaya.core.decision import Action, Reason, Standing
from himaya.core.detectors.recent import Recent
from himaya.core.exchange import Exchange, Person, Request, Response
from himaya.core.facts import AccountFact, NearFact
from himaya.core.policy import (
    Bounds,
    Detectors,
    Drift,
    Evidence,
    Impostor,
    Misses,
    Provenance,
    Regularity,
)

#: Nobody has to vote before runs are judged.
JUDGES = Detectors(provenance=Provenance(share=0.0))


# misses --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hits", [0.03, 0.10])
def test_misses_finds_guessers_within_a_few_dozen_look_ups(hits):
    """Whoever tries numbers that hit in 3 or 10 of a hundred is found within 60 look-ups, whatever the chances."""
    for seed in range(20):
        chance, site = paces(seed), Site()
        for n in range(60):
            site.looks_up(member("guesser"), f"p{n}" if chance.random() < hits else "")
        first = site.of("misses")[0]
        assert first.actor == "account:guesser"
        assert "look-ups found nobody" in first.why


@pytest.mark.parametrize("misses", [0.3, 0.4, 0.5])
def test_misses_leaves_an_address_book_alone(misses):
    """Fifty contacts of whom up to half are not on the site are not found, whatever their order."""
    for seed in range(60):
        chance, site = paces(seed), Site()
        for n in range(50):
            site.looks_up(member("new"), "" if chance.random() < misses else f"p{n}")
        assert site.of("misses") == []


def test_misses_finds_the_network_of_guessers_that_share_the_work():
    """Forty addresses of one network with five look-ups each are found as the network, and no address alone."""
    site = Site()
    for n in range(200):
        site.looks_up(Actor(address=f"203.0.113.{n % 40}"), "")
    assert {finding.actor for finding in site.of("misses")} == {
        "prefix:203.0.113.0/24",
        "surface:lookup",
    }


def test_misses_finds_a_fingerprint_class_and_a_surface_across_networks():
    """One tool that comes from a new network with each look-up is found by its fingerprint class and the surface."""
    site = Site()
    for n in range(120):
        site.looks_up(Actor(address=f"10.{n // 250}.{n % 250}.1", fingerprint="t13d"), "")
    assert [finding.actor for finding in site.of("misses")] == [
        "fingerprint:t13d",
        "surface:lookup",
    ]


def test_misses_of_a_surface_are_found_behind_a_month_of_honest_look_ups():
    """Honest look-ups do not use up what is needed to see a change: a flood is found as soon as on the first day."""
    site, chance = Site(), paces(3)
    for n in range(3000):
        honest = member(f"m{n % 300}", f"10.1.{n % 200}.1")
        site.looks_up(honest, "" if chance.random() < 0.3 else f"p{n}", 800.0)
    assert site.of("misses") == []
    for n in range(80):
        site.looks_up(Actor(address=f"10.2.{n}.1"), "")
    assert {finding.actor for finding in site.of("misses")} == {"surface:lookup"}


def test_misses_is_not_misled_by_a_number_one_knows():
    """Asking for the one known number between guesses changes nothing."""
    site = Site()
    for _ in range(40):
        site.looks_up(member("guesser"), "known")
        site.looks_up(member("guesser"), "")
    assert site.of("misses")[0].actor == "account:guesser"


def test_misses_challenges_strangers_and_shuts_nobody_out():
    """What stands for a network or a surface is a challenge at most, and members of the site are not asked."""
    site = Site(Detectors(misses=Misses(action=Action.BLOCK)), mode="enforce")
    for n in range(200):
        site.looks_up(Actor(address=f"203.0.113.{n % 40}"), "")
    assert site.engine.watchers.standing["prefix:203.0.113.0/24"].action is Action.CHALLENGE
    assert site.engine.watchers.standing["surface:lookup"].action is Action.CHALLENGE
    elsewhere = Actor(address="198.51.100.1")
    for target, action in (("/lookup?phone=1", Action.CHALLENGE), ("/u/p1", Action.ALLOW)):
        request = Request(id=target, actor=elsewhere, target=target)
        assert site.engine.decide(request, site.now).action is action
    stranger = Request(id="a", actor=Actor(address="203.0.113.200"), target="/u/p1")
    assert site.engine.decide(stranger, site.now).action is Action.CHALLENGE
    neighbour = Request(id="b", actor=member("anna", "203.0.113.201"), target="/u/p1")
    assert site.engine.decide(neighbour, site.now).action is Action.ALLOW


def test_what_strangers_did_at_an_address_is_not_held_against_its_members():
    """A finding about strangers of an address stands for its strangers; members who sign in from there pass."""
    site = Site(Detectors(misses=Misses(action=Action.CHALLENGE)), mode="enforce")
    for _ in range(60):
        site.looks_up(Actor(address="203.0.113.7"), "")
    assert "address:203.0.113.7" in site.engine.watchers.standing
    asked = {
        "stranger": (Actor(address="203.0.113.7"), Action.CHALLENGE),
        "member": (member("anna", "203.0.113.7"), Action.ALLOW),
        "program": (Actor(address="203.0.113.7", key="k1"), Action.ALLOW),
    }
    for name, (actor, action) in asked.items():
        request = Request(id=name, actor=actor, target="/u/p1")
        assert site.engine.decide(request, site.now).action is action


# provenance ----------------------------------------------------------------------------------------


def test_provenance_finds_profiles_that_no_list_showed():
    """A session that opens thirty profiles no list had shown is found, without any Referer."""
    site = Site(JUDGES)
    for n in range(40):
        site.view(member("walker"), f"p{n * 37}")
    (finding,) = site.of("provenance")
    assert (finding.actor, finding.value) == ("account:walker", 30)


def test_provenance_leaves_people_who_come_by_lists_alone():
    """Whoever opens the people a list showed, with a link from a friend now and then, is not found."""
    site, chance = Site(JUDGES), paces(1)
    for page in range(30):
        shown = [f"p{page * 20 + n}" for n in range(20)]
        site.lists(member("anna"), shown)
        for subject in chance.sample(shown, 5):
            site.view(member("anna"), subject)
        site.view(member("anna"), f"friend{page}")
    assert site.of("provenance") == []


def test_provenance_is_a_session_s_own():
    """What was listed to one session is no provenance for another: a list that is handed on is found."""
    site = Site(JUDGES)
    for n in range(40):
        site.lists(member("scout"), [f"p{n}"])
        site.view(member("worker"), f"p{n}")
    assert [finding.actor for finding in site.of("provenance")] == ["account:worker"]


def test_provenance_counts_the_surfaces_that_are_named():
    """Where the configuration names the surfaces that count as lists, no other one does."""
    site = Site(Detectors(provenance=Provenance(share=0.0, surfaces=("photo",))))
    for n in range(40):
        site.lists(member("reader"), [f"p{n}"])
        site.view(member("reader"), f"p{n}")
        site.ask(member("looker"), f"/photo/p{n}", 1.0, None)
        site.view(member("looker"), f"p{n}")
    assert [finding.actor for finding in site.of("provenance")] == ["account:reader"]


def test_provenance_says_nothing_after_a_list_that_nobody_could_read():
    """A session that was shown a list whose people are unknown is not judged."""
    site = Site(JUDGES)
    site.ask(member("anna"), "/search", 1.0, None)
    for n in range(60):
        site.view(member("anna"), f"p{n}")
    assert site.of("provenance") == []


def test_provenance_judges_where_members_come_by_lists():
    """On a site whose members come by other ways nobody is found; where they come by lists, a walker is."""
    by_lists, by_mail = Site(), Site()
    for n in range(60):
        anna = member(f"m{n}")
        by_lists.lists(anna, [f"p{n}", f"q{n}", f"r{n}", f"s{n}"])
        for subject in (f"p{n}", f"q{n}", f"r{n}", f"s{n}"):
            by_lists.view(anna, subject)
            by_mail.view(anna, subject)
    for site in (by_lists, by_mail):
        for n in range(40):
            site.view(member("walker"), f"x{n}")
    assert [finding.actor for finding in by_lists.of("provenance")] == ["account:walker"]
    assert by_mail.of("provenance") == []


# evidence ------------------------------------------------------------------------------------------

ANNA = tuple(NearFact("anna", f"f{n}") for n in range(40))


def test_evidence_finds_a_patient_collector():
    """One new far person a minute, far below every budget, is found, and the finding says what weighed."""
    site = Site(facts=ANNA)
    for n in range(200):
        site.view(member("patient"), f"p{n * 7}")
    (finding,) = {finding.detector: finding for finding in site.of("evidence")}.values()
    assert finding.actor == "account:patient"
    assert "new far" in finding.why
    assert finding.value > finding.threshold


def test_evidence_leaves_a_reader_at_95_alone_and_finds_a_collector_at_60():
    """A reader with 95 views, most of friends, again and again, is not found; a collector with 60 is."""
    site = Site(Detectors(evidence=Evidence(established=35.0)), facts=ANNA)
    chance = paces(5)
    for n in range(95):
        circle = [f"f{k}" for k in range(40)]
        subject = chance.choice(circle) if chance.random() < 0.7 else f"far{n}"
        site.view(member("anna"), subject)
    for n in range(60):
        site.view(member("collector"), f"p{n * 7}")
    assert [finding.actor for finding in site.of("evidence")] == ["account:collector"]


def test_evidence_takes_the_people_everybody_looks_at_for_little():
    """Whoever reads those whom many read gathers less than whoever opens people nobody looks at."""
    site = Site(Detectors(evidence=Evidence(established=45.0)))
    for reader in range(60):
        for star in range(50):
            site.view(member(f"m{reader}"), f"star{star}", 1.0)
    for n in range(49):
        site.view(member("fan"), f"star{n}")
        site.view(member("digger"), f"cold{n}")
    assert [finding.actor for finding in site.of("evidence")] == ["account:digger"]


def test_evidence_goes_by_cohort():
    """The same fifty views are much for a stranger and little for somebody who pays for searching."""
    facts = (AccountFact("paid", tier="recruiter"), AccountFact("new", created=START))
    site = Site(
        Detectors(evidence=Evidence(anonymous=10.0, established=20.0, new=90.0, paid=90.0)),
        facts=facts,
    )
    stranger = Actor(address="192.0.2.9")
    for n in range(80):
        for actor in (stranger, member("paid"), member("new"), member("old")):
            site.view(actor, f"{actor.name}-{n}", 30.0)
    found = list(dict.fromkeys(finding.actor for finding in site.of("evidence")))
    assert found == ["address:192.0.2.9", "account:old"]


def test_evidence_lets_go_of_whoever_becomes_a_reader():
    """After a finding, coming back to the same people brings the sum down again."""
    site = Site(Detectors(evidence=Evidence(established=10.0)))
    for n in range(60):
        site.view(member("ben"), f"p{n}")
    assert site.of("evidence")
    for _ in range(20):
        site.view(member("ben"), "p1")
    assert site.engine.watchers.detectors[6].tracked() == 0


# regularity ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("spread", [0.0, 0.1, 0.3])
def test_regularity_finds_a_timer(spread):
    """Pages every eight seconds, give or take up to 30 percent, are found after 64 gaps."""
    site, chance = Site(), paces(2)
    for n in range(80):
        site.view(member("timer"), f"p{n}", 8.0 * (1 + spread * (2 * chance.random() - 1)))
    (finding,) = site.of("regularity")
    assert (finding.actor, finding.threshold) == ("account:timer", 2.5)


def test_regularity_has_no_negative_zero():
    """Of a clock the finding says 0.00 bits, with no sign before it."""
    site = Site()
    for n in range(80):
        site.view(member("timer"), f"p{n}", 8.0)
    (finding,) = site.of("regularity")
    assert str(finding.value) == "0.0"
    assert ": 0.00 bits" in finding.why


def test_regularity_leaves_reading_alone():
    """Pauses as people make them are not found, nor pictures that come with pages."""
    for seed in range(40):
        site, chance = Site(), paces(seed)
        for n in range(200):
            site.view(member("anna"), f"p{n}", chance.lognormvariate(4.0, 1.0))
            site.ask(member("anna"), f"/photo/p{n}", 0.3, None)
        assert site.of("regularity") == []


def test_regularity_does_not_judge_keys():
    """A program with a key may be a program."""
    site = Site()
    for n in range(200):
        site.view(Actor(key="k1", address="192.0.2.1"), f"p{n}", 5.0)
    assert site.of("regularity") == []


# drift ---------------------------------------------------------------------------------------------


def test_drift_finds_each_undeclared_field_once():
    """The first answer with a mail address is found, the next is not; another field on the same surface is."""
    site, reader = Site(), member("anna")
    for fields in (("name",), ("name", "email"), ("name", "email"), ("name", "email", "phone")):
        site.ask(reader, "/search", 5.0, (Person("p1", fields), Person("p2", fields)))
    found = site.of("drift")
    assert [finding.actor for finding in found] == ["surface:search"] * 2
    assert ["'email'" in found[0].why, "'phone'" in found[1].why] == [True, True]


def test_drift_strips_where_the_door_can_and_the_policy_says_so():
    """With `strip` the door is told to take the field out, who passes has it no more, and it is still found."""
    request = Request(id="1", actor=member("anna"), target="/search", sees_body=True)
    response = Response("1", 200, (Person("p1", ("name", "email")),), can_trim=True)
    for strip, mode in ((True, "enforce"), (True, "shadow"), (False, "enforce")):
        site = Site(Detectors(drift=Drift(strip=strip)), mode=mode)
        site.engine.decide(request, site.now)
        admission = site.engine.admit(response, site.now)
        effects = site.engine.record(Exchange(request, 200, admission.people), site.now)
        strips = strip and mode == "enforce"
        assert admission.strip == (("email",) if strips else ())
        assert admission.people == (Person("p1", ("name",) if strips else ("name", "email")),)
        assert [e.finding.detector for e in effects if hasattr(e, "finding")] == ["drift"]


def test_drift_remembers_a_bounded_number_of_fields():
    """Ten thousand made-up field names leave no more than the bound."""
    site = Site()
    for n in range(10_000):
        site.ask(member("anna"), "/search", 0.1, (Person("p1", ("name", f"x{n}")),))
    assert site.engine.watchers.drift.tracked() <= 2 * 4096


# all -----------------------------------------------------------------------------------------------


def test_signals_hold_a_bounded_number_of_actors():
    """A flood of actors, sessions and guesses leaves each detector with no more state than its bound."""
    site = Site(JUDGES, bounds=Bounds(standing=100, principals=1000))
    for n in range(3000):
        actor = Actor(
            account=f"a{n}",
            address=f"10.{n // 250}.{n % 250}.1",
            session=f"s{n}",
            fingerprint=f"f{n}",
        )
        site.looks_up(actor, "", 1.0)
        site.lists(actor, [f"p{n}", f"q{n}"], 1.0)
        site.view(actor, f"x{n}", 1.0)
    assert all(each.tracked() <= 100 for each in site.engine.watchers.detectors)


def test_recent_people_are_bounded_for_each_and_for_all():
    """One actor keeps its last people only, and all together no more than eight per actor of the bound."""
    recent = Recent(2000)
    for n in range(2000):
        recent.add("one", (f"p{n}",))
    assert recent.has("one", "p1999")
    assert not recent.has("one", "p1000")
    assert recent.total <= 512
    for n in range(3000):
        recent.add(f"a{n}", tuple(f"p{n}-{k}" for k in range(20)))
    assert len(recent) <= 2000
    assert recent.total <= 16_000
    assert recent.has("a2999", "p2999-0")


def test_signals_are_the_same_at_every_run():
    """The same exchanges give the same findings, word for word."""

    def play() -> list[object]:
        site, chance = Site(JUDGES, facts=ANNA), paces(9)
        for n in range(400):
            site.view(member(f"m{n % 4}"), f"p{chance.randrange(500)}", chance.expovariate(0.02))
            site.looks_up(member("g"), "" if chance.random() < 0.9 else f"p{n}")
        return list(site.findings)

    assert play() == play() != []


def test_thresholds_hold_when_actors_are_unknown_to_the_site():
    """Without any facts nobody is near or new, and a collector is still found."""
    site = Site(Detectors(regularity=Regularity(bits=0.1)))
    for n in range(400):
        site.view(member("patient"), f"p{n * 7}")
    assert [finding.detector for finding in site.findings if finding.detector == "evidence"]


# challenge behaviour -------------------------------------------------------------------------------


def challenged(site, actor, number):
    """Return what an actor with a standing challenge gets, and settle it."""
    request = Request(id=f"{actor.name}{number}", actor=actor, target=f"/u/p{number}")
    decision = site.engine.decide(request, site.now)
    effects = site.engine.record(Exchange(request, 403, refused=True), site.now)
    site.findings += [effect.finding for effect in effects if hasattr(effect, "finding")]
    return decision.action


def stand(site, actor):
    """Let a challenge stand for an actor."""
    reason = Reason("breadth", "address", "", 1, 0)
    site.engine.watchers.stand(Standing(actor.name, Action.CHALLENGE, site.now + 1e6, reason))


def test_challenge_behaviour_finds_whoever_goes_on_without_solving():
    """Ten challenges in a row without a solution are found; whoever solves the ninth begins anew."""
    site = Site(mode="enforce")
    stubborn, person = Actor(address="192.0.2.1"), Actor(address="198.51.100.1")
    for actor in (stubborn, person):
        stand(site, actor)
    for n in range(12):
        assert challenged(site, stubborn, n) is Action.CHALLENGE
        assert challenged(site, person, n) is Action.CHALLENGE
        if n == 8:
            assert site.engine.clear("c1", person, site.now)
            site.engine.clearances.purses.clear()
    assert {finding.actor for finding in site.of("challenge_behaviour")} == {"address:192.0.2.1"}


def test_challenge_behaviour_finds_a_network_where_nobody_solves_anything():
    """Twenty-five challenged addresses of one network without a solution are found; with one solution they are not."""
    site = Site(mode="enforce")
    for n in range(30):
        for network in ("192.0.2", "198.51.100"):
            actor = Actor(address=f"{network}.{n}")
            stand(site, actor)
            challenged(site, actor, n)
            if network == "198.51.100" and n == 20:
                assert site.engine.clear("c1", actor, site.now)
    found = {finding.actor for finding in site.of("challenge_behaviour")}
    assert found == {"prefix:192.0.2.0/24"}


# impostor ------------------------------------------------------------------------------------------

CRAWLERS = Detectors(impostor=Impostor(crawlers={"Searchbot": ("192.0.2.0/24",)}))


@pytest.mark.parametrize(
    ("agent", "address", "found"),
    [
        ("Mozilla/5.0 (compatible; searchbot/2.1)", "198.51.100.7", True),
        ("Mozilla/5.0 (compatible; Searchbot/2.1)", "192.0.2.7", False),
        ("Mozilla/5.0 (X11; Linux x86_64)", "198.51.100.7", False),
    ],
)
def test_impostor_finds_a_claim_from_a_foreign_address(agent, address, found):
    """A known crawler's name from elsewhere is found; from its own networks, or without a claim, nothing is."""
    site = Site(CRAWLERS, mode="enforce")
    request = Request(id="", actor=Actor(address=address), target="/u/p1", agent=agent)
    effects = site.engine.record(Exchange(request, 200), site.now)
    findings = [effect.finding for effect in effects if hasattr(effect, "finding")]
    assert [(f.detector, f.claimed) for f in findings] == [("impostor", "Searchbot")] * found
    assert not site.engine.watchers.standing
