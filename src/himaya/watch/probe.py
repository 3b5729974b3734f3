"""What the engine makes of an ordinary page view on each surface, found out by asking it.

Most lines on surfaces are ordinary: somebody opens a profile, the answer is 200, and the path names the
person. The engine makes the same of all of them, so a scan may count them in bulk and ask the engine
only about actors that could be found. What is ordinary is not written down twice: the engine says so.
"""

from __future__ import annotations

import re
from enum import IntEnum

from himaya.core.actor import Actor
from himaya.core.disclosure import Disclosures
from himaya.core.effect import RecordDisclosures
from himaya.core.engine import Engine
from himaya.core.exchange import Exchange, Request
from himaya.core.policy import Policy
from himaya.core.surface import Surface

_HOLE = re.compile(r"\{[^}]*\}")


class Ordinary(IntEnum):
    """What an answered GET without named people gives: the person of the path, a row nobody can name, else."""

    NOBODY = 0
    PERSON = 1
    UNNAMED = 2
    OTHER = 3


def probe(policy: Policy) -> dict[str, Ordinary]:
    """Return what an ordinary view is on each surface, by its id."""
    engine = Engine(policy)
    return {surface.id: _probe(engine, surface) for surface in policy.surfaces}


def _probe(engine: Engine, surface: Surface) -> Ordinary:
    target = _HOLE.sub("1", surface.route)
    match = engine.surfaces.match("GET", target)
    if match is None or match.surface is not surface:
        return Ordinary.OTHER
    request = Request("", Actor(address="192.0.2.1"), target)
    effects = engine.record(Exchange(request, 200), 0.0)
    rows = [effect.disclosures for effect in effects if isinstance(effect, RecordDisclosures)]
    if len(effects) != 1 or len(rows) != 1:
        return Ordinary.OTHER
    return _kind(rows[0], match.subject)


def _kind(row: Disclosures, subject: str) -> Ordinary:
    if row.miss or (row.shown and row.unattributed):
        return Ordinary.OTHER
    if row.shown:
        return (
            Ordinary.PERSON if [one.subject for one in row.shown] == [subject] else Ordinary.OTHER
        )
    return Ordinary.UNNAMED if row.unattributed and not subject else Ordinary.OTHER
