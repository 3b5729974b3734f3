"""Between a response and its reader: see who is shown, ask who may pass, and cut out the rest."""

from __future__ import annotations

from typing import NamedTuple

from himaya.core.decision import Action, Admission, Decision
from himaya.core.exchange import Person, Request, Response
from himaya.core.surface import Surface
from himaya.core.version import without as version_without
from himaya.gate.authority import Authority
from himaya.gate.heads import ResponseHead
from himaya.gate.people import needs_body, read
from himaya.gate.trim import can_trim, trim

#: Statuses whose body is the resource itself.
_WHOLE = frozenset({200, 203, 226})


class Screened(NamedTuple):
    """What becomes of a response.

    `refusal` replaces it whole; else `body` is sent in place of the application's, None for unchanged.
    `people` are those who may be seen in it, None when nobody could read them.
    """

    people: tuple[Person, ...] | None
    refusal: Admission | None = None
    body: bytes | None = None


def must_hold(surface: Surface, response: ResponseHead) -> bool:
    """Tell whether a response must be held back and read before it may leave."""
    endless = response.get(b"content-type").startswith(b"text/event-stream")
    return response.status in _WHOLE and needs_body(surface) and not endless


class Screen:
    """Screens the responses of one exchange's surface; `hosts` are names under which the site is linked."""

    def __init__(
        self,
        authority: Authority,
        request: Request,
        decision: Decision,
        surface: Surface,
        hosts: tuple[str, ...],
        limit: int,
        version_key: bytes = b"",
    ) -> None:
        """Take the exchange so far; `limit` bounds a decoded body in bytes, `version_key` keys versions."""
        self._version_key = version_key
        self._authority = authority
        self._request = request
        self._surface = surface
        self._hosts = hosts
        self._limit = limit
        self._redact = decision.redact if decision.enforced else ()
        self._must_redact = decision.enforced and decision.action is Action.REDACT
        self._reasons = decision.reasons

    def look(self, response: ResponseHead, body: bytes | None) -> Screened:
        """Return what becomes of a response; `body` is None when it was not held back whole."""
        kind = response.get(b"content-type").decode("latin-1")
        coding = response.get(b"content-encoding").decode("latin-1")
        people = self._people(response, kind, body, coding)
        plain = self._without_fields(body, kind, coding)
        if plain is not None:
            people = self._after_cut(people)
        trims = body is not None and can_trim(self._surface, kind)
        found = Response(self._request.id, response.status, people, can_trim=trims)
        admission = self._authority.admit(found)
        if not admission.passes:
            return Screened((), admission)
        if people is None:
            # What must be withheld cannot be shown to be gone from a body that nobody read.
            return Screened(None, self._blocked(admission) if self._must_redact else None)
        if not admission.enforced or not (admission.withheld or admission.strip):
            return Screened(admission.people, None, plain)
        rest, coding = (body, coding) if plain is None else (plain, "")
        cut = trim(self._surface, rest or b"", kind, coding, admission.withheld, admission.strip)
        if cut is None:
            return Screened((), self._blocked(admission))
        return Screened(admission.people, None, cut)

    def _without_fields(self, body: bytes | None, kind: str, coding: str) -> bytes | None:
        """Take the fields to withhold out of a JSON body; in HTML the application leaves them out."""
        if not self._redact or body is None:
            return None
        return trim(self._surface, body, kind, coding, (), self._redact)

    def _after_cut(self, people: tuple[Person, ...] | None) -> tuple[Person, ...] | None:
        """Return people with the fields they have left.

        Where the body named no declared field (None), nobody can tell what was cut, and all count as left.
        """
        return people and tuple(
            p
            if p.fields is None
            else Person(
                p.subject,
                tuple(f for f in p.fields if f not in self._redact),
                version_without(p.version, self._redact),
            )
            for p in people
        )

    def _people(
        self, response: ResponseHead, kind: str, body: bytes | None, coding: str
    ) -> tuple[Person, ...] | None:
        if response.status not in _WHOLE and response.status != 206:
            return ()
        request = self._request
        match = self._authority.engine.surfaces.match(request.method, request.target)
        return read(
            self._surface,
            match.subject if match else "",
            response.fields,
            body,
            kind,
            coding,
            target=request.target,
            hosts=self._hosts,
            limit=self._limit,
            watched=self._authority.engine.watched,
            version_key=self._version_key,
        )

    def _blocked(self, admission: Admission) -> Admission:
        """Return a refusal that is the door's own: the engine let the response pass cut, and it cannot be cut."""
        blocked = Admission(Action.BLOCK, reasons=admission.reasons or self._reasons)
        self._authority.note_refusal(self._request.id, blocked, self._authority.clock())
        return blocked
