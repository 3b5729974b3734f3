"""What the ASGI, WSGI and Django middlewares share: one door per process, one visit per request.

    door.visit(...)      a request to a declared surface, or None: then himaya does not meddle
    visit.enter()        ask; the page to answer with, or None: then ask the application
    visit.holds(...)     must the body be held back and read before it may leave?
    visit.leave(...)     who may pass; the page that replaces the response, or the body to send
    visit.finish(...)    tell that it is over; always called, counts once

The last four but `holds` are steps (`embedded_ask`), so that threads and event loops run the same code.
"""

from __future__ import annotations

import logging
import secrets
import time
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec

from himaya.config import Config, load
from himaya.control.messages import MAX_LINE, Admit, Clear
from himaya.core.actor import Actor
from himaya.core.decision import Action, Admission, Decision
from himaya.core.detectors.drift import watched
from himaya.core.disclosure import Outcome, outcome
from himaya.core.errors import ConfigError, ServiceError
from himaya.core.exchange import Exchange, Person, Request, Response
from himaya.core.facts import Facts
from himaya.core.matching import Surfaces
from himaya.core.surface import Match
from himaya.core.weights import Weights
from himaya.gate import people, trim
from himaya.gate.actor_from import FORWARDING, OURS, ActorFinder
from himaya.gate.challenge import Challenges, Handled, reference_of
from himaya.gate.challenge_pages import Page
from himaya.gate.challenge_secret import load_secret
from himaya.gate.disclose import Told
from himaya.gate.embedded_ask import Absence, Steps
from himaya.gate.embedded_fields import codings, first
from himaya.gate.leasing.leasing import Leasing
from himaya.gate.leasing.paying import Paying
from himaya.gate.operations.persisted import opener_of

log = logging.getLogger("himaya.gate")

#: Header fields as ASGI has them: lower-case names, values as received.
Fields = list[tuple[bytes, bytes]]

#: A throttled request waits in the worker, so it never waits longer.
MAX_DELAY_S = 5.0

#: An agent string longer than this is cut: it only serves to name crawlers.
_MAX_AGENT = 512


#: More people than this are measured before they are sent to the authority, whose lines are bounded.
_MANY = 500


class Leave(NamedTuple):
    """What becomes of a response: `page` replaces it whole; else `body` is sent, None for unchanged."""

    page: Page | None = None
    body: bytes | None = None


class Door:
    """One site as one process of its application sees it. Safe to share between threads."""

    def __init__(self, config: Config | Path | str, source: str) -> None:
        """Load the configuration; `source` is asgi, wsgi or django. Raises ConfigError."""
        self.source = source
        self.absence = Absence(source)
        self._file = "" if isinstance(config, Config) else str(config)
        config = config if isinstance(config, Config) else load(config)
        secret, bound = load_secret(config), config.bounds.clearances
        self.version_key = secret
        site, appeal = config.site.name, config.appeal
        self.finder = ActorFinder(config.actor, secret)
        self.opener = opener_of(config)
        self.challenges = Challenges(secret, config.challenge, site, appeal, remember=bound)
        self.leasing = Leasing.of(config.gate)
        self._adopt(config)

    def _adopt(self, config: Config) -> None:
        """Take over surfaces, bounds and challenges; how actors are found stays until a restart."""
        self.config = config
        policy = config.policy()
        self.policy_hash = self._tried_hash = policy.hash()
        self.weigh = Weights(policy, Facts()).of_fields
        self.surfaces = Surfaces(config.surfaces)
        self.watched = watched(config.detectors.drift, config.surfaces)
        self.challenges.policy = config.challenge

    def reload_for(self, policy_hash: str) -> None:
        """Read the configuration file again when the authority decides by another policy than ours."""
        if not self._file or policy_hash in {"", self.policy_hash, self._tried_hash}:
            return
        self._tried_hash = policy_hash  # one try per policy of the authority
        try:
            config = load(self._file)
            if config.policy().hash() == policy_hash:
                self._adopt(config)
        except ConfigError as problem:
            log.warning("himaya: the changed configuration cannot be used here: %s", problem)

    def clean(self, fields: Fields, peer: str) -> Fields:
        """Return request fields without what only himaya or a trusted front door may say."""
        if self.finder.trusts(peer):
            return [pair for pair in fields if not pair[0].startswith(OURS)]
        forged = self.finder.is_forged
        return [pair for pair in fields if not forged(pair[0]) or pair[0] in FORWARDING]

    def actor(self, fields: Fields, peer: str, now: float) -> Actor:
        """Return the actor as header fields and the peer's address tell."""
        return self.finder.find(fields, peer, now)

    def is_secure(self, fields: Fields, peer: str, scheme: str) -> bool:
        """Tell whether the reader speaks https with the site or its trusted front door."""
        told = [value for name, value in fields if name == b"x-forwarded-proto"]
        if told and self.finder.trusts(peer):
            return told[-1].rsplit(b",", 1)[-1].strip().lower() == b"https"
        return scheme == "https"

    def own_route(
        self,
        method: str,
        target: str,
        body: bytes,
        fields: Fields,
        actor: Actor,
        *,
        secure: bool,
    ) -> Steps[Page | None]:
        """Answer himaya's own routes; None when the target is none of them."""
        now = time.time()
        handled = self.challenges.handle(method, target, body, fields, actor, now, secure=secure)
        if handled is None or not handled.clearance:
            return handled.page if handled else None
        return (yield from self._buy(handled, actor, fields))

    def _buy(self, handled: Handled, actor: Actor, fields: Fields) -> Steps[Page | None]:
        try:
            reply = yield Clear(handled.clearance, actor)
        except ServiceError:
            return self.challenges.unavailable(reference_of(handled.clearance), headers=fields)
        return handled.page if reply.cleared else handled.otherwise

    def match(self, method: str, target: str) -> Match | None:
        """Return the surface of a request, or None: then himaya has nothing to do with it."""
        return self.surfaces.match(method, target)

    def opens(self, method: str, target: str) -> bool:
        """Tell whether the body of a request must be read to know what it asks for."""
        surfaces = self.surfaces
        return surfaces.opens and self.opener.endpoint(surfaces, method, target) is not None


