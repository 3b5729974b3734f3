"""The card of a model and the result of a check: every figure, and never more than the figures say."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest
from tests.watch.model.making import day

from himaya.cli.model_view import (
    DRIFT,
    LIMITS,
    NOT_FOR,
    OFF,
    PURPOSE,
    card_json,
    card_lines,
    check_lines,
)
from himaya.core.detectors.traits import EVERY, FEWEST, TRAITS, VERSION
from himaya.core.learned import FORMAT, Judged, Learned, Side, Weight
from himaya.watch.model.days import Past
from himaya.watch.model.shift import drift


def weight(name: str, size: float = 0.0) -> Weight:
    """Return the weight of a trait."""
    shares = (0.5, 0.4)
    return Weight(
        trait=name, mean=0.2, scale=0.1, weight=size, edges=(0.5,), shares=shares, unknown=0.1
    )


SIZES = {"first": 1.5, "near": -2.25}
MODEL = Learned(
    format=FORMAT,
    traits=VERSION,
    made="2026-03-20",
    policy="08a51c8c55eca1a5",
    intercept=-0.5,
    weights=tuple(weight(trait.name, SIZES.get(trait.name, 0.0)) for trait in TRAITS),
    threshold=1.25,
    rate=0.01,
    cohorts={"established": 300, "new": 17},
    trained=Side(start="2026-03-02", end="2026-03-05", honest=320, collectors=90, days=900),
    held_out=Side(start="2026-03-06", end="2026-03-08", honest=317, collectors=85, days=700),
    judged=Judged(
        auc=0.98765,
        wrong=3,
        wrong_low=0.002,
        wrong_high=0.027,
        found=85,
        found_low=0.958,
        found_high=1.0,
    ),
    known={"appeal": 600, "drill": 212},
    everybody=4321,
    flagged=99,
).sealed()


def told(**changes: Any) -> dict[str, Any]:
    """Return the result of a check with these changes."""
    base = {
        "model": MODEL.digest,
        "actor_days": 1200,
        "of_other_cohorts": 34,
        "left_out": 0,
        "traits": [
            {
                "trait": "first",
                "weight": 1.5,
                "index": 0.0123,
                "by_chance": 0.02,
                "unknown": {"then": 0.1, "now": 0.05},
                "state": "steady",
            }
        ],
        "flagged": {
            "then": {"count": 99, "of": 4321, "ci95": [0.0186, 0.0278]},
            "now": {"count": 1200, "of": 1200, "ci95": [0.9969, 1.0]},
        },
        "labels": {
            "honest": {"count": 1, "of": 60, "ci95": [0.0004, 0.089]},
            "collector": {"count": 0, "of": 0, "ci95": [0.0, 1.0]},
        },
        "drifted": [],
    }
    return {**base, **changes}


def test_the_card_has_every_sentence_and_figure():
    """For, not for, data of both sides, figures with their intervals, limits, drift, off and the digest."""
    text = "\n".join(card_lines(MODEL))
    for sentence in (PURPOSE, *NOT_FOR, *LIMITS, DRIFT, OFF):
        assert sentence in text
    assert text.startswith(f"# Model {MODEL.digest[:8]} of 2026-03-20\n")
    assert "(600 by appeal, 212 by drill)" in text
    assert (
        "320 honest accounts and 90 collectors on 900 actor-days from 2026-03-02 to 2026-03-05"
        in text
    )
    assert (
        "317 honest accounts and 85 collectors on 700 actor-days from 2026-03-06 to 2026-03-08"
        in text
    )
    assert "AUC 0.988." in text
    assert "3 (95 %: 0.2 % to 2.7 %; promised: at most 1 % on average)" in text
    assert "Collectors: 85 (95 %: 96 % to 100 %)" in text
    assert "established (300), new (17)" in text
    assert "Of all 4321 actor-days of the logs 99 were above it." in text
    assert f"traits version {VERSION}; SHA-256 {MODEL.digest}." in text


def test_weights_stand_in_the_order_of_what_they_weigh():
    """One row for each trait, the largest first whatever its sign, with the words for high and low."""
    rows = [line for line in card_lines(MODEL) if line.startswith("| ")][1:]
    assert len(rows) == len(TRAITS)
    near = next(trait for trait in TRAITS if trait.name == "near")
    assert rows[0] == f"| near | -2.25 | {near.high} | {near.low} |"
    assert rows[1].startswith("| first | +1.50 |")
    assert "Intercept -0.50, threshold 1.25." in card_lines(MODEL)


def test_the_card_in_json_is_the_model_and_its_sentences():
    """Everything the file holds under its own names, and what stands around it in words."""
    card = card_json(MODEL)
    assert {name: card[name] for name in Learned.__struct_fields__} == msgspec.to_builtins(MODEL)
    assert set(card) - set(Learned.__struct_fields__) == {
        "purpose", "not_for", "limits", "drift", "off", "described",
    }  # fmt: skip
    assert card["not_for"] == list(NOT_FOR)
    assert card["described"] == {"first_at_views": FEWEST, "then_every": EVERY}


def test_a_check_says_every_trait_and_rate():
    """Sizes, one line a trait, what was flagged then and now, and labels of a kind that was seen."""
    then, now = (
        "99 of 4,321 (95 %: 1.9 % to 2.8 %) then",
        "1,200 of 1,200 (95 %: 100 % to 100 %) now",
    )
    assert list(check_lines(told())) == [
        f"Model {MODEL.digest[:8]} on 1,200 actor-days (34 more of cohorts it does not judge).",
        "  first    steady   index 0.012 (by chance up to 0.020), not known 10 % then, 5 % now",
        f"Actor-days above the threshold: {then}, {now}.",
        "Labelled honest: 1 of 60 (95 %: 0.04 % to 8.9 %) above it.",
    ]


def test_what_found_no_room_is_said():
    """Descriptions past the bound are in no figure, and their number is."""
    said = "1,234 descriptions found no room and are in no figure."
    assert said in list(check_lines(told(left_out=1234)))
    assert not any("room" in line for line in check_lines(told()))


def test_a_check_of_nobody_says_that_it_says_nothing():
    """Without a day to describe there are no figures to print, and none is needed."""
    assert list(check_lines({"actor_days": 0})) == [
        "Nobody of the model's cohorts had a day with enough views, so nothing can be said."
    ]


@pytest.mark.parametrize("drifted", [["first"], ["first", "pace"]])
def test_drift_ends_with_what_to_do(drifted):
    """The last line names the traits that drifted; without any there is no such line."""
    assert [*check_lines(told(drifted=drifted))][-1] == (
        f"Drifted: {', '.join(drifted)}. Train anew, or switch the model off."
    )
    assert "Drifted" not in "\n".join(check_lines(told()))


def test_the_words_of_json_are_those_of_the_page(root):
    """docs/model.md names every key and state of a check, and a check gives no other."""
    real = drift(MODEL, Past((day("a", 0, 0.3),), 0, MODEL.policy), {})
    assert set(real) == set(told())
    assert set(real["traits"][0]) == set(told()["traits"][0])
    assert next(check_lines(real)).endswith(
        "on 1 actor-days (0 more of cohorts it does not judge)."
    )
    page = (root / "docs/model.md").read_text().split("## Drift")[1].split("\n## ")[0]
    for name in (*set(real) - {"model"}, "index", "by_chance", "state", "then", "now"):
        assert re.search(rf"`{name}(\[\])?`", page), name
    for state in ("steady", "moved", "drifted"):
        assert f"`{state}`" in page
