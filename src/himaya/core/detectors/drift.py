"""Drift: an answer shows fields of people that its surface does not declare.

An interface that suddenly hands out mail addresses is a release nobody weighed. Each such field is found once per
surface, the first time it is seen; with `strip` the door takes it out of JSON answers until somebody declares it.
"""

from __future__ import annotations

from collections.abc import Iterable

from himaya.core.exchange import Person
from himaya.core.finding import Finding
from himaya.core.policy import Drift
from himaya.core.surface import Surface
from himaya.core.tables import make_room
from himaya.core.version import without as version_without

#: Pairs of surface and field, and sets of fields known to be declared, that are remembered.
_MOST = 4096


class DriftDetector:
    """Keeps which undeclared fields were found, and which sets of fields are all declared."""

    name = "drift"

    def __init__(self, settings: Drift) -> None:
        """Take whether undeclared fields are stripped."""
        self.strips = settings.strip
        self._found: dict[tuple[str, str], None] = {}
        self._fine: dict[tuple[str, tuple[str, ...]], None] = {}

    def undeclared(self, surface: Surface, people: Iterable[Person]) -> tuple[str, ...]:
        """Return the fields of people that the surface does not declare, in the order they appear."""
        more: dict[str, None] = {}
        last: tuple[str, ...] | None = None
        for person in people:
            fields = person.fields
            # The people of one answer mostly show the same fields.
            if not fields or fields == last:
                continue
            last = fields
            if (surface.id, fields) in self._fine:
                continue
            beyond = [name for name in fields if name not in surface.fields]
            if beyond:
                more.update(dict.fromkeys(beyond))
            else:
                make_room(self._fine, _MOST)
                self._fine[surface.id, fields] = None
        return tuple(more)

    def look(self, surface: Surface, people: Iterable[Person], now: float) -> list[Finding]:
        """Return a finding for each undeclared field that was not found on this surface before."""
        found = []
        for name in self.undeclared(surface, people):
            if (surface.id, name) not in self._found:
                make_room(self._found, _MOST)
                self._found[surface.id, name] = None
                found.append(self._finding(surface, name, now))
        return found

    def _finding(self, surface: Surface, name: str, now: float) -> Finding:
        return Finding(
            detector=self.name,
            actor=f"surface:{surface.id}",
            at=now,
            value=1,
            threshold=0,
            why=f"surface {surface.id} showed the field {name!r} of people; it declares {', '.join(surface.fields)}",
        )

    def tracked(self) -> int:
        """Return how many pairs and sets are remembered."""
        return len(self._found) + len(self._fine)


def without(people: tuple[Person, ...], fields: tuple[str, ...]) -> tuple[Person, ...]:
    """Return people without some fields; whoever shows the declared ones (None) stays."""
    return tuple(
        p
        if p.fields is None
        else Person(
            p.subject,
            tuple([name for name in p.fields if name not in fields]),
            version_without(p.version, fields),
        )
        for p in people
    )


def watched(drift: Drift, surfaces: Iterable[Surface]) -> tuple[str, ...]:
    """Return the names of personal fields to look for in answers: those of the settings, and all that are declared."""
    declared = [name for surface in surfaces for name in surface.fields]
    return tuple(dict.fromkeys((*drift.fields, *declared)))
