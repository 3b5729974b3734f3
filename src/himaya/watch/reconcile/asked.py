"""Which lines of a log must have left a row in the ledger.

The rules are the engine's (`core.disclosure.outcome`, and who is shown to whom); a line that the engine would have
written nothing about is skipped here for the same reason.
"""

from __future__ import annotations

from collections import Counter
from enum import StrEnum

import msgspec

from himaya.config import Config
from himaya.core.actor import Actor
from himaya.core.disclosure import Outcome, outcome
from himaya.core.exchange import Exchange
from himaya.core.facts import Facts
from himaya.core.matching import Surfaces
from himaya.core.surface import Match, Surface
from himaya.ledger.identities import Identities
from himaya.ledger.schema import Kind
from himaya.watch.loglines import Placed

#: The surrogate of a name that the ledger does not know; no row has it.
UNKNOWN = -1

#: Names remembered with their numbers, per kind; when full, all are asked for anew.
_MOST = 200_000


class Skip(StrEnum):
    """Why a line on a surface can have left no row."""

    NOTHING = "nothing"  # refused, redirected, not modified, failed, HEAD
    NOBODY = "nobody"  # the log says that the answer showed nobody but the viewer
    OWN = "own"  # the viewer's own profile
    OPENED = "opened"  # a route of many operations: no log says which was asked for, or whether it showed anybody


class Line(msgspec.Struct, gc=False):
    """A line that asks for a row. Numbers are the ledger's surrogates: 0 none, UNKNOWN a name it does not know.

    `subject` and `person` are empty where the path names nobody. `facet` is what the line knows of the actor:
    account, key or address; `who` its number. `redactable`, `readable`: the answer may have left no row because
    everything personal was taken out, or because the gate read it and found nobody.
    """

    at: float
    file: str
    number: int
    surface: str
    subject: str
    person: int
    facet: str
    who: int
    address: int
    actor: str
    redactable: bool = False
    readable: bool = False
    taken: bool = False


def names_person(surface: Surface) -> bool:
    """Tell whether the path alone says who is shown."""
    read = {*surface.people, *(["json"] if surface.json_subject else ())}
    path = surface.kind in {"profile", "media"} and "{subject}" in surface.route
    return path and read <= {"path"} and surface.max_people <= 1


class Asked:
    """Turns placed exchanges into lines that ask for a row; `skipped` counts the others by why."""

    def __init__(self, config: Config, facts: Facts, identities: Identities) -> None:
        """Take the surfaces, what the application told of accounts, and the ledger's map of names."""
        self._surfaces = Surfaces(config.surfaces)
        self._facts, self._identities = facts, identities
        self._redacts = config.mode == "enforce" and config.ladder.redact
        self._numbers: dict[Kind, dict[str, int]] = {kind: {} for kind in Kind}
        self.skipped: Counter[Skip] = Counter()

    def line(self, placed: Placed) -> Line | None:
        """Return what a line asks for, None when it can have left no row."""
        request = placed.exchange.request
        match = self._surfaces.match(request.method, request.target)
        if match is None:
            return None
        why = self._skip(placed.exchange, match)
        if why is not None:
            self.skipped[why] += 1
            return None
        return self._line(placed, match)

    def _skip(self, exchange: Exchange, match: Match) -> Skip | None:
        surface, method = match.surface, exchange.request.method
        sent, aborted = exchange.sent, exchange.aborted
        shown = outcome(method, exchange.status, surface.kind, sent=sent, aborted=aborted)
        if shown is Outcome.NOTHING:
            return Skip.NOTHING
        if surface.batch or self._surfaces.operations(surface):
            return Skip.OPENED
        own = self._own(exchange.request.actor)
        if own and match.subject == own and surface.max_people <= 1:
            return Skip.OWN
        if exchange.people is None or surface.kind == "lookup":
            return None
        return None if _others(exchange, own) else Skip.NOBODY

    def _own(self, actor: Actor) -> str:
        return self._facts.own_subject(actor.account) if actor.account else ""

    def _line(self, placed: Placed, match: Match) -> Line:
        exchange, surface = placed.exchange, match.surface
        actor = exchange.request.actor
        subject = self._subject(exchange, match) if names_person(surface) else ""
        facet, name = _known(actor)
        return Line(
            at=placed.at,
            file=placed.file,
            number=placed.line,
            surface=surface.id,
            subject=subject,
            person=self.number(Kind.SUBJECT, subject),
            facet=facet,
            who=self.number(Kind[facet.upper()], name),
            address=self.number(Kind.ADDRESS, actor.address),
            actor=actor.name,
            redactable=self._redacts and _can_redact(surface),
            readable=exchange.people is None and not subject and surface.kind != "lookup",
        )

    def _subject(self, exchange: Exchange, match: Match) -> str:
        """Return the person a row must name: of the path, unless the log says that others were shown."""
        others = _others(exchange, self._own(exchange.request.actor))
        return match.subject if not others or match.subject in others else others[0]

    def number(self, kind: Kind, name: str) -> int:
        """Return the surrogate of a name: 0 for no name, UNKNOWN for one that the ledger does not know."""
        known = self._numbers[kind]
        if name not in known:
            if len(known) >= _MOST:
                known.clear()
            known[name] = (self._identities.find(kind, name) or UNKNOWN) if name else 0
        return known[name]


def _can_redact(surface: Surface) -> bool:
    """Tell whether the ladder may withhold every personal field; then an answer leaves no row."""
    withheld = bool(surface.redact) and set(surface.fields) <= set(surface.redact)
    return withheld and surface.kind != "lookup"


def _others(exchange: Exchange, own: str) -> list[str]:
    """Return the people other than the viewer that the log itself names."""
    people = exchange.people or ()
    return [person.subject for person in people if person.subject != own and person.fields != ()]


def _known(actor: Actor) -> tuple[str, str]:
    """Return the facet by which reports name an actor, and its name."""
    if actor.account:
        return "account", actor.account
    return ("key", actor.key) if actor.key else ("address", actor.address)
