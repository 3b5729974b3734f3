"""Training: from labels to a model that says how good it is, or why there is none."""

from __future__ import annotations

import math

import msgspec
import pytest
from tests.core.model_support import learned
from tests.watch.model.making import BEGAN, day, past, values

from himaya.config import loads
from himaya.core.actor import Actor
from himaya.core.effect import RaiseFinding
from himaya.core.engine import Engine
from himaya.core.errors import InputError
from himaya.core.exchange import Exchange, Request
from himaya.core.learned import parse
from himaya.core.policy import Detectors, Model
from himaya.watch.model.days import Past, Recorder, Replaying
from himaya.watch.model.labels import read_labels
from himaya.watch.model.shift import by_chance, drift, stability
from himaya.watch.model.training import _sides, highest, train

NOW = 1_790_000_000.0


def test_a_model_tells_what_it_was_taught():
    """Collectors score above honest accounts, the trait that differs weighs, what is unknown does not."""
    told, labels = past()
    model = train(told, labels, 0.05, NOW)
    weights = {each.trait: each.weight for each in model.weights}
    assert weights["first"] > 0.3
    assert weights["near"] == weights["misses"] == 0
    assert model.judged.auc > 0.95
    assert model.score(values(0.9)) > model.threshold > model.score(values(0.3))


def test_its_figures_can_be_counted_again():
    """Sizes, dates, labels by kind, and the honest accounts above the threshold are as counted by hand."""
    told, labels = past()
    model = train(told, labels, 0.05, NOW)
    by_actor = {}
    for each in told.days:
        by_actor.setdefault(each.name, []).append(each)
    new = _sides(by_actor, labels).new
    honest = [highest(model, days) for name, days in new.items() if labels[name].label == "honest"]
    assert model.held_out.honest == len(honest)
    assert model.judged.wrong == sum(one > model.threshold for one in honest)
    assert model.judged.wrong + 1 <= (len(honest) + 1) * 0.05
    assert model.known == {"appeal": 120, "case": 60}
    assert model.cohorts == {"established": len(honest)}
    assert model.everybody == len(told.days)


def test_nobody_is_on_both_sides_and_the_older_days_teach():
    """Each account is on one side; every day learned from is before every day judged by."""
    told, labels = past()
    by_actor = {}
    for each in told.days:
        by_actor.setdefault(each.name, []).append(each)
    sides = _sides(by_actor, labels)
    assert not sides.old.keys() & sides.new.keys()
    oldest = max(each.day for days in sides.old.values() for each in days)
    assert oldest < min(each.day for days in sides.new.values() for each in days)


def test_the_same_past_gives_the_same_model():
    """Training has no chance in it."""
    assert train(*past(), 0.05, NOW) == train(*past(), 0.05, NOW)


def test_a_model_holds_no_identities_and_reads_back():
    """No account stands in the file, and the file is what was trained."""
    told, labels = past()
    model = train(told, labels, 0.05, NOW)
    data = msgspec.json.encode(model)
    assert parse(data) == model
    assert not [
        name for name in labels if name.removeprefix("account:").encode() in data.split(b'"')
    ]


@pytest.mark.parametrize(
    ("sizes", "words"),
    [
        ((49, 60, 4), "49 honest accounts and 60 collectors .* 50 of each"),
        ((60, 10, 4), "60 honest accounts and 10 collectors"),
        ((120, 60, 1), "no date cuts 1 days in two"),
    ],
)
def test_too_few_labels_or_days_are_refused_with_numbers(sizes, words):
    """Training says what there is and what is needed."""
    with pytest.raises(InputError, match=words):
        train(*past(*sizes), 0.05, NOW)


def test_a_rate_that_the_labels_do_not_bear_is_refused():
    """One in a thousand cannot be promised of sixty accounts."""
    with pytest.raises(InputError, match=r"a rate of 0\.001 needs at least 999 honest accounts"):
        train(*past(), 0.001, NOW)


def test_separable_labels_give_finite_weights():
    """Where one trait tells all, the ridge keeps its weight finite."""
    told, labels = past()
    plain = [
        day(each.name.removeprefix("account:"), each.day - BEGAN, float("account:c" in each.name))
        for each in told.days
    ]
    model = train(Past(tuple(plain), 0, ""), labels, 0.05, NOW)
    assert all(math.isfinite(each.weight) for each in model.weights)
    assert (model.judged.auc, model.judged.wrong) == (1.0, 0)


