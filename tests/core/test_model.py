"""Scenarios of the learned model: what it finds, what it leads to, and what it never does."""

from __future__ import annotations

import msgspec
import pytest
from tests.core.model_support import learned, weight, with_model
from tests.core.signal_support import START, Site, member

from himaya.core.actor import Actor
from himaya.core.decision import Action, Reason, Standing
from himaya.core.detectors.traits import FEWEST, TRAITS
from himaya.core.exchange import Exchange, Request
from himaya.core.policy import ChallengeBehaviour, Detectors, Enumeration, Ladder, Policy

#: Whoever comes back to nobody is found.
MODEL = learned(first=2.0, threshold=3.0)
NAMES = [trait.name for trait in TRAITS]


# findings --------------------------------------------------------------------------------------


def collects(site: Site, actor: Actor, views: int = FEWEST) -> None:
    """Let somebody open so many people, each once, here and there."""
    for n in range(views):
        site.view(actor, f"p{n * 7919 % 10007}")


def reads(site: Site, actor: Actor) -> None:
    """Let somebody come back to the same people."""
    for n in range(2 * FEWEST):
        site.view(actor, f"p{n % 8}")


def test_a_model_finds_a_collector_and_says_why():
    """The finding names score, threshold, the model and the top reasons; a reader is not found."""
    site = Site(with_model(MODEL))
    collects(site, member("program"))
    reads(site, member("anna"))
    (finding,) = site.of("model")
    assert (finding.actor, finding.value, finding.threshold) == ("account:program", 4.0, 3.0)
    assert finding.because == ("hardly comes back to anybody (+4.0)",)
    assert finding.because[0] in finding.why
    assert MODEL.digest[:8] in finding.why


def ask(site: Site, actor: Actor, subject: str, number: int = 0):
    """Return the decision about one more view."""
    request = Request(id=f"r{number}", actor=actor, target=f"/u/{subject}")
    return site.engine.decide(request, site.now)


def test_a_decision_by_a_model_lists_its_reasons():
    """The challenge that stands after a finding says in words what weighed most."""
    site = Site(with_model(MODEL), mode="enforce")
    collects(site, member("program"))
    decision = ask(site, member("program"), "p1")
    assert decision.action is Action.CHALLENGE
    assert decision.reasons[0].words() == (
        "model found 4 for this account; the threshold is 3: hardly comes back to anybody (+4.0)"
    )


@pytest.mark.parametrize("action", [Action.REDACT, Action.BLOCK])
def test_a_model_never_leads_to_more_than_a_challenge(action):
    """Whatever a policy made by hand says, a model asks and does not refuse."""
    site = Site(with_model(MODEL, action), mode="enforce")
    collects(site, member("program"))
    assert ask(site, member("program"), "p1").action is Action.CHALLENGE


def test_unsolved_challenges_of_a_model_do_not_become_a_refusal():
    """Neither the ladder nor the detector of unsolved challenges turns them into one."""
    asked = ChallengeBehaviour(unsolved=2, action=Action.BLOCK)
    site = Site(with_model(MODEL, challenge_behaviour=asked), mode="enforce")
    policy = msgspec.structs.replace(site.engine.policy, ladder=Ladder(challenges_before_block=2))
    site.engine.reload(policy)
    collects(site, member("program"))
    for n in range(50):
        site.now += 1
        assert ask(site, member("program"), "p1", n).action is Action.CHALLENGE
    assert site.of("challenge_behaviour") == []


def test_a_model_takes_nothing_back_from_a_rule():
    """A block that stands by a rule stays when the model finds the same actor."""
    site = Site(with_model(MODEL), mode="enforce")
    reason = Reason("enumeration", "account", "", 20, 20)
    site.engine.watchers.stand(Standing("account:program", Action.BLOCK, START + 1e6, reason))
    collects(site, member("program"))
    assert site.of("model")
    assert ask(site, member("program"), "p1").action is Action.BLOCK


def test_a_rule_goes_further_than_a_model():
    """Where a rule blocks whom the model only asked, the block stands."""
    walk = Enumeration(action=Action.BLOCK)
    site = Site(with_model(MODEL, enumeration=walk), mode="enforce")
    for n in range(40):
        site.view(member("walker"), f"p{n}")
    assert site.of("model")
    assert ask(site, member("walker"), "p1").action is Action.BLOCK


