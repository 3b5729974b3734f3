"""`himaya forecast`: whom a policy would have slowed, challenged, cut short or refused, cohort by cohort.

The past is decided again by the new policy and, to compare, by the old one. Nobody can know who would have solved
a challenge, so each policy is tried at both ends: nobody solves, and everybody who may be a person at a browser
solves at once. What is true lies between. Shares carry Wilson's 95 % interval over actors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from himaya.core.engine import Engine
from himaya.core.exchange import Exchange
from himaya.core.facts import Facts
from himaya.core.policy import Policy
from himaya.core.rates import wilson
from himaya.watch.cohorts import cohort_of, rank
from himaya.watch.crawlers import claimed_crawler
from himaya.watch.free import Free
from himaya.watch.result import iso
from himaya.watch.shown import MAX_ACTORS
from himaya.watch.trial import Met, Trial

#: Actors that are named one by one in the outcome.
NAMED = 200

_RESTRICTED = Met.CHALLENGE | Met.REDACT | Met.BLOCK
_MEASURES: dict[str, Met] = {
    "throttled": Met.THROTTLE,
    "challenged": Met.CHALLENGE,
    "redacted": Met.REDACT,
    "blocked": Met.BLOCK,
    "withheld": Met.WITHHELD,
    "restricted": _RESTRICTED,
}

Solves = Callable[[Exchange], bool]


def browser_like(exchange: Exchange) -> bool:
    """Tell whether a person at a browser may have sent this: its agent says so and claims no program."""
    agent = exchange.request.agent
    return agent.startswith("Mozilla/") and "Headless" not in agent and not claimed_crawler(agent)


def without_key(exchange: Exchange) -> bool:
    """Tell the same where no agent is known: everybody may be a person but who comes with an API key."""
    return not exchange.request.actor.key


class Ends:
    """One policy at both ends. Without challenges in it both are the same."""

    def __init__(self, policy: Policy, facts: Facts | None, solves: Solves) -> None:
        """Try `policy`; `solves` says who might solve a challenge."""
        self.nobody = Trial(policy, facts)
        both = policy.ladder.challenge
        self.solving = Trial(policy, facts, solves=solves) if both else self.nobody

    def add(self, exchange: Exchange, at: float) -> None:
        """Decide about one exchange, at both ends."""
        self.nobody.add(exchange, at)
        if self.solving is not self.nobody:
            self.solving.add(exchange, at)

    @property
    def engines(self) -> list[Engine]:
        """Return the engine of each end."""
        ends = [self.nobody] if self.solving is self.nobody else [self.nobody, self.solving]
        return [trial.engine for trial in ends]

    def people(self, actors: Sequence[str]) -> dict[str, int]:
        """Return how many different people these actors get."""
        return {
            "nobody_solves": self.nobody.shown.of_all(actors),
            "browsers_solve": self.solving.shown.of_all(actors),
        }

    def measures(self, actors: Sequence[str], found: Mapping[str, object]) -> dict[str, Any]:
        """Return how many of these actors ever met each measure; `found` are those who stand out."""
        told = {name: self._rate(actors, what) for name, what in _MEASURES.items()}
        others = [actor for actor in actors if actor not in found]
        return {**told, "restricted_unfound": self._rate(others, _RESTRICTED)}

    def _rate(self, actors: Sequence[str], what: Met) -> dict[str, Any]:
        size, none = len(actors), Met(0)
        nobody, solving = (
            sum(1 for actor in actors if trial.met.get(actor, none) & what)
            for trial in (self.nobody, self.solving)
        )
        low, high = min(nobody, solving), max(nobody, solving)
        return {
            "nobody_solves": nobody,
            "browsers_solve": solving,
            "of": size,
            "share": [round(low / size, 6), round(high / size, 6)] if size else [0.0, 0.0],
            "ci95": [wilson(low, size)[0], wilson(high, size)[1]],
        }


class Forecast:
    """A forecast under way: give it exchanges in the order of time, then ask for the outcome."""

    def __init__(
        self,
        new: Policy,
        old: Policy | None = None,
        facts: Facts | None = None,
        *,
        solves: Solves = browser_like,
    ) -> None:
        """Try `new`, and `old` to compare, on the same past."""
        self._free = Free(new, facts)
        self._ends = {"new": Ends(new, facts, solves)}
        if old is not None:
            self._ends["old"] = Ends(old, facts, solves)
        self._cohorts: dict[str, str] = {}
        self.exchanges = self.beyond = 0
        #: The engines that decide: they want requests for assets, too.
        self.engines = [engine for ends in self._ends.values() for engine in ends.engines]

    def add(self, exchange: Exchange, at: float) -> None:
        """Decide about one exchange of the past."""
        self.exchanges += 1
        self._free.add(exchange, at)
        for ends in self._ends.values():
            ends.add(exchange, at)
        actor = exchange.request.actor
        if actor.name in self._cohorts:
            return
        if len(self._cohorts) >= MAX_ACTORS:
            self.beyond += 1
            return
        self._cohorts[actor.name] = cohort_of(actor, self._free.engine.accounts, at)

    def outcome(self, known: Mapping[str, Sequence[str]] | None = None) -> dict[str, Any]:
        """Return the words of `himaya forecast --json` (docs/forecast.md); `known` are actors of known cases."""
        found = [name for name in self._free.found if name in self._cohorts]
        suspects = dict.fromkeys([*found, *(each for of in (known or {}).values() for each in of)])
        by_cohort: dict[str, list[str]] = {}
        for actor, cohort in self._cohorts.items():
            by_cohort.setdefault(cohort, []).append(actor)
        return {
            "policies": {name: ends.nobody.policy.hash() for name, ends in self._ends.items()},
            "exchanges": self.exchanges,
            "actors": len(self._cohorts),
            "exchanges_of_actors_beyond_bound": self.beyond,
            "all": self._group(list(self._cohorts), suspects),
            "cohorts": [
                {"cohort": cohort, **self._group(by_cohort[cohort], suspects)}
                for cohort in sorted(by_cohort, key=rank)
            ],
            "stand_out": self._standing_out(found),
            "stand_out_in_all": len(found),
            "known": [
                {"case": case, "actors": len(actors), "people": self._people(actors)}
                for case, actors in (known or {}).items()
            ],
            "first_restricted": self._first(suspects),
        }

    def _group(self, actors: list[str], suspects: Mapping[str, object]) -> dict[str, Any]:
        return {
            "actors": len(actors),
            "standing_out": sum(1 for actor in actors if actor in suspects),
            "people": self._people(actors),
            **{name: ends.measures(actors, suspects) for name, ends in self._ends.items()},
        }

    def _people(self, actors: Sequence[str]) -> dict[str, Any]:
        told = {name: ends.people(actors) for name, ends in self._ends.items()}
        return {"without": self._free.shown.of_all(actors), **told}

    def _standing_out(self, found: Iterable[str]) -> list[dict[str, Any]]:
        """Return those with findings, most people first."""
        first = sorted(found, key=lambda name: (-self._free.shown.of(name), name))[:NAMED]
        return [
            {
                "actor": name,
                "cohort": self._cohorts[name],
                "findings": self._free.found[name],
                "people": self._people([name]),
            }
            for name in first
        ]

    def _first(self, suspects: Mapping[str, object]) -> list[dict[str, Any]]:
        """Return the first refusals, by the new policy, of actors who stand out by nothing."""
        refusals = self._ends["new"].nobody.refusals.values()
        others = [one for one in refusals if one.actor not in suspects]
        return [
            {
                "actor": one.actor,
                "cohort": self._cohorts.get(one.actor, ""),
                "at": iso(one.at),
                "action": one.action,
                "why": one.why,
            }
            for one in sorted(others, key=lambda one: (one.at, one.actor))[:NAMED]
        ]
