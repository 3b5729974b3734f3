"""What is allowed but probably not meant: sentences for `himaya config check` and the start of a gate."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from himaya.config.config import Config
from himaya.core.decision import Action
from himaya.core.policy import Budget, Budgets


def warnings(config: Config) -> list[str]:
    """Return one sentence per thing the operator should know; an empty list is a good sign."""
    checks: tuple[Callable[[Config], Iterator[str]], ...] = (
        _nobody_declared,
        _unseen,
        _one_person_listings,
        _fields_nobody_shows,
        _headers_nobody_may_send,
        _open_windows,
        _lone_canaries,
    )
    return [sentence for check in checks for sentence in check(config)]


def unmatched(config: Config, matched: Iterable[str]) -> list[str]:
    """Return a sentence for each surface whose route matched nothing, given the ids that did.

    Only a log or live traffic can tell, so the rooms that read them ask. No log tells operations of one route apart.
    """
    seen = set(matched)
    return [
        f'surface "{s.id}": the route {s.route} matched no request.'
        for s in config.surfaces
        if s.id not in seen and not s.operation
    ]


def _nobody_declared(config: Config) -> Iterator[str]:
    if not config.surfaces:
        yield "no [[surface]] is declared: nobody is counted. `himaya discover LOG` proposes some."


def _unseen(config: Config) -> Iterator[str]:
    for name in config.unseen_surfaces():
        yield (
            f'surface "{name}": its people cannot be seen; it is left out, by name, of every exact'
            " or bounded claim. Set people to header, json, links or app."
        )


def _one_person_listings(config: Config) -> Iterator[str]:
    for surface in config.surfaces:
        if surface.kind == "listing" and surface.max_people == 1:
            yield (
                f'surface "{surface.id}": a listing with max_people = 1; an answer that nobody saw'
                " is charged as one person."
            )


def _fields_nobody_shows(config: Config) -> Iterator[str]:
    shown = {field for surface in config.surfaces for field in surface.fields}
    if config.surfaces:
        for field in config.fields:
            if field not in shown:
                yield f"fields.{field}: no surface shows this field."


def _headers_nobody_may_send(config: Config) -> Iterator[str]:
    actor = config.actor
    if actor.trusted_proxies:
        return
    for key in ("account_header", "tier_header", "fingerprint_header", "asn_header"):
        if getattr(actor, key):
            yield (
                f"actor.{key}: believed only from trusted_proxies, and none is listed."
                " A front door that shows the gate's secret is believed too."
            )


def _lone_canaries(config: Config) -> Iterator[str]:
    """Yield why canaries lead to nothing: none are listed, or all are of one place."""
    acts = config.detectors.canary.action is not Action.ALLOW
    if not config.canaries.file and acts:
        yield "detectors.canary.action: no canaries are listed ([canaries] file), so nothing follows."
    if config.canaries.file and len(set(config.canary_places.values())) < 2:
        yield "canaries.file: fewer than two places: no two canaries are independent, so nothing follows from any."


def _open_windows(config: Config) -> Iterator[str]:
    yield from _open(config.budgets, "budgets")
    for name, tier in config.tiers.items():
        yield from _open(tier, f"budgets.tier.{name}")


def _open(budgets: Budgets, key: str) -> Iterator[str]:
    for kind in Budgets.__struct_fields__:
        budget = getattr(budgets, kind)
        if budget is not None and budget != Budget() and budget.day is None:
            yield f"{key}.{kind}: no limit per day."