def test_the_gate_finds_whom_the_training_flagged():
    """The same exchanges through an engine with the model give findings for exactly the actors above the threshold."""
    model = learned(first=2.0, threshold=2.0)
    config = loads('[[surface]]\nid = "profile"\nroute = "/u/{subject}"\n')
    replaying = Replaying(config, None)
    settings = Detectors(model=Model(file="m", learned=model))
    live = Engine(msgspec.structs.replace(config.policy(), detectors=settings))
    found = set()
    for number, (name, people) in enumerate(
        (f"a{who}", people) for people in (4, 9, 14, 40) for who in range(3) for _ in range(32)
    ):
        actor = Actor(account=f"{name}-{people}")
        request = Request(id="", actor=actor, target=f"/u/{number % people}")
        replaying.add(Exchange(request, 200), NOW + 40 * number)
        effects = live.record(Exchange(request, 200), NOW + 40 * number)
        found |= {e.finding.actor for e in effects if isinstance(e, RaiseFinding)} - {""}
    flagged = {
        each.name for each in replaying.past().days if highest(model, [each]) > model.threshold
    }
    assert found == flagged
    assert len(flagged) == 6


def test_a_recorder_is_bounded_but_for_labelled_accounts():
    """Past the bound further descriptions of unlabelled actors are counted, not kept."""
    config = loads('[[surface]]\nid = "profile"\nroute = "/u/{subject}"\n')
    recorder = Recorder(100, {"account:known"}, most=3)
    engine = Engine(config.policy())
    engine.watchers.attend(recorder)
    for name in ("a", "b", "known"):
        for n in range(32):
            request = Request(id="", actor=Actor(account=name), target=f"/u/{n}")
            engine.record(Exchange(request, 200), NOW + n)
    assert recorder.left_out == 3
    assert recorder.tracked() == 2
    assert {len(each.packed) for each in recorder.days.values()} == {3}


def test_a_day_has_a_bounded_number_of_descriptions():
    """Whoever opens pages all day is described by the first 511 and the last, labelled or not."""
    made = day("busy", 0, 0.0)
    for n in range(1, 2000):
        made.add(values(n / 2000))
    assert len(made.packed) == 512
    assert made.last()[0] == 1999 / 2000


def test_the_first_days_are_a_run_up():
    """An engine that begins knows nobody, so the days of the run-up are read and not described."""
    config = loads('[[surface]]\nid = "profile"\nroute = "/u/{subject}"\n')
    replaying = Replaying(config, None, run_up=1)
    for number in range(48):
        request = Request(id="", actor=Actor(account="a"), target=f"/u/{number % 16}")
        replaying.add(Exchange(request, 200), NOW + 5400 * number)
    assert [each.day for each in replaying.past().days] == [NOW // 86400 + 1, NOW // 86400 + 2]


# labels ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", r":1: not a label"),
        ('\n{"account": "a", "label": "bot"}\n', r":2: not a label"),
        ('{"account": "a", "label": "honest", "known": "Anna said so"}', "not a label"),
        ('{"account": "a", "label": "honest", "name": "Anna"}', "not a label"),
        ('{"account":"a","label":"honest"}\n{"account":"a","label":"collector"}', r":2: account a"),
        ("\udcff", "not a label"),
    ],
)
def test_a_line_that_is_no_label_is_named(tmp_path, text, words):
    """File and line are told, and nothing is guessed; how a label is known is one of a few words."""
    (tmp_path / "labels").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(InputError, match=words):
        read_labels(tmp_path / "labels")


# drift -----------------------------------------------------------------------------------------


def test_the_same_days_do_not_drift():
    """On the days it was made of nothing moved, and as many are flagged as then."""
    told, labels = past()
    model = train(told, labels, 0.05, NOW)
    found = drift(model, told, labels)
    assert {one["state"] for one in found["traits"]} == {"steady"}
    assert found["flagged"]["then"] == found["flagged"]["now"]
    assert found["labels"]["collector"]["of"] == 60


def test_other_days_drift():
    """Where everybody behaves as collectors did, the trait is named and the flags rise."""
    model = train(*past(), 0.05, NOW)
    others = [day(f"x{n}", 0, 0.85 + n % 7 / 100) for n in range(200)]
    found = drift(model, Past(tuple(others), 0, ""), {})
    assert "first" in found["drifted"]
    assert found["flagged"]["now"]["count"] > found["flagged"]["then"]["count"] / 4


def test_a_trait_that_is_no_longer_told_drifts():
    """A site that stops telling something changes every figure of it: unknown has a bin of its own."""
    model = train(*past(), 0.05, NOW)
    silent = [day(f"x{n}", 0, math.nan) for n in range(200)]
    assert "first" in drift(model, Past(tuple(silent), 0, ""), {})["drifted"]


def test_a_shift_by_chance_is_told_from_a_shift():
    """The index of equal shares is 0; what chance alone explains shrinks with the sample."""
    assert stability((0.5, 0.5), (0.5, 0.5), (100, 100)) == 0
    assert by_chance(10, (50, 50)) > by_chance(10, (5000, 5000)) > 0
    assert by_chance(10, (1000, 1000)) == pytest.approx(16.919 * 2 / 1000, rel=0.01)
