"""The first reading of a log: whom it shows, who asks, and what the policy makes of it while nobody is mixed in."""

from __future__ import annotations

from himaya.bench.inject.gate import Gate
from himaya.bench.inject.past import Past
from himaya.config import Config
from himaya.core.disclosure import Outcome, outcome
from himaya.core.errors import InputError
from himaya.core.exchange import Exchange
from himaya.core.facts import Facts
from himaya.core.matching import Surfaces


class Survey:
    """What one reading tells. `fates` holds what became of each exchange, in the order of reading."""

    def __init__(self, past: Past, config: Config, facts: Facts) -> None:
        """Read the log once. Raises InputError when nothing in it belongs to a surface."""
        self._surfaces = Surfaces(config.surfaces)
        self._gate = Gate(config.policy(), facts)
        self._subjects: dict[str, None] = {}
        self._actors: dict[str, None] = {}
        self.fates = bytearray()
        self.first = self.last = 0.0
        self.accounts = 0
        for at, exchange in past.exchanges():
            self._add(exchange, at)
        if not self.fates:
            raise InputError(
                "no line of the log belongs to a surface of the configuration; "
                "`himaya discover LOG` proposes surfaces"
            )

    def _add(self, exchange: Exchange, at: float) -> None:
        self.first = min(self.first, at) if self.fates else at
        self.last = max(self.last, at)
        self.fates.append(self._gate.past(exchange, at))
        actor = exchange.request.actor
        self._actors[actor.name] = None
        self.accounts += bool(actor.account)
        self._subjects.update(dict.fromkeys(self._shown(exchange)))

    def _shown(self, exchange: Exchange) -> list[str]:
        """Return whom an exchange showed."""
        request = exchange.request
        match = self._surfaces.match(request.method, request.target)
        if match is None:
            return []
        kind, sent = match.surface.kind, exchange.sent
        shown = outcome(request.method, exchange.status, kind, sent=sent, aborted=exchange.aborted)
        if shown is not Outcome.DISCLOSED:
            return []
        if exchange.people is not None:
            return [person.subject for person in exchange.people]
        return [match.subject] if match.subject else []

    @property
    def subjects(self) -> list[str]:
        """Return everybody whom the log shows, in the order of first mention."""
        return list(self._subjects)

    @property
    def actors(self) -> int:
        """Return how many different actors ask."""
        return len(self._actors)
