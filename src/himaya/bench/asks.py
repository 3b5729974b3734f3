"""What goes over the wire of a world: an ask, the site's answer, the reply a client gets, and the client itself."""

from __future__ import annotations

import msgspec

from himaya.core.actor import Actor
from himaya.core.exchange import Person


class Ask(msgspec.Struct, frozen=True, gc=False):
    """One request as a client sends it. `numbers` is the body of an import: telephone numbers."""

    target: str
    method: str = "GET"
    numbers: tuple[int, ...] = ()


class Answer(msgspec.Struct, frozen=True, gc=False):
    """What the application answers: a status, whom it shows with which fields, whether a next page exists."""

    status: int = 200
    people: tuple[Person, ...] = ()
    more: bool = False


NOBODY = Answer()
MISSING = Answer(404)


class Reply(msgspec.Struct, frozen=True, gc=False):
    """What the client gets: the answer or what a defence left of it.

    `action` is allow, throttle, challenge, redact or block; `delay_s` how much longer it took. `people`
    are those whose fields really arrived.
    """

    status: int
    people: tuple[Person, ...] = ()
    action: str = "allow"
    delay_s: float = 0.0
    more: bool = False

    @property
    def refused(self) -> bool:
        """Tell whether a defence answered instead of the site."""
        return self.action in {"challenge", "block"}


class Client:
    """Somebody with a browser or a script, as a front door sees them.

    `script` says whether challenges that need JavaScript can be solved; `clearance` is what a solved one gave.
    """

    __slots__ = ("actor", "agent", "clearance", "script", "viewer")

    def __init__(self, actor: Actor, agent: str = "", *, script: bool = True) -> None:
        """Take who asks; `viewer` is what per-viewer ids are bound to."""
        self.actor = actor
        self.agent = agent
        self.script = script
        self.clearance = ""
        self.viewer = actor.account or actor.session or actor.key or actor.address