def test_a_model_that_only_reports_leads_to_nothing():
    """With the default action a finding is a finding."""
    site = Site(with_model(MODEL, Action.ALLOW), mode="enforce")
    collects(site, member("program"))
    assert site.of("model")
    assert ask(site, member("program"), "p1").action is Action.ALLOW


@pytest.mark.parametrize("off", ["enabled", "learned", "action"])
def test_switching_off_ends_what_a_model_decided(off):
    """A reload without the model, with it disabled or only reporting, ends its decisions and no others."""
    site = Site(with_model(MODEL), mode="enforce")
    collects(site, member("program"))
    reason = Reason("enumeration", "account", "", 20, 20)
    site.engine.watchers.stand(Standing("account:walker", Action.BLOCK, START + 1e6, reason))
    policy = site.engine.policy
    model = msgspec.structs.replace(
        policy.detectors.model,
        **{off: {"enabled": False, "learned": None, "action": Action.ALLOW}[off]},
    )
    detectors = msgspec.structs.replace(policy.detectors, model=model)
    site.engine.reload(msgspec.structs.replace(policy, detectors=detectors))
    assert ask(site, member("program"), "p1").action is Action.ALLOW
    assert ask(site, member("walker"), "p1").action is Action.BLOCK


def test_a_reload_that_keeps_the_model_keeps_what_it_decided():
    """A change elsewhere in the policy frees nobody."""
    site = Site(with_model(MODEL), mode="enforce")
    collects(site, member("program"))
    site.engine.reload(site.engine.policy)
    assert ask(site, member("program"), "p1").action is Action.CHALLENGE


def test_cohorts_that_were_not_learned_are_not_judged():
    """A visitor without account is not found, and is counted."""
    site = Site(with_model(MODEL))
    collects(site, Actor(address="192.0.2.9"))
    assert site.of("model") == []
    assert site.engine.watchers.model.strangers == FEWEST


def test_a_score_that_is_no_number_is_no_finding():
    """Weights that add up past the largest number find nobody, stop nobody, and are counted."""
    weights = tuple(weight(name, 1.7e308) for name in NAMES)
    site = Site(with_model(msgspec.structs.replace(MODEL, weights=weights).sealed()))
    collects(site, member("program"))
    assert site.of("model") == []
    assert site.engine.watchers.model.broken == 1


def test_without_a_model_nothing_looks():
    """Off, no detector of that name runs, and look-ups in vain go to nobody else."""
    watchers = Site(Detectors()).engine.watchers
    assert watchers.model is None
    assert "model" not in [each.name for each in watchers.detectors]
    assert watchers._attending == ()


@pytest.mark.parametrize("changes", [{"traits": 99}, {"weights": MODEL.weights[:3]}])
def test_the_model_of_another_release_does_not_run(changes):
    """Replaying what a gate wrote under other traits judges nobody by them."""
    site = Site(with_model(msgspec.structs.replace(MODEL, **changes)))
    collects(site, member("program"))
    assert site.engine.watchers.model is None


# the policy ------------------------------------------------------------------------------------


def test_the_policy_hash_covers_what_a_model_says_and_not_where_it_lies():
    """Another content is another policy; another path, or a copy without the content, is the same."""

    def hash_of(**changes):
        model = msgspec.structs.replace(with_model(MODEL).model, **changes)
        return Policy(detectors=Detectors(model=model)).hash()

    assert hash_of() == hash_of(file="/elsewhere/m.json") == hash_of(learned=None)
    other = learned(first=2.1)
    assert hash_of() != hash_of(digest=other.digest, learned=other)
    assert hash_of() != hash_of(enabled=False)


def test_a_policy_that_is_written_down_has_its_model_in_it():
    """The file of exchanges keeps the weights, so that a replay decides the same."""
    policy = Policy(detectors=with_model(MODEL))
    again = msgspec.json.decode(msgspec.json.encode(policy), type=Policy)
    assert again == policy
    site = Site(again.detectors)
    site.engine.record(Exchange(Request(id="", actor=member("a"), target="/u/p1"), 200), START)
    assert site.engine.watchers.model.tracked() == 1
