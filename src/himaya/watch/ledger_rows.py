"""Rows of the ledger as exchanges again, so that another policy can decide about them.

The ledger holds what was shown, not the request: a target is made from the surface's route. Agents are not kept.
What an enforced policy refused is not in it either; `enforced` counts the rows written under such a policy.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote

from himaya.core.disclosure import Disclosures
from himaya.core.exchange import Exchange, Person, Request
from himaya.core.matching import Surfaces
from himaya.core.surface import Surface
from himaya.ledger.rows import Row
from himaya.ledger.together import together
from himaya.watch.result import iso

_HOLE = re.compile(r"\{([^}]*)\}")
_SHOWING = frozenset({101, 200, 203, 206, 226})

Take = Callable[[Exchange, float], None]


class LedgerRows:
    """Reads rows once; `rows`, `unplaced` and `enforced` say what they held."""

    def __init__(self, surfaces: tuple[Surface, ...], enforcing: Iterable[str]) -> None:
        """Take the surfaces to place rows on, and the hashes of policies that were enforced."""
        self._surfaces = Surfaces(surfaces)
        self._enforcing = frozenset(enforcing)
        self.rows = self.unplaced = self.enforced = 0
        self._first: float | None = None
        self._last: float | None = None

    def read(self, rows: Iterable[Row], take: Take) -> None:
        """Give `take` what each exchange of the rows was."""
        for told, count in together(rows):
            if told.kind == "clearance":
                continue
            self.rows += count
            self._first = told.at if self._first is None else self._first
            self._last = told.at
            self.enforced += count if told.policy in self._enforcing else 0
            exchange = self._exchange(told)
            if exchange is None:
                self.unplaced += count
            else:
                take(exchange, told.at)

    def figures(self) -> dict[str, Any]:
        """Return what was read."""
        return {
            "rows": self.rows,
            "rows_of_other_surfaces": self.unplaced,
            "rows_while_enforcing": self.enforced,
            "from": iso(self._first),
            "to": iso(self._last),
        }

    def _exchange(self, told: Disclosures) -> Exchange | None:
        surface = self._surfaces.by_id.get(told.surface)
        if surface is None:
            return None
        subject = told.shown[0].subject if len(told.shown) == 1 else ""
        method = "GET" if "GET" in surface.methods else surface.methods[0]
        # Whoever was looked up in vain has no name in the ledger: each counts as somebody else.
        named = subject or f"nobody-{self.rows}"
        target = _HOLE.sub(lambda hole: _filled(hole.group(1), named), surface.route)
        operation = surface.id if surface.operation else ""
        match = self._surfaces.match(method, target, operation)
        if match is None or match.surface.id != surface.id:
            return None
        request = Request("", told.actor, target, method, operation=operation)
        if told.miss:
            return Exchange(request, told.status if told.status in {204, 410} else 404)
        status = told.status if told.status in _SHOWING else 200
        by_path = bool(subject) and match.subject == subject and set(surface.people) <= {"path"}
        if told.unattributed or by_path:
            return Exchange(request, status)
        return Exchange(request, status, tuple(Person(s.subject, s.fields) for s in told.shown))


def _filled(name: str, subject: str) -> str:
    return quote(subject, safe="") if name == "subject" else "x"