class Visit:
    """One request to a declared surface, from the question to the record."""

    def __init__(
        self, door: Door, match: Match, method: str, target: str, fields: Fields, actor: Actor
    ) -> None:
        """Begin; `fields` are the request's, lower-case names."""
        self._door = door
        self._match = match
        self._fields = fields
        self._since = time.time()
        head = dict(reversed(fields))
        cookies = "; ".join(value.decode("latin-1") for name, value in fields if name == b"cookie")
        self.request = Request(
            id=secrets.token_hex(16),
            actor=actor,
            target=target,
            method=method,
            host=head.get(b"host", b"").decode("latin-1"),
            agent=head.get(b"user-agent", b"")[:_MAX_AGENT].decode("latin-1"),
            clearance=door.challenges.clearance_of(cookies, actor, self._since),
            sees_body=True,
        )
        self._paying = Paying(door.leasing, self.request, match, door.policy_hash)
        self.told = Told()
        self.delay_s = 0.0
        self.decision: Decision | None = None
        self._shown: tuple[Person, ...] | None = None  # None: nobody could read them
        self._named: frozenset[str] = frozenset()
        self._status = 0
        self._kind = ""
        self._refused = False
        self._missed = False
        self._finished = False

    @property
    def limit(self) -> int:
        """Return how many body bytes are held back at most."""
        return self._door.config.gate.buffer_bytes

    def enter(self) -> Steps[Page | None]:
        """Ask whether the request may pass. Returns the refusal, or None: ask the application."""
        decision = self._paying.decision()
        if decision is None:
            try:
                reply = yield self._paying.question()
            except ServiceError:
                return self._undecided()
            self._paying.answered(reply)
            decision = reply.decision or Decision()
        self.decision = decision
        self._door.reload_for(decision.policy)
        if not decision.passes:
            return self._refuse(decision)
        if decision.enforced:
            self.told.redact = decision.redact
            self.delay_s = min(decision.delay_s, MAX_DELAY_S)
        return None

    def inner_fields(self, fields: Fields) -> Fields:
        """Return request fields as the application gets them.

        `himaya-redact` names the fields to leave out. Where people are read from the body, it must come whole and in
        a coding we can read: ignoring Range is always allowed (RFC 9110 section 14.2), codings are a wish.
        """
        if self.told.redact:
            fields = [*fields, (b"himaya-redact", ", ".join(self.told.redact).encode())]
        if not self._must_read:
            return fields
        kept = [pair for pair in fields if pair[0] not in {b"range", b"if-range"}]
        return [(n, codings(v) if n == b"accept-encoding" else v) for n, v in kept]

    @property
    def _must_read(self) -> bool:
        surface = self._match.surface
        return people.needs_body(surface) or surface.kind in {"listing", "lookup"}

    def holds(self, status: int, fields: Fields) -> bool:
        """Tell whether the body must be held back: people could be in it, and it fits."""
        length = first(fields, b"content-length")
        fits = not length.isdigit() or int(length) <= self.limit
        endless = first(fields, b"content-type").startswith(b"text/event-stream")
        return fits and not endless and self._must_read and self._discloses(status)

    def _discloses(self, status: int) -> bool:
        kind = self._match.surface.kind
        shown = outcome(self.request.method, status, kind, sent=-1, aborted=False)
        return shown is Outcome.DISCLOSED

    def leave(self, status: int, fields: Fields, body: bytes | None) -> Steps[Leave]:
        """Say what becomes of a response; `body` None: it was not held, or is too large."""
        self._status = status
        self._kind = first(fields, b"content-type").decode("latin-1")
        self._door.finder.learn(self._fields, fields)
        if not self._discloses(status):
            return Leave()
        coding = first(fields, b"content-encoding").decode("latin-1")
        found = self._people(fields, body, coding)
        body, coding, redacted = self._redact(body, coding)
        if redacted and found:
            found = people.without(found, self.told.redact)
        self._shown = found
        self._named = frozenset(person.subject for person in found or ())
        changed = body if redacted else None
        if self._missed:
            return Leave(body=changed)
        admission = self._paying.admission(found)
        if admission is not None:
            return self._admitted(admission, changed, body, coding)
        if self._paying.must_ask():
            page = yield from self.enter()
            if page is not None or self._missed:
                return Leave(page, changed)
        can_trim = body is not None and trim.can_trim(self._match.surface, self._kind)
        try:
            reply = yield Admit(Response(self.request.id, status, found, can_trim))
        except ServiceError:
            return Leave(self._undecided(), changed)
        return self._admitted(reply.admission or Admission(), changed, body, coding)

    def _redact(self, body: bytes | None, coding: str) -> tuple[bytes | None, str, bool]:
        """Take the fields to withhold out of a JSON body; in HTML the application leaves them out."""
        surface, redact = self._match.surface, self.told.redact
        if not redact or body is None:
            return body, coding, False
        cut = trim.trim(surface, body, self._kind, coding, (), redact)
        return (body, coding, False) if cut is None else (cut, "", True)

    def _people(self, fields: Fields, body: bytes | None, coding: str) -> tuple[Person, ...] | None:
        request = self.request
        site = urlsplit(self._door.config.site.url).netloc
        found = people.read(
            self._match.surface,
            self._match.subject,
            fields,
            body,
            self._kind,
            coding,
            told=self.told.people,
            target=request.target,
            hosts=tuple(filter(None, (request.host, site))),
            limit=8 * self.limit,
            watched=self._door.watched,
            version_key=self._door.version_key,
        )
        if found and self.told.values and self._match.surface.version:
            wanted = self._match.surface.version
            values = {
                subject: {name: value for name, value in told.items() if name in wanted}
                for subject, told in self.told.values.items()
            }
            found = people.told_versions(found, values, self._door.version_key)
        if found and len(found) > _MANY and len(msgspec.json.encode(found)) > MAX_LINE // 2:
            return None  # too many to ask about: as with a body that is too large, the reservation stays
        return found

    def _admitted(
        self, admission: Admission, changed: bytes | None, body: bytes | None, coding: str
    ) -> Leave:
        if not admission.passes:
            return Leave(self._refuse(admission))
        if self._shown is None and self.told.redact:
            # What must be withheld cannot be shown to be gone from a body that nobody read.
            return Leave(self._refuse(Admission(Action.BLOCK, reasons=admission.reasons)))
        if self._shown is not None:
            self._shown = admission.people
        if not admission.enforced or not (admission.withheld or admission.strip):
            return Leave(body=changed)
        surface = self._match.surface
        cut = trim.trim(
            surface, body or b"", self._kind, coding, admission.withheld, admission.strip
        )
        if cut is None:
            blocked = Admission(Action.BLOCK, reasons=admission.reasons)
            return Leave(self._refuse(blocked))
        return Leave(body=cut)

    def finish(self, sent: int, *, aborted: bool = False, failed: bool = False) -> Steps[None]:
        """Tell that the exchange is over, once; `sent` are body bytes, `failed`: the application raised an error."""
        if self._finished:
            return
        self._finished = True
        exchange = Exchange(
            self.request,
            500 if failed and not self._status else self._status,
            people=self._final(),
            sent=sent,
            aborted=aborted or failed,
            refused=self._refused,
            source=self._door.source,
            content_type=self._kind,
        )
        try:
            yield self._paying.over(exchange)
        except ServiceError:
            self._miss("the authority did not answer; what passed was not recorded")
        else:
            self._paying.told(exchange)

    def _final(self) -> tuple[Person, ...] | None:
        """Return who was shown: those admitted, and those the application named after that."""
        if self._refused:
            return None
        late = [one for one in self.told.people or () if one.subject not in self._named]
        if not late:
            return self._shown
        return (*(self._shown or ()), *late)

    def _refuse(self, decision: Decision | Admission) -> Page:
        """Return the page of a refusal; one that follows from the first decision gives its reasons."""
        if isinstance(decision, Admission) and not decision.reasons and self.decision:
            decision = msgspec.structs.replace(decision, reasons=self.decision.reasons)
        page = self._door.challenges.page(
            decision,
            self.request.actor,
            self.request.target,
            time.time(),
            reference_of(self.request.id),
            headers=self._fields,
        )
        self._refused, self._status = True, page.status
        return page

    def _undecided(self) -> Page | None:
        """Do what the surface declares for the case that nobody answers."""
        if self._match.surface.fail == "open":
            self._miss("the authority did not answer; requests passed without a decision")
            return None
        reference = reference_of(self.request.id)
        page = self._door.challenges.unavailable(reference, headers=self._fields)
        self._refused, self._status = True, page.status
        return page

    def _miss(self, why: str) -> None:
        """Count an exchange that passed undecided or unrecorded, once."""
        if not self._missed and not self._refused:
            self._missed = True
            self._door.absence.missed(self._match.surface.id, self._since, why)
