"""The card of a model and the result of a check, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from himaya.core.detectors.traits import EVERY, FEWEST, TRAITS
from himaya.core.learned import Learned, Side

#: What a model is for and not for. The words of docs/model.md.
PURPOSE = "To ask accounts whose day looks like those of collectors this site knows for a challenge, or to report them."
NOT_FOR = (
    "The sole ground of a refusal, a case, a letter or the closing of an account: at most it leads to a challenge.",
    "Visitors, API keys and cohorts that are not named below: they are never judged.",
    "Another site, another version of himaya's traits, or any question about who somebody is.",
)
LIMITS = (
    "It knows the collectors that were labelled. What a rule found teaches it that rule again; new ways are not in it.",
    "The threshold was set by the honest accounts that its rate was measured on; it is about accounts like them.",
    "It holds on average over which accounts were labelled, and for a time as long as the newer side.",
    "Labelled accounts are not drawn by chance: whoever never appealed or was never looked into is not in the figures.",
    "A collector who reads the reasons can change its ways. Budgets hold it then.",
)
OFF = (
    "Set [detectors.model] enabled = false (or remove file) and run `himaya config reload`: in force within 10 s,"
    " without a restart. What it decided falls with it; rules and budgets go on."
)
DRIFT = "Run `himaya model check` on new logs, monthly and after each release of the site; train anew when it drifted."


def card_json(learned: Learned) -> dict[str, Any]:
    """Return the card as JSON: the model's content, and the sentences around it."""
    told: dict[str, Any] = msgspec.to_builtins(learned)
    return {
        "purpose": PURPOSE,
        "not_for": list(NOT_FOR),
        "limits": list(LIMITS),
        "drift": DRIFT,
        "off": OFF,
        "described": {"first_at_views": FEWEST, "then_every": EVERY},
        **told,
    }


def card_lines(learned: Learned) -> list[str]:
    """Return the card as Markdown."""
    return [
        f"# Model {learned.digest[:8]} of {learned.made}",
        "",
        f"**For.** {PURPOSE}",
        "",
        "**Not for.**",
        "",
        *(f"- {sentence}" for sentence in NOT_FOR),
        "",
        *_data(learned),
        "",
        *_figures(learned),
        "",
        "**What weighs.** Score = intercept + sum of weight x (value - mean) / scale; what is not known adds nothing.",
        "",
        *_weights(learned),
        "",
        "**Limits.**",
        "",
        *(f"- {sentence}" for sentence in LIMITS),
        "",
        f"**Drift.** {DRIFT}",
        "",
        f"**Off.** {OFF}",
        "",
        f"Policy of the training {learned.policy}; traits version {learned.traits}; SHA-256 {learned.digest}.",
    ]


def _data(learned: Learned) -> Iterator[str]:
    ways = ", ".join(f"{count} by {way}" for way, count in learned.known.items())
    yield (
        f"**Data.** The site's own labels ({ways}), one row per account and day. Learned from"
        f" {_side(learned.trained)}; judged by {_side(learned.held_out)}. Nobody is on both sides. No names are kept."
    )


def _side(side: Side) -> str:
    return (
        f"{side.honest} honest accounts and {side.collectors} collectors on {side.days} actor-days"
        f" from {side.start} to {side.end}"
    )


def _figures(learned: Learned) -> Iterator[str]:
    judged = learned.judged
    cohorts = ", ".join(f"{name} ({count})" for name, count in learned.cohorts.items())
    yield (
        f"**Figures** of the newer side. AUC {judged.auc:.3f}. Honest accounts above the threshold on any day:"
        f" {judged.wrong} (95 %: {_percent(judged.wrong_low)} to {_percent(judged.wrong_high)}; promised: at most"
        f" {_percent(learned.rate)} on average). Collectors: {judged.found} (95 %: {_percent(judged.found_low)} to"
        f" {_percent(judged.found_high)}). Cohorts judged, with their honest accounts: {cohorts}. Of all"
        f" {learned.everybody} actor-days of the logs {learned.flagged} were above it."
    )


def _weights(learned: Learned) -> Iterator[str]:
    yield "| trait | weight | high means | low means |"
    yield "|---|---|---|---|"
    rows = zip(TRAITS, learned.weights, strict=True)
    for trait, each in sorted(rows, key=lambda row: -abs(row[1].weight)):
        yield f"| {trait.name} | {each.weight:+.2f} | {trait.high} | {trait.low} |"
    yield ""
    yield f"Intercept {learned.intercept:+.2f}, threshold {learned.threshold:.2f}."


def check_lines(told: Mapping[str, Any]) -> Iterator[str]:
    """Yield the result of a check in words."""
    if not told["actor_days"]:
        yield "Nobody of the model's cohorts had a day with enough views, so nothing can be said."
        return
    yield (
        f"Model {told['model'][:8]} on {told['actor_days']:,} actor-days"
        f" ({told['of_other_cohorts']:,} more of cohorts it does not judge)."
    )
    if told["left_out"]:
        yield f"{told['left_out']:,} descriptions found no room and are in no figure."
    for one in told["traits"]:
        unknown = one["unknown"]
        yield (
            f"  {one['trait']:<8} {one['state']:<8} index {one['index']:.3f} (by chance up to {one['by_chance']:.3f}),"
            f" not known {_percent(unknown['then'])} then, {_percent(unknown['now'])} now"
        )
    flagged = told["flagged"]
    yield f"Actor-days above the threshold: {_rate(flagged['then'])} then, {_rate(flagged['now'])} now."
    for kind, rate in told["labels"].items():
        if rate["of"]:
            yield f"Labelled {kind}: {_rate(rate)} above it."
    if told["drifted"]:
        yield f"Drifted: {', '.join(told['drifted'])}. Train anew, or switch the model off."


def _rate(rate: Mapping[str, Any]) -> str:
    low, high = rate["ci95"]
    return f"{rate['count']:,} of {rate['of']:,} (95 %: {_percent(low)} to {_percent(high)})"


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %" if share < 0.995 else "100 %"
