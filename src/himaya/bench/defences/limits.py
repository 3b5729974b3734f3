"""Rules that sites use today, in front of the world: what a rule is, and the defence that asks one.

A rule is a model of a real program's rule on the virtual clock; each says in its own file which program, and
`docs/bench_rivals.md` says how far it agrees with it. Rules know requests, addresses and statuses; none knows people.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import msgspec

from himaya.bench.asks import Answer, Ask, Client, Reply
from himaya.bench.defences.base import Exposed, Grouped, passed
from himaya.bench.world.site import World

#: First path segments of the routes that show people: every page of the world but the start page and the settings.
#: Operators put limits there and not on everything: on all routes, honest pages with many parts are refused.
PEOPLE_ROUTES = (
    "u",
    "photo",
    "preview",
    "search",
    "suggest",
    "api",
    "lookup",
    "lookup-mail",
    "import",
    "relatives",
)
_PEOPLE = frozenset(PEOPLE_ROUTES)


def shows_people(target: str) -> bool:
    """Tell whether a request target is one of the people routes.

    >>> shows_people("/u/7"), shows_people("/search?q=name:1"), shows_people("/settings")
    (True, True, False)
    """
    return target.partition("?")[0].split("/", 2)[1] in _PEOPLE


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """What a rule says of one request: does it pass, under which action, how much later."""

    passes: bool
    action: str = "allow"
    delay_s: float = 0.0


PASSES = Verdict(passes=True)
REFUSED = Verdict(passes=False, action="block")


class Rule(Protocol):
    """One rule with one setting. Times are epoch seconds and never go back."""

    #: The status with which the program refuses.
    status: int

    def verdict(self, client: Client, ask: Ask, now: float) -> Verdict:
        """Say whether a request passes; what the rule counts at the door is counted here."""
        ...

    def saw(self, client: Client, ask: Ask, status: int, now: float) -> None:
        """Take the site's answer to a request that passed, as an access log tells it."""
        ...


class Limited:
    """A rule before the site. It keeps no record of people and sets no challenges."""

    def __init__(self, world: World, rule: Rule) -> None:
        """Stand before `world` with an empty `rule`."""
        self._world, self._rule = world, rule
        self._refused = Reply(rule.status, action="block")

    def serve(self, client: Client, ask: Ask, now: float, answer: Answer | None = None) -> Reply:
        """Return the site's answer, late where the rule delays, or a refusal."""
        verdict = self._rule.verdict(client, ask, now)
        if not verdict.passes:
            return self._refused
        reply = passed(self._world, client, ask, answer)
        self._rule.saw(client, ask, reply.status, now)
        if verdict.delay_s:
            return Reply(reply.status, reply.people, verdict.action, verdict.delay_s, reply.more)
        return reply

    def solve(self, client: Client, now: float) -> bool:
        """Return False: there are no challenges."""
        return False

    def exposed(self, actors: Iterable[str]) -> Exposed | None:
        """Return None: a limit records nobody."""
        return None

    def grouped(self, actors: Iterable[str]) -> Grouped | None:
        """Return None: a limit records nobody."""
        return None

    def close(self) -> None:
        """There is nothing to close."""
