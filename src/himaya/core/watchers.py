"""The detectors at work: observations in, findings and standing decisions out."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping

from himaya.core.accounts import Accounts
from himaya.core.actor import Actor, prefix_of
from himaya.core.budget import COMMON
from himaya.core.crawlers import Crawlers
from himaya.core.decision import ASKING, BARRING, STRENGTH, Action, Reason, Standing
from himaya.core.detectors import Detector, Observation
from himaya.core.detectors.breadth import BreadthDetector
from himaya.core.detectors.canary import CanaryDetector, ListedCanaryDetector
from himaya.core.detectors.challenge_behaviour import ChallengeBehaviourDetector
from himaya.core.detectors.drift import DriftDetector
from himaya.core.detectors.enumeration import EnumerationDetector
from himaya.core.detectors.evidence import EvidenceDetector
from himaya.core.detectors.impostor import ImpostorDetector
from himaya.core.detectors.misses import MissesDetector
from himaya.core.detectors.model import ModelDetector
from himaya.core.detectors.provenance import ProvenanceDetector
from himaya.core.detectors.recent import Opened
from himaya.core.detectors.regularity import RegularityDetector
from himaya.core.detectors.sharing import SharingDetector
from himaya.core.detectors.surge import SurgeDetector
from himaya.core.detectors.velocity import VelocityDetector
from himaya.core.effect import Effect, PublishStanding, RaiseFinding
from himaya.core.exchange import Person
from himaya.core.finding import Finding
from himaya.core.policy import Bounds, Detectors, Model
from himaya.core.ticket import Ticket

_AGAIN_S = 3600.0
#: What others share, too: strangers who belong to it may have to show that they are not meant, and nobody is shut out.
_SHARED = frozenset({"surface", "prefix"})
#: Whoever else is behind an address cannot help that a canary was shown there.
_SHARED_BY_CANARY = _SHARED | {"address"}


class Watchers:
    """Runs every detector over an observation; a finding is repeated at most once in `again_s`."""

    def __init__(
        self, settings: Detectors, bounds: Bounds, accounts: Accounts, surge: SurgeDetector
    ) -> None:
        """Build the detectors but for `surge`, whose memory is long. Actors, findings and decisions are bounded."""
        most = min(bounds.standing, bounds.principals)
        self.provenance = ProvenanceDetector(settings.provenance, most)
        self.misses = MissesDetector(settings.misses, most)
        self.drift = DriftDetector(settings.drift)
        self.challenges = ChallengeBehaviourDetector(settings.challenge_behaviour, most)
        self.opened = Opened(most)
        self._looks = True
        crawlers = Crawlers(settings.impostor)
        places = accounts.facts.canaries
        self.canary = CanaryDetector(settings.canary, places, crawlers, most)
        self._canaries: tuple[Detector, ...] = (self.canary, ListedCanaryDetector(self.canary))
        self._surge: SurgeDetector | None = surge
        self.detectors: tuple[Detector, ...] = (
            BreadthDetector(settings.breadth),
            EnumerationDetector(settings.enumeration, most),
            SharingDetector(settings.sharing, most),
            VelocityDetector(settings.velocity, most),
            self.misses,
            self.provenance,
            EvidenceDetector(settings.evidence, most),
            RegularityDetector(settings.regularity, most),
            ImpostorDetector(crawlers),
            *(self._canaries if places else ()),
        )
        #: Detectors that look at look-ups in vain, too.
        self._attending: tuple[Detector, ...] = ()
        self.model: ModelDetector | None = None
        self._learn(settings.model, most)
        named = (*(each.name for each in self.detectors), self.challenges.name, self.canary.name)
        self._actions: dict[str, tuple[Action, int]] = {
            each: (getattr(settings, each).action, getattr(settings, each).for_s)
            for each in named
            if each != "impostor"
        }
        self._accounts = accounts
        self._most = bounds.standing
        #: Seconds before a finding is raised again; 0 for a reader of logs who wants its highest value.
        self.again_s = _AGAIN_S
        self._raised: OrderedDict[tuple[str, str, bool], float] = OrderedDict()
        self._standing: OrderedDict[str, Standing] = OrderedDict()
        #: Standing decisions that fell because too many stood.
        self.evicted = 0

    def _learn(self, settings: Model, most: int) -> None:
        """Let the learned model look, if there is one; a file of exchanges may hold that of another release."""
        learned = settings.learned
        if learned is not None and learned.fits and settings.enabled:
            self.model = ModelDetector(learned, most)
            self.attend(self.model)

    @property
    def standing(self) -> OrderedDict[str, Standing]:
        """The decisions that stand, by principal, oldest first."""
        return self._standing

    @standing.setter
    def standing(self, standing: OrderedDict[str, Standing]) -> None:
        """Take over what stood before a reload; what a model decided falls with it."""
        if self._actions.get("model", (Action.ALLOW, 0))[0] is Action.ALLOW:
            for name in [n for n, each in standing.items() if each.reason.rule in ASKING]:
                del standing[name]
        self._standing = standing

    def flagged(self, since: float) -> frozenset[str]:
        """Return the actors of whom something was found since a time, report-only findings aside."""
        found = self._raised.items()
        return frozenset(name for (_, name, only), at in found if at >= since and not only)

    def attend(self, detector: Detector) -> None:
        """Let one more detector look at everything, look-ups in vain included."""
        self.detectors = (*self.detectors, detector)
        self._attending = (*self._attending, detector)

    def keep(self, names: frozenset[str]) -> None:
        """Run only the detectors of these names from now on."""
        self.detectors = tuple([each for each in self.detectors if each.name in names])
        self._attending = tuple([each for each in self._attending if each.name in names])
        self._looks = not names.isdisjoint({"provenance", "evidence"})
        if "surge" not in names:
            self._surge = None

    def place(self, canaries: Mapping[str, str]) -> None:
        """Watch for these canaries (subject to place) from now on; who was shown which stays known."""
        self._accounts.facts.canaries = canaries
        self.canary.places = canaries
        others = tuple([each for each in self.detectors if each not in self._canaries])
        self.detectors = (*others, *(self._canaries if canaries else ()))

    def inherit(self, before: Watchers) -> None:
        """Take over what was known under another policy and must not be forgotten with it: who was shown canaries."""
        self.evicted = before.evicted
        self.canary.inherit(before.canary)

    def observe(
        self, ticket: Ticket, people: tuple[Person, ...], now: float, fresh: list[str]
    ) -> list[Effect]:
        """Show one exchange to every detector and return the effects of new findings.

        `fresh` are those of the people who were never shown to the actor before.
        """
        seen = self._seen(ticket, tuple([p.subject for p in people]), now)
        seen.fresh = bool(fresh)
        if self._looks:
            self.opened.look(seen)
            self.provenance.look(seen)
        effects = self._count(seen.cohort, len(fresh), now) if fresh else []
        if self._surge is not None:
            self._surge.meet(fresh)
        for detector in self.detectors:
            finding = detector.observe(seen)
            if finding is not None:
                effects.extend(self.raise_once(finding))
        return effects

    def newly(
        self, actor: Actor, people: int, now: float, fresh: Iterable[str] = ()
    ) -> list[Effect]:
        """Count people newly shown to an actor, of whom `fresh` have a name, without showing them to the detectors."""
        age_s = self._accounts.age_s(actor, now)
        if self._surge is not None:
            self._surge.meet(fresh)
        return self._count(self._accounts.cohort(actor, age_s), people, now)

    def _count(self, cohort: str, people: int, now: float) -> list[Effect]:
        found = self._surge.count(cohort, people, now) if self._surge is not None else None
        return [] if found is None else [RaiseFinding(found)]

    def missed(self, ticket: Ticket, now: float) -> list[Effect]:
        """Show a look-up that found nobody, and return the effects of new findings."""
        seen = self._seen(ticket, (), now)
        seen.missed = True
        found = self.misses.take(seen) if self.misses in self.detectors else []
        more = [detector.observe(seen) for detector in self._attending]
        found += [finding for finding in more if finding is not None]
        return [effect for finding in found for effect in self.raise_once(finding)]

    def challenged(self, actor: Actor, now: float) -> list[Effect]:
        """Note that an actor was challenged, and return the effects of new findings.

        What a model asked for is not counted: left unsolved, it would lead to a refusal by another name.
        """
        standing = self._standing.get(actor.name)
        if standing is not None and standing.reason.rule in ASKING and standing.until > now:
            return []
        found = self.challenges.challenged(actor, now)
        return [effect for finding in found for effect in self.raise_once(finding)]

    def unread(self, ticket: Ticket) -> None:
        """Note an answer whose people nobody could read."""
        surface = ticket.match.surface
        if self.provenance.lists(surface.id, surface.kind):
            self.provenance.unread(ticket.name, ticket.request.actor.session)

    def _seen(self, ticket: Ticket, subjects: tuple[str, ...], now: float) -> Observation:
        actor, surface = ticket.request.actor, ticket.match.surface
        accounts = self._accounts
        age_s = accounts.age_s(actor, now)
        return Observation(
            ticket.name,
            actor,
            surface.id,
            subjects,
            ticket.windows[0],
            now,
            age_s,
            surface.kind,
            accounts.cohort(actor, age_s),
            near=self._near(actor, subjects),
            agent=ticket.request.agent,
        )

    def _near(self, actor: Actor, subjects: tuple[str, ...]) -> bool | None:
        """Tell whether the one person shown is near; None where the site told of nobody near, or of no account."""
        accounts = self._accounts
        if not actor.account or len(subjects) != 1 or not accounts.facts.near:
            return None
        return (actor.account, subjects[0]) in accounts.facts.near

    def check_fields(self, ticket: Ticket, people: Iterable[Person], now: float) -> list[Effect]:
        """Find fields that the surface does not declare, each once."""
        found = self.drift.look(ticket.match.surface, people, now)
        return [RaiseFinding(finding) for finding in found]

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
        key = (finding.detector, finding.actor, finding.report_only)
        last = self._raised.get(key)
        if last is not None and finding.at < last + self.again_s:
            return []
        self._raised[key] = finding.at
        self._raised.move_to_end(key)
        if len(self._raised) > self._most:
            self._raised.popitem(last=False)
        action, for_s = self._actions.get(finding.detector, (Action.ALLOW, 0))
        kind = finding.actor.partition(":")[0]
        if action is Action.ALLOW or finding.report_only or kind == "fingerprint":
            return [RaiseFinding(finding)]
        shared = _SHARED_BY_CANARY if finding.detector == self.canary.name else _SHARED
        if action in BARRING and (kind in shared or finding.detector in ASKING):
            action = Action.CHALLENGE
        if finding.detector in ASKING and self._is_held(finding, action):
            return [RaiseFinding(finding)]
        return [RaiseFinding(finding), self._stand_for(finding, action, for_s)]

    def _is_held(self, finding: Finding, action: Action) -> bool:
        """Tell whether a rule's decision stands already that holds the actor as much: a model only adds."""
        standing = self._standing.get(finding.actor)
        if standing is None or standing.until <= finding.at or standing.reason.rule in ASKING:
            return False
        return STRENGTH[standing.action] >= STRENGTH[action]

    def _stand_for(self, finding: Finding, action: Action, for_s: int) -> PublishStanding:
        reason = Reason(
            finding.detector,
            finding.actor.partition(":")[0],
            "",
            finding.value,
            finding.threshold,
            finding.because,
        )
        standing = Standing(finding.actor, action, finding.at + for_s, reason)
        self.stand(standing)
        return PublishStanding(standing)

    def stand(self, standing: Standing) -> None:
        """Let a decision stand for a principal; past the bound the oldest leaves."""
        self._standing[standing.principal] = standing
        self._standing.move_to_end(standing.principal)
        if len(self._standing) > self._most:
            self._standing.popitem(last=False)
            self.evicted += 1

    def standing_for(self, ticket: Ticket, now: float) -> Standing | None:
        """Return what stands for the ticket's actor, or, for a stranger, for its address, network or the surface.

        An address is many people's: what strangers did there is not held against a member who signed in.
        """
        if not self._standing:
            return None
        actor = ticket.request.actor
        names = [ticket.name]
        if not actor.account and not actor.key:
            network = prefix_of(actor.address)
            names += [
                f"address:{actor.address}",
                f"prefix:{network}",
                f"surface:{ticket.match.surface.id}",
            ]
        for name in names:
            standing = self._standing.get(name)
            if standing is not None and standing.until > now:
                return standing
        return None
