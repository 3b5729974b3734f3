"""Streaming detectors: small units that turn observations into findings.

Each is one file with a docs card in `docs/detectors/` and a scenario in `tests/core/scenarios/`.
A finding is a reason to look; only the site's policy turns it into an action.
"""

from __future__ import annotations

from typing import Protocol

import msgspec

from himaya.core.actor import Actor
from himaya.core.finding import Finding
from himaya.core.window import PeopleWindow


class Observation(msgspec.Struct, gc=False):
    """One exchange that disclosed people, as a detector sees it.

    `name` is the actor's name, `subjects` the people shown (never the actor's own profile), `window` the
    people of the actor's first principal after this exchange was counted, `age_s` the account's
    age in seconds (None unknown), `surface` the surface id and `kind` its kind, `now` epoch seconds.
    `cohort` is anonymous, new, established, paid or key. `fresh`: somebody shown was never shown to the actor before.
    `opened`: the one profile shown was opened by the actor of late.
    `near`: the one person shown is near the actor; None where nobody told, or several are shown. `listed`: a list
    showed the one person to this session before; None where nobody can tell. `popular`: who else looked at somebody
    new of late, in the words of evidence; "" where not known. `missed`: a look-up found nobody.
    `agent` is the agent string.
    """

    name: str
    actor: Actor
    surface: str
    subjects: tuple[str, ...]
    window: PeopleWindow
    now: float
    age_s: float | None
    kind: str = "profile"
    cohort: str = "established"
    fresh: bool = True
    opened: bool = False
    near: bool | None = None
    listed: bool | None = None
    popular: str = ""
    missed: bool = False
    agent: str = ""


class Detector(Protocol):
    """What every detector offers. State is bounded by `max_actors` given to its constructor."""

    name: str

    def observe(self, seen: Observation) -> Finding | None:
        """Take in one observation; return a finding when a threshold is crossed."""
        ...

    def tracked(self) -> int:
        """Return how many actors the detector holds state for."""
        ...
