"""All parts of one request, decided, admitted and recorded together: all of it passes, or none.

Written as steps (`embedded_ask`), so that the proxy, threads and event loops run the same code.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from himaya.control.messages import Admit, Decide, Record
from himaya.core.actor import Actor
from himaya.core.decision import STRENGTH, Action, Admission, Decision
from himaya.core.exchange import Exchange, Person, Response
from himaya.gate.embedded_ask import Steps
from himaya.gate.operations.parts import Part, Seen
from himaya.gate.people import without

#: People of one part whom a question to the authority has room for (`control.messages.MAX_LINE`).
_MOST = 20_000

#: Returns the units that a set of fields weighs.
Weigh = Callable[[tuple[str, ...]], int]


class Verdict(msgspec.Struct, frozen=True):
    """What becomes of an answer: `refusal` replaces it whole (`own`: the door's own, nobody wrote it down yet).

    `changed` tells that something was taken out of the document.
    """

    refusal: Admission | None = None
    own: bool = False
    changed: bool = False


class Bundle:
    """The parts of one request from the question to the record. `refused` is the part for which all was refused.

    `told` is the part to which people belong whom the application names itself.
    """

    def __init__(self, parts: list[Part], source: str) -> None:
        """Take at least one part; `source` names the door in every record."""
        self.parts = parts
        self.refused = self.told = parts[0]
        self._source = source
        self._decisions: list[Decision] = []
        self._open = True

    @property
    def redact(self) -> tuple[str, ...]:
        """Return the fields that the application is asked to leave out, of all parts."""
        names = [name for one in self._decisions if one.enforced for name in one.redact]
        return tuple(dict.fromkeys(names))

    def decide(self) -> Steps[Decision]:
        """Reserve for every part; the strongest decision counts, and the first refusal ends it."""
        for part in self.parts:
            reply = yield Decide(part.request)
            decision = reply.decision or Decision()
            self._decisions.append(decision)
            if not decision.passes:
                self.refused = part
                return decision
        return max(self._decisions, key=lambda one: (STRENGTH[one.action], one.delay_s))

    def admit(self, status: int, document: object) -> Steps[Verdict]:
        """Ask who of every part may pass and take out who may not; `document` is None when it was not read."""
        changed = False
        for part, decision in zip(self.parts, self._decisions, strict=True):
            seen = Seen(None) if document is None else _bounded(part.place.look(document))
            part.people = seen.people
            cut = decision.redact if decision.enforced else ()
            if cut and seen.people and part.place.cut(document, frozenset(), frozenset(cut)):
                part.people, changed = without(seen.people, cut), True
            trims = part.place.can_trim and seen.people is not None
            reply = yield Admit(Response(part.request.id, status, part.people, trims, seen.unnamed))
            verdict = self._admitted(part, reply.admission or Admission(), decision, document)
            if verdict.refusal is not None:
                self.refused = part
                return verdict
            changed = changed or verdict.changed
        return Verdict(changed=changed)

    def _admitted(
        self, part: Part, admission: Admission, decision: Decision, document: object
    ) -> Verdict:
        if not admission.passes:
            return Verdict(admission)
        must_redact = decision.enforced and decision.action is Action.REDACT
        if part.people is None and must_redact:
            return Verdict(Admission(Action.BLOCK, reasons=decision.reasons), own=True)
        if part.people is not None:
            part.people = admission.people
        if not admission.enforced or not (admission.withheld or admission.strip):
            return Verdict()
        gone = frozenset(person.subject for person in admission.withheld)
        if part.place.cut(document, gone, frozenset(admission.strip)):
            return Verdict(changed=True)
        reasons = admission.reasons or decision.reasons
        return Verdict(Admission(Action.BLOCK, reasons=reasons), own=True)

    def tell(self, people: tuple[Person, ...], weigh: Weigh) -> None:
        """Take what the application says of its answer as the people of one part, and nobody of the others.

        It is the part whose fields weigh most (`weigh`: units of a set of fields): the asker chooses their order.
        """
        self.told = max(self.parts, key=lambda part: weigh(part.surface.fields))
        for part in self.parts:
            part.place = Told(people if part is self.told else ())

    def settle(
        self,
        actor: Actor,
        status: int,
        *,
        sent: int = 0,
        aborted: bool = False,
        refused: bool = False,
        content_type: str = "",
    ) -> Steps[None]:
        """Record every part that was decided, once."""
        if not self._open:
            return
        self._open = False
        for part, _ in zip(self.parts, self._decisions, strict=False):
            request = part.request
            if actor.account and not request.actor.account:
                request = msgspec.structs.replace(request, actor=actor)
            yield Record(
                Exchange(
                    request,
                    status,
                    people=() if refused else part.people,
                    sent=sent,
                    aborted=aborted,
                    refused=refused,
                    source=self._source,
                    content_type=content_type,
                )
            )


def _bounded(seen: Seen) -> Seen:
    """Return who is seen; people too many to ask about count without names."""
    people = seen.people
    return Seen(None, len(people)) if people is not None and len(people) > _MOST else seen


class Told:
    """The place of people whom the application named itself: whole, or not at all."""

    can_trim = False

    def __init__(self, people: tuple[Person, ...]) -> None:
        """Take who is named."""
        self._people = people

    def look(self, document: object) -> Seen:
        """Return who is named."""
        return Seen(self._people)

    def cut(self, document: object, withheld: frozenset[str], names: frozenset[str]) -> bool:
        """Nothing is known of where they stand."""
        return not withheld and not names
