"""A request to an endpoint on its way through a middleware: a visit of several parts."""

from __future__ import annotations

from himaya.core.actor import Actor
from himaya.core.decision import Action, Admission
from himaya.core.errors import ServiceError
from himaya.core.exchange import Person
from himaya.core.subjects import HEADER, parse_subjects, unite
from himaya.core.surface import Match
from himaya.gate.challenge_pages import Page
from himaya.gate.embedded import MAX_DELAY_S, Door, Fields, Leave, Visit
from himaya.gate.embedded_ask import Steps
from himaya.gate.operations.answers import is_readable, read_document, write_document
from himaya.gate.operations.asked import Posted
from himaya.gate.operations.bundle import Bundle
from himaya.gate.people import header_values


def visit_of(
    door: Door,
    match: Match,
    method: str,
    target: str,
    fields: Fields,
    actor: Actor,
    body: bytes | None,
) -> Visit:
    """Return the visit of a request to an endpoint; `body` is None when it is longer than is read."""
    visit = BundleVisit(door, match, method, target, fields, actor)
    visit.open(body)
    return visit


class BundleVisit(Visit):
    """One request of several parts; one that asks for nobody passes without a question."""

    _bundle: Bundle | None = None

    def open(self, body: bytes | None) -> None:
        """Find out what the request asks for."""
        door, request = self._door, self.request
        posted = None if body is None else self._posted(body)
        parts = door.opener.open(door.surfaces, self._match.surface, request, posted, door.watched)
        self._bundle = Bundle(parts, door.source) if parts else None

    def _posted(self, body: bytes) -> Posted:
        kinds = [value.decode("latin-1") for name, value in self._fields if name == b"content-type"]
        codings = [v.decode("latin-1") for n, v in self._fields if n == b"content-encoding"]
        kind = kinds[0] if len(kinds) == 1 else ""
        return Posted(self.request.method, self.request.target, kind, ",".join(codings), body)

    def enter(self) -> Steps[Page | None]:
        """Ask whether all parts may pass. Returns the refusal, or None: ask the application."""
        bundle = self._bundle
        if bundle is None:
            return None
        try:
            decision = self.decision = yield from bundle.decide()
        except ServiceError:
            return self._undecided()
        self._door.reload_for(decision.policy)
        if not decision.passes:
            self.request = bundle.refused.request
            return self._refuse(decision)
        if decision.enforced:
            self.told.redact = bundle.redact
            self.delay_s = min(decision.delay_s, MAX_DELAY_S)
        return None

    @property
    def _must_read(self) -> bool:
        return self._bundle is not None

    def holds(self, status: int, fields: Fields) -> bool:
        """Tell whether the body must be held back: people could be in it, and it fits."""
        kinds = [
            value.decode("latin-1") for name, value in fields if name.lower() == b"content-type"
        ]
        return is_readable(status, "".join(kinds[:1])) and super().holds(status, fields)

    def leave(self, status: int, fields: Fields, body: bytes | None) -> Steps[Leave]:
        """Say what becomes of a response; `body` None: it was not held, or is too large."""
        self._status = status
        self._kind = "".join(header_values(fields, "content-type")[:1])
        self._door.finder.learn(self._fields, fields)
        bundle = self._bundle
        if bundle is None or self._missed or not self._discloses(status):
            return Leave()
        coding = ",".join(header_values(fields, "content-encoding"))
        document = None if body is None else read_document(body, coding, 8 * self.limit)
        told = self._told(fields)
        if told is not None:
            bundle.tell(told, self._door.weigh)
        try:
            verdict = yield from bundle.admit(status, document if told is None else {})
        except ServiceError:
            return Leave(self._undecided())
        changed = write_document(document) if verdict.changed else None
        if verdict.refusal is None and (changed is not None or not verdict.changed):
            return Leave(body=changed)
        self.request = bundle.refused.request
        return Leave(self._refuse(verdict.refusal or Admission(Action.BLOCK)))

    def _told(self, fields: Fields) -> tuple[Person, ...] | None:
        """Return the people that the application named itself, None when it named none."""
        lines = header_values(fields, HEADER)
        said = parse_subjects(",".join(lines)) if lines else None
        if said is None and self.told.people is None:
            return None
        found = unite(said or (), self.told.people or ())
        self._named = frozenset(person.subject for person in found)
        return found

    def finish(self, sent: int, *, aborted: bool = False, failed: bool = False) -> Steps[None]:
        """Tell that the exchange is over, once; `sent` are body bytes, `failed`: the application raised an error."""
        bundle = self._bundle
        if self._finished or bundle is None:
            return
        self._finished = True
        late = [one for one in self.told.people or () if one.subject not in self._named]
        if late:
            bundle.told.people = (*(bundle.told.people or ()), *late)
        status = 500 if failed and not self._status else self._status
        try:
            yield from bundle.settle(
                self.request.actor,
                status,
                sent=sent,
                aborted=aborted or failed,
                refused=self._refused,
                content_type=self._kind,
            )
        except ServiceError:
            self._miss("the authority did not answer; what passed was not recorded")
