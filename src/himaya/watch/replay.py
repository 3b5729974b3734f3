"""`himaya replay`: what a policy would have decided, on the log's own clock.

Two engines read the same exchanges. One lets everything pass and counts what was shown; the other
decides by the policy, enforcing, and sees only what it let pass. Nobody can know who would have solved a
challenge, so here nobody does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from himaya.config import Config
from himaya.core.decision import Action
from himaya.core.exchange import Exchange
from himaya.core.facts import Facts
from himaya.core.policy import Policy
from himaya.exchanges import CanariesPlaced, Decided, Redeemed, read_events, replay_exchanges
from himaya.watch.beside import beside
from himaya.watch.free import Free
from himaya.watch.loglines import LogLines
from himaya.watch.result import iso
from himaya.watch.shown import Shown
from himaya.watch.trial import Refusal, Trial


class Replay:
    """A replay under way: give it exchanges in the order of time, then ask for the outcome."""

    def __init__(self, policy: Policy, facts: Facts | None = None) -> None:
        """Decide by `policy` as if it were enforced."""
        self._free, self._trial = Free(policy, facts), Trial(policy, facts)
        self.engine = self._trial.engine
        self.without, self.under = self._free.shown, self._trial.shown

    def add(self, exchange: Exchange, at: float) -> None:
        """Decide about one exchange of the log, and count it with and without the policy."""
        self._free.add(exchange, at)
        self._trial.add(exchange, at)

    def outcome(self) -> dict[str, Any]:
        """Return the words of `himaya replay --json` that come from deciding (see docs/scan.md)."""
        return {
            "policy": self._trial.policy.hash(),
            "decisions": {str(action): self._trial.decisions[action] for action in Action},
            "people": {"without": len(self.without.people), "with": len(self.under.people)},
            "disclosures": {
                "without": self.without.disclosures,
                "with": self.under.disclosures,
            },
            "refused": [
                self._refused(refusal)
                for refusal in sorted(self._trial.refusals.values(), key=lambda r: (r.at, r.actor))
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
    policy = config.policy()
    replay = Replay(policy, facts)
    lines = LogLines(config, config.surfaces, [policy])
    lines.read(names, beside(replay.add, config.surfaces, [replay.engine]), form=form)
    return {**lines.figures(), **replay.outcome()}


#: Differences between a file and its replay that are named.
_DIFFERENCES = 20


def replay_file(lines: Iterable[bytes], file: str, policy: Policy | None = None) -> dict[str, Any]:
    """Return what replaying an exchanges file gives.

    Without `policy` the answers of then and now are compared; `same` says whether all are equal. With
    one, the requests are decided by it; a request that was refused then has no response in the file.
    """
    decisions: Counter[str] = Counter()
    shown = Shown()
    differing: list[int] = []
    events = differences = 0
    for replayed in replay_exchanges(read_events(lines, file), policy):
        events += 1
        if isinstance(replayed.event, Decided) and replayed.decision is not None:
            decisions[replayed.decision.action] += 1
        if isinstance(replayed.event, Redeemed):  # a worker allowed it by its lease
            decisions[Action.ALLOW] += 1
        if isinstance(replayed.event, CanariesPlaced):
            shown.canaries = replayed.event.places
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
