"""One attacker at a time against a site's past: what each would have got, at which price, and whom it harmed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from heapq import heapify, heappop, heappush
from random import Random

from himaya.bench.attackers.attacker import Attacker, Operation
from himaya.bench.attackers.crew import Crew
from himaya.bench.attackers.hand import Hand
from himaya.bench.disk import Disk
from himaya.bench.inject.attackers import attackers
from himaya.bench.inject.gate import REFUSED, TRIMMED, Gate
from himaya.bench.inject.notes import notes
from himaya.bench.inject.outcome import Harm, Injection, LogWords, Price, Spend, per_thousand
from himaya.bench.inject.past import Past
from himaya.bench.inject.people import Everybody, Site, everybody
from himaya.bench.inject.survey import Survey
from himaya.config import Config
from himaya.core.errors import ConfigError
from himaya.core.exchange import Exchange, Person
from himaya.core.facts import Fact, Facts
from himaya.watch.result import iso

#: Requests of one attacker; whoever gets so far is bounded by nothing but this.
MOST_REQUESTS = 5_000_000
_NAMED = 10


def inject(
    logs: Sequence[str],
    config: Config,
    *,
    form: str = "",
    facts: Facts | None = None,
    seed: int = 1,
    only: Sequence[str] = (),
    told: Callable[[str], None] | None = None,
) -> Injection:
    """Return what made-up attackers would have got from a site during the time of its logs, under `config`, enforced.

    `facts` are those the site told himaya; `only` are ids of attackers, () for all; `told` is called with the title of
    each attacker before it begins. The same logs, configuration and seed give the same result. Raises ConfigError
    without surfaces that somebody could ask for people, InputError for logs that cannot be used and for an unknown
    attacker.
    """
    site = Site(config.surfaces)
    if not (site.profile or site.listing or site.lookup):
        raise ConfigError(
            "no surface to ask for people: at least a profile, listing or look-up is needed.",
            file=config.file,
            key="surface",
            hint="`himaya discover LOG` proposes surfaces.",
        )
    # Reading the logs takes long; a mistake in a name is said before it.
    attackers(site, only=only)
    pricing = _Pricing(Past(logs, config, form), config, facts or Facts(), seed)
    return pricing.result(site, only, told or _silent)


def _silent(_: str) -> None:
    """Nobody wants to know how far it is."""


class Obtained(Disk):
    """The people that arrived, whatever a site calls its fields."""

    def take(self, people: Iterable[Person], now: float, own: str = "") -> int:
        """Keep who arrived; return how many are new."""
        new = 0
        for person in people:
            if person.subject != own and person.subject not in self.fields:
                self.fields[person.subject] = 1
                self.times.append(now)
                new += 1
        return new


class _Pricing:
    def __init__(self, past: Past, config: Config, facts: Facts, seed: int) -> None:
        self._past, self._config, self._facts, self._seed = past, config, facts, seed
        self._survey = Survey(past, config, facts)
        self._everybody = everybody(self._survey.subjects, config.site.population)

    def result(self, site: Site, only: Sequence[str], told: Callable[[str], None]) -> Injection:
        survey, prices = self._survey, list[Price]()
        for attacker in attackers(site, sees_accounts=survey.accounts > 0, only=only):
            told(attacker.title)
            prices.append(self._price(attacker))
        declared = self._config.site.population
        return Injection(
            log=self._log(),
            policy=self._config.policy().hash(),
            population=len(self._everybody),
            declared=declared >= len(survey.subjects),
            without=Harm(survey.fates.count(REFUSED), survey.fates.count(TRIMMED)),
            attackers=prices,
            notes=notes(self._past, self._config, survey, site),
        )

    def _log(self) -> LogWords:
        totals, survey = self._past.totals, self._survey
        return LogWords(
            lines=totals.lines,
            parsed=totals.parsed,
            malformed=totals.malformed,
            left_out=self._past.left_out,
            start=iso(survey.first),
            end=iso(survey.last),
            exchanges=len(survey.fates),
            actors=survey.actors,
            people=len(survey.subjects),
        )

    def _price(self, attacker: Attacker) -> Price:
        crew = self._crew(attacker)
        gate = Gate(self._config.policy(), self._knowing(crew.facts()))
        mixed = _Mixed(crew, gate, self._survey)
        mixed.go(self._past)
        disk, spent = crew.op.disk, crew.spend()
        spend = Spend(
            accounts=min(attacker.plan.accounts, crew.op.plan.count),
            addresses=spent["addresses"],
            requests=spent["requests"],
            solved=spent["solved"],
        )
        first, count, people = gate.first, len(self._everybody), len(disk.fields)
        return Price(
            id=attacker.id,
            title=attacker.title,
            how=attacker.how,
            people=people,
            share=round(people / count, 6) if count else 0.0,
            refused=gate.refused,
            first_refusal=iso(first.at) if first else None,
            first_refusal_s=round(first.at - self._survey.first, 3) if first else None,
            before=disk.people_by(first.at) if first else people,
            action=first.action if first else "",
            why=first.why if first else "",
            everybody=people >= count,
            last_person_s=round(disk.times[-1] - self._survey.first, 3) if people else None,
            spend=spend,
            per_1000=per_thousand(spend, people),
            harm=mixed.harm,
        )

    def _crew(self, attacker: Attacker) -> Crew:
        survey = self._survey
        world = Everybody(self._everybody, self._seed)
        rng = Random(f"{self._seed}:{attacker.id}")
        days = (survey.last - survey.first) / 86400
        op = Operation(world, attacker.plan, rng, survey.first, days)
        op.disk = Obtained()
        return Crew(attacker, op)

    def _knowing(self, more: Iterable[Fact]) -> Facts:
        """Return what the site told, and what it would have told of the attacker's accounts."""
        base, facts = self._facts, Facts(self._facts.max_facts)
        facts.accounts, facts.subjects = dict(base.accounts), base.subjects
        facts.near, facts.classes = base.near, base.classes
        for fact in more:
            facts.add(fact)
        return facts


class _Mixed:
    """One operation in between the exchanges of a log, both before one gate."""

    def __init__(self, crew: Crew, gate: Gate, survey: Survey) -> None:
        self._crew, self._gate, self._survey = crew, gate, survey
        self._line = [(at, number, hand) for number, (at, hand) in enumerate(crew.begin())]
        heapify(self._line)
        self._number = len(self._line)
        self._requests = 0
        self._harmed: dict[str, None] = {}
        self.harm = Harm()

    def go(self, past: Past) -> None:
        """Let everything happen in the order of time."""
        for place, (at, exchange) in enumerate(past.exchanges()):
            self._until(at)
            self._compare(place, exchange, self._gate.past(exchange, at))
        self._until(self._survey.last)
        self.harm.actors = len(self._harmed)
        self.harm.first = list(self._harmed)[:_NAMED]

    def _until(self, end: float) -> None:
        line = self._line
        while line and line[0][0] < end and self._requests < MOST_REQUESTS:
            at, _, hand = heappop(line)
            self._step(hand, at)

    def _step(self, hand: Hand, now: float) -> None:
        before = hand.requests
        again = self._crew.step(hand, now, self._gate)
        self._requests += hand.requests - before
        if again is not None:
            self._number += 1
            heappush(self._line, (again, self._number, hand))

    def _compare(self, place: int, exchange: Exchange, fate: int) -> None:
        """Count what became worse for somebody of the past."""
        if fate <= self._survey.fates[place]:
            return
        if fate == REFUSED:
            self.harm.refused += 1
        else:
            self.harm.trimmed += 1
        self._harmed[exchange.request.actor.name] = None
