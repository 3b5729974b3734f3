"""What one configuration limits: who comes which way, and which routes show people in which way.

Whoever comes without an account, with one, with an API key or in a named tier is a class of access; so is everybody who
asks a list, a look-up or an operation. Which budgets hold for a class is asked of the engine's own table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from himaya.config import Config
from himaya.core.actor import Actor
from himaya.core.budget import Known, Principal, Principals
from himaya.core.surface import Surface
from himaya.core.window import UNIT, UNLIMITED

#: Somebody of whom everything is known that a budget is kept for; address and number are reserved for documents.
#: Sources: RFC 5737, RFC 5398.
_ANYBODY = Actor(address="192.0.2.1", session="s", asn=64496, fingerprint="f")

#: Kinds of principals that make a limit for the class itself: what all share, or what is cheap to change, does not.
_OWN = {
    "anonymous": ("address", "prefix", "visitor", "visitor_prefix", "anonymous"),
    "account": ("account",),
    "key": ("key",),
}


class Limit(NamedTuple):
    """The limit of one class under one configuration, in words; `gap` says what is missing, "" for nothing."""

    access: str
    limit: str
    gap: str


def limits_of(config: Config) -> Iterator[Limit]:
    """Yield the limit of every class, those of routes after those of people."""
    principals = Principals(config.policy())
    for name, actor, known, own in _people(config):
        found = [one for one in principals.of(actor, known=known) if _is_limited(one)]
        held = {kind for kind, _, _ in found}
        yield Limit(name, _words(found), _gap(config, held, own))
    for name, is_one in _ROUTES.items():
        surfaces = [surface for surface in config.surfaces if is_one(surface)]
        yield Limit(name, _declared(surfaces), _undeclared(config, surfaces))


def _people(config: Config) -> Iterator[tuple[str, Actor, Known, tuple[str, ...]]]:
    member, program = Actor(account="a"), Actor(key="k")
    yield "without an account", _ANYBODY, Known(), _OWN["anonymous"]
    for name, known in (
        ("with a new account", Known(new=True)),
        ("with an account", Known()),
        *((f"with an account of tier {tier}", Known(tier)) for tier in sorted(config.tiers)),
    ):
        yield name, _like(member), known, _OWN["account"]
    yield "with an API key", _like(program), Known(), _OWN["key"]


def _like(actor: Actor) -> Actor:
    return Actor(
        account=actor.account,
        key=actor.key,
        address=_ANYBODY.address,
        session=_ANYBODY.session,
        asn=_ANYBODY.asn,
        fingerprint=_ANYBODY.fingerprint,
    )


def _is_limited(principal: Principal) -> bool:
    return any(units < UNLIMITED for units in principal[2])


def _words(found: list[Principal]) -> str:
    """Return the limits in words: `account 100 an hour, 300 a day; address …`; people are weighted."""
    return "; ".join(f"{kind} {_per_window(limits)}" for kind, _, limits in found)


def _per_window(limits: tuple[int, int, int]) -> str:
    spans = zip(limits, ("an hour", "a day", "a month"), strict=True)
    return ", ".join(f"{units / UNIT:g} {span}" for units, span in spans if units < UNLIMITED)


def _gap(config: Config, held: set[str], own: tuple[str, ...]) -> str:
    if not held:
        return "no limit: no budget holds for whoever comes this way"
    if not held & {*own}:
        others = ", ".join(sorted(held))
        return f"no limit of its own ({', '.join(own)}): only {others}"
    return _unenforced(config)


def _unenforced(config: Config) -> str:
    return "" if config.mode == "enforce" else "counted, and nobody is refused: shadow mode"


#: Ways in which routes show people. A list and an operation are asked for many at once.
_ROUTES: dict[str, Callable[[Surface], bool]] = {
    "by profiles": lambda one: one.kind in {"profile", "media"} and not one.operation,
    "by lists": lambda one: one.kind == "listing" and not one.operation and not one.batch,
    "by look-ups": lambda one: one.kind == "lookup" and not one.operation,
    "by GraphQL operations": lambda one: bool(one.operation),
    "by batches": lambda one: bool(one.batch),
}


def _declared(surfaces: list[Surface]) -> str:
    if not surfaces:
        return ""
    return "the limits of whoever asks; " + ", ".join(
        f"{one.id} (unread: {one.max_people})" for one in surfaces
    )


def _undeclared(config: Config, surfaces: list[Surface]) -> str:
    if not surfaces:
        return "none is declared: if the site has such routes, nobody is counted there"
    return _unenforced(config)
