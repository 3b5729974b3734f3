"""`himaya replay`: what a policy would have decided, on the log's own clock.

Two engines read the same exchanges. One lets everything pass and counts what was shown; the other
decides by the policy, enforcing, and sees only what it let pass. Nobody can know who would have solved a
challenge, so here nobody does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from himaya.config import Config
from himaya.core.decision import Action, Decision, Reason
from himaya.core.effect import Effect, RecordDisclosures
from himaya.core.engine import Engine
from himaya.core.exchange import Exchange, Response
from himaya.core.facts import Facts
from himaya.core.policy import Budgets, Policy
from himaya.exchanges import Decided, read_events, replay_exchanges
from himaya.watch.actors import Exchanges
from himaya.watch.entry import Entry
from himaya.watch.feed import Batch, Piles, Stream, in_order
from himaya.watch.formats import read_chunk
from himaya.watch.inputs import Input, LogForm, close_inputs, open_inputs
from himaya.watch.keep import KeepSurfaces
from himaya.watch.result import iso
from himaya.watch.source import Source
from himaya.watch.totals import Totals

_NO_BUDGETS = Budgets(account=None, session=None, key=None, address=None, prefix=None)

#: Actors whose people are counted one by one; the others are in the sums only.
MAX_ACTORS = 1_000_000

_ORDER = {action: rank for rank, action in enumerate(Action)}


class Refusal(msgspec.Struct):
    """The first refusal of an actor: when, what, why; and how many followed."""

    actor: str
    at: float
    action: str
    why: str
    refused: int = 0


class _Shown:
    """People shown: how many times, and who, in all and per actor."""

    def __init__(self) -> None:
        self.disclosures = 0
        self.people: set[str] = set()
        self.by_actor: dict[str, set[str]] = {}

    def add(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            if not isinstance(effect, RecordDisclosures):
                continue
            told = effect.disclosures
            self.disclosures += len(told.shown)
            names = [shown.subject for shown in told.shown]
            self.people.update(names)
            held = self.by_actor.get(told.actor.name)
            if held is not None:
                held.update(names)
            elif len(self.by_actor) < MAX_ACTORS:
                self.by_actor[told.actor.name] = set(names)

    def of(self, actor: str) -> int:
        return len(self.by_actor.get(actor, ()))


class Replay:
    """A replay under way: give it exchanges in the order of time, then ask for the outcome."""

    def __init__(self, policy: Policy, facts: Facts | None = None) -> None:
        """Decide by `policy` as if it were enforced."""
        self.policy = msgspec.structs.replace(policy, mode="enforce")
        free = msgspec.structs.replace(policy, mode="shadow", budgets=_NO_BUDGETS, tiers={})
        self._engine = Engine(self.policy, facts)
        self._free = Engine(free, facts)
        self.without, self.under = _Shown(), _Shown()
        self.decisions: Counter[str] = Counter()
        self.refusals: dict[str, Refusal] = {}
        self._number = 0

    def add(self, exchange: Exchange, at: float) -> None:
        """Decide about one exchange of the log, and count it with and without the policy."""
        self.without.add(self._free.record(exchange, at))
        self._number += 1
        request = msgspec.structs.replace(
            exchange.request,
            id=str(self._number),
            sees_body=exchange.people is not None,
        )
        told = msgspec.structs.replace(exchange, request=request)
        decision = self._engine.decide(request, at)
        if decision.passes:
            self._admit(told, decision, at)
        else:
            self._refuse(told, decision.action, decision.reasons, at)

    def _admit(self, exchange: Exchange, decision: Decision, at: float) -> None:
        action = decision.action
        if exchange.people is not None:
            match = self._engine.surfaces.by_id.get(decision.surface)
            can_trim = bool(match and match.json_rows)
            response = Response(exchange.request.id, exchange.status, exchange.people, can_trim)
            admission = self._engine.admit(response, at)
            action = max(action, admission.action, key=_ORDER.__getitem__)
            if not admission.passes:
                self._refuse(exchange, admission.action, admission.reasons, at)
                return
            exchange = msgspec.structs.replace(exchange, people=admission.people)
        self.decisions[action] += 1
        self.under.add(self._engine.record(exchange, at))

    def _refuse(
        self, exchange: Exchange, action: Action, reasons: Sequence[Reason], at: float
    ) -> None:
        self.decisions[action] += 1
        refused = msgspec.structs.replace(exchange, refused=True, people=(), status=403)
        self.under.add(self._engine.record(refused, at))
        name = exchange.request.actor.name
        refusal = self.refusals.get(name)
        if refusal is None:
            if len(self.refusals) >= MAX_ACTORS:
                return
            why = "; ".join(reason.words() for reason in reasons)
            refusal = self.refusals[name] = Refusal(name, at, str(action), why)
        refusal.refused += 1

    def outcome(self) -> dict[str, Any]:
        """Return the words of `himaya replay --json` that come from deciding (see docs/scan.md)."""
        return {
            "policy": self.policy.hash(),
            "decisions": {str(action): self.decisions[action] for action in Action},
            "people": {"without": len(self.without.people), "with": len(self.under.people)},
            "disclosures": {
                "without": self.without.disclosures,
                "with": self.under.disclosures,
            },
            "refused": [
                self._refused(refusal)
                for refusal in sorted(self.refusals.values(), key=lambda r: (r.at, r.actor))
            ],
        }

    def _refused(self, refusal: Refusal) -> dict[str, Any]:
        return {
            "actor": refusal.actor,
            "first": iso(refusal.at),
            "action": refusal.action,
            "why": refusal.why,
            "times": refusal.refused,
            "people": {
                "without": self.without.of(refusal.actor),
                "with": self.under.of(refusal.actor),
            },
        }


def replay_logs(
    names: Sequence[str], config: Config, *, form: str = "", facts: Facts | None = None
) -> dict[str, Any]:
    """Return what the policy of a configuration would have decided on logs.

    Raises InputError for a log that cannot be read.
    """
    wanted = LogForm(form or config.log.format, config.log.fields, config.actor.account_field)
    inputs = open_inputs(names, wanted)
    try:
        return _Logs(config, facts).run(inputs)
    finally:
        close_inputs(inputs)


class _Logs:
    def __init__(self, config: Config, facts: Facts | None) -> None:
        self._totals = Totals()
        self._keep = KeepSurfaces(config.surfaces)
        self._exchanges = Exchanges(config.actor)
        self._replay = Replay(config.policy(), facts)

    def run(self, inputs: Sequence[Input]) -> dict[str, Any]:
        streams = [Stream(self._batches(each), each.first_at) for each in inputs if each.form]
        piles = Piles(_ignore)
        left_out = 0
        for batch in in_order(streams):
            for number, _, part in piles.pile(batch):
                # Late lines would be judged by windows of another time: they are left out, and said.
                if number:
                    left_out += len(part.entries())
                    continue
                for entry in part.entries():
                    self._replay.add(self._exchanges.exchange(entry), entry.at)
        totals = self._totals
        return {
            "lines": totals.lines,
            "parsed": totals.parsed,
            "malformed": totals.malformed,
            "from": iso(totals.first),
            "to": iso(totals.last),
            "left_out": left_out,
            **self._replay.outcome(),
        }

    def _batches(self, each: Input) -> Iterator[Batch]:
        source: Source = each.source
        last: float | None = None
        if each.form is None:
            return
        for chunk in source.chunks():
            reading = read_chunk(each.form, chunk, self._keep)
            self._totals.add(reading, source)
            last = reading.last or last
            if reading.entries:
                yield Batch(reading.entries)
        self._totals.ended(source, last)


def _ignore(_: Entry) -> None:
    """Late entries are counted where they are left out."""


#: Differences between a file and its replay that are named.
_DIFFERENCES = 20


def replay_file(lines: Iterable[bytes], file: str, policy: Policy | None = None) -> dict[str, Any]:
    """Return what replaying an exchanges file gives.

    Without `policy` the answers of then and now are compared; `same` says whether all are equal. With
    one, the requests are decided by it; a request that was refused then has no response in the file.
    """
    decisions: Counter[str] = Counter()
    shown = _Shown()
    differing: list[int] = []
    events = differences = 0
    for replayed in replay_exchanges(read_events(lines, file), policy):
        events += 1
        if isinstance(replayed.event, Decided) and replayed.decision is not None:
            decisions[replayed.decision.action] += 1
        shown.add(replayed.effects)
        if not replayed.same:
            differences += 1
            if len(differing) < _DIFFERENCES:
                differing.append(replayed.event.seq)
    compared = {"same": not differences, "differences": differences, "differing": differing}
    return {
        "events": events,
        "decisions": {str(action): decisions[action] for action in Action},
        "people": len(shown.people),
        "disclosures": shown.disclosures,
        **(compared if policy is None else {}),
    }
