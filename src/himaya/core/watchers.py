"""The detectors at work: observations in, findings and standing decisions out."""

from __future__ import annotations

from collections import OrderedDict

from himaya.core.budget import COMMON
from himaya.core.decision import Action, Reason, Standing
from himaya.core.detectors import Detector, Observation
from himaya.core.detectors.breadth import BreadthDetector
from himaya.core.detectors.enumeration import EnumerationDetector
from himaya.core.detectors.sharing import SharingDetector
from himaya.core.detectors.velocity import VelocityDetector
from himaya.core.effect import Effect, PublishStanding, RaiseFinding
from himaya.core.exchange import Person
from himaya.core.finding import Finding
from himaya.core.policy import Bounds, Detectors
from himaya.core.ticket import Ticket

_AGAIN_S = 3600.0


class Watchers:
    """Runs every detector over an observation; a finding is repeated at most once in `again_s`."""

    def __init__(self, settings: Detectors, bounds: Bounds) -> None:
        """Build the detectors; their actors, the findings and the standing decisions are bounded."""
        most = min(bounds.standing, bounds.principals)
        self.detectors: tuple[Detector, ...] = (
            BreadthDetector(settings.breadth),
            EnumerationDetector(settings.enumeration, most),
            SharingDetector(settings.sharing, most),
            VelocityDetector(settings.velocity, most),
        )
        self._actions: dict[str, tuple[Action, int]] = {
            name: (getattr(settings, name).action, getattr(settings, name).for_s)
            for name in ("breadth", "enumeration", "sharing", "velocity")
        }
        self._most = bounds.standing
        #: Seconds before a finding is raised again; 0 for a reader of logs who wants its highest value.
        self.again_s = _AGAIN_S
        self._raised: OrderedDict[tuple[str, str], float] = OrderedDict()
        self.standing: OrderedDict[str, Standing] = OrderedDict()

    def observe(
        self, ticket: Ticket, people: tuple[Person, ...], now: float, age_s: float | None
    ) -> list[Effect]:
        """Show one exchange to every detector and return the effects of new findings."""
        seen = Observation(
            ticket.name,
            ticket.request.actor,
            ticket.match.surface.id,
            tuple([p.subject for p in people]),
            ticket.windows[0],
            now,
            age_s,
        )
        effects: list[Effect] = []
        for detector in self.detectors:
            finding = detector.observe(seen)
            if finding is not None:
                effects.extend(self.raise_once(finding))
        return effects

    def check_declared(self, ticket: Ticket, shown: int, now: float) -> list[Effect]:
        """Find a surface that shows more people than it declares: unseen answers reserve too little."""
        surface = ticket.match.surface
        most = surface.max_people
        if shown <= most or not most or ticket.request.sees_body:
            return []
        why = f"surface {surface.id} showed {shown} people at once; its max_people is {most}"
        return self.raise_once(
            Finding("max_people", f"surface:{surface.id}", now, shown, most, why)
        )

    def exhausted(self, ticket: Ticket, reasons: tuple[Reason, ...], now: float) -> list[Effect]:
        """Find a budget that many share used up: honest people may be refused because of somebody else."""
        keys = {kind: key for kind, key, _ in ticket.principals}
        effects: list[Effect] = []
        for reason in reasons:
            if reason.rule != "budget" or reason.principal not in COMMON:
                continue
            if reason.principal == ticket.principals[0][0]:
                continue  # its own budget: nobody else used it up
            name = f"{reason.principal}:{keys[reason.principal][1:]}"
            why = f"a budget that many share is used up: {reason.words()}"
            found = Finding("exhaustion", name, now, reason.value, reason.threshold, why)
            effects.extend(self.raise_once(found))
        return effects

    def raise_once(self, finding: Finding) -> list[Effect]:
        """Return the effects of a finding, none when it was raised within the last hour."""
        key = (finding.detector, finding.actor)
        last = self._raised.get(key)
        if last is not None and finding.at < last + self.again_s:
            return []
        self._raised[key] = finding.at
        self._raised.move_to_end(key)
        if len(self._raised) > self._most:
            self._raised.popitem(last=False)
        action, for_s = self._actions.get(finding.detector, (Action.ALLOW, 0))
        if action is Action.ALLOW:
            return [RaiseFinding(finding)]
        return [RaiseFinding(finding), self._stand_for(finding, action, for_s)]

    def _stand_for(self, finding: Finding, action: Action, for_s: int) -> PublishStanding:
        reason = Reason(
            finding.detector,
            finding.actor.partition(":")[0],
            "",
            finding.value,
            finding.threshold,
        )
        standing = Standing(finding.actor, action, finding.at + for_s, reason)
        self.stand(standing)
        return PublishStanding(standing)

    def stand(self, standing: Standing) -> None:
        """Let a decision stand for a principal; past the bound the oldest leaves."""
        self.standing[standing.principal] = standing
        self.standing.move_to_end(standing.principal)
        if len(self.standing) > self._most:
            self.standing.popitem(last=False)

    def standing_for(self, ticket: Ticket, now: float) -> Standing | None:
        """Return the decision that stands for the ticket's actor, account or address, if any."""
        if not self.standing:
            return None
        actor = ticket.request.actor
        for name in (ticket.name, f"address:{actor.address}"):
            standing = self.standing.get(name)
            if standing is not None and standing.until > now:
                return standing
        return None
