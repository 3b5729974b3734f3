"""How much a person weighs in a budget: the heaviest field shown, times the person's protection and nearness."""

from __future__ import annotations

from himaya.core.facts import Facts
from himaya.core.policy import Policy
from himaya.core.surface import Surface
from himaya.core.window import UNIT

_HEAVIEST = 1_000_000


class Weights:
    """Weights in units (100 = one ordinary person), from the policy and the facts."""

    def __init__(self, policy: Policy, facts: Facts) -> None:
        """Take the weight per field and per protected class."""
        self._fields = policy.sensitivity
        self._protected = policy.protected
        self._facts = facts
        self._near = policy.distance.near
        self._organisation = policy.distance.organisation
        self._cache: dict[tuple[str, ...], int] = {}

    def of_fields(self, fields: tuple[str, ...]) -> int:
        """Return the units of a set of fields: the heaviest counts; an unlisted field weighs 1."""
        units = self._cache.get(fields)
        if units is None:
            heaviest = max((self._fields.get(name, 1.0) for name in fields), default=1.0)
            units = min(_HEAVIEST, max(1, round(heaviest * UNIT)))
            if len(self._cache) < 4096:
                self._cache[fields] = units
        return units

    def heaviest(self, surface: Surface) -> int:
        """Return the units of the heaviest person a surface may show: of any protected class told so far."""
        units, told = self.of_fields(surface.fields), self._facts.classes
        if not told:
            return units
        factor = max(1.0, *(self._protected.get(name, 1.0) for name in told))
        return min(_HEAVIEST, round(units * factor))

    def of(
        self, surface: Surface, subject: str, fields: tuple[str, ...] | None, viewer: str = ""
    ) -> int:
        """Return the units of showing `fields` (None: the surface's own) of a subject to an account ("" for none)."""
        units = self.of_fields(surface.fields if fields is None else fields)
        if viewer and self._near != 1.0 and self.is_near(viewer, subject):
            units = max(1, round(units * self._near))
        fact = self._facts.subjects.get(subject) if self._facts.subjects else None
        if fact is None or not fact.protected:
            return units
        factor = max(self._protected.get(name, 1.0) for name in fact.protected)
        return min(_HEAVIEST, max(1, round(units * factor)))

    def is_near(self, viewer: str, subject: str) -> bool:
        """Tell whether a subject is near an account; where the application told nothing, nobody is."""
        facts = self._facts
        if (viewer, subject) in facts.near:
            return True
        if not self._organisation:
            return False
        mine, theirs = facts.accounts.get(viewer), facts.accounts.get(subject)
        return bool(
            mine and theirs and mine.organisation and mine.organisation == theirs.organisation
        )


def times(units: int, factor: float) -> int:
    """Return units times a factor, whole, at least one and not above what a window can hold of a person."""
    return min(_HEAVIEST, max(1, round(units * factor)))
