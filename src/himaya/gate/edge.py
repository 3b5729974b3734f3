"""Passes: nginx may let an actor through for some seconds without asking about every page.

A pass is an answer of ours that nginx keeps in its cache (`proxy_cache` of the question), under a key made of
everything that could tell actors apart. It is given while every budget of the actor has room for all that can be
obtained on it, and withdrawn by removing its file as soon as that is no longer so, a decision stands against the
actor, or the log is late.
Refusals are never kept: whoever is refused is asked about every time.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import re
from collections import Counter, OrderedDict
from pathlib import Path
from typing import NamedTuple

from himaya.config import Config
from himaya.core.actor import Actor, prefix_of
from himaya.core.decision import Action, Decision
from himaya.core.engine import Engine
from himaya.core.exchange import Exchange, Request
from himaya.gate.edge_maps import digest_of

log = logging.getLogger(__name__)

#: What nginx says when it could keep the answer: which configuration it was printed from, and the key.
_ASKED = re.compile(rb"([0-9a-f]{16}) (\[.{1,8000}\])", re.DOTALL)

#: A file of nginx's cache: the digest of its key; while it is written a number follows.
_FILE = re.compile(r"[0-9a-f]{32}(\.\d+)?")

#: nginx may write a pass a moment after it was withdrawn, so removing is tried again for so long.
_AGAIN_S = 5.0

#: nginx counts the seconds of a pass from when it has our answer, whole ones, and through the last of them.
_GRACE_S = 2.0

#: A log that tells nothing of a request for so long is late: nobody gets a pass.
_LATE_S = 10.0

#: Doors whose exchanges come from the log.
_FOLLOWED = frozenset({"log", "edge"})


class _Pass(NamedTuple):
    """Who may pass until when; `keys` are the principals whose room it counts on."""

    actor: Actor
    agent: str
    until: float
    keys: tuple[str, ...]


class Passes:
    """The passes of one nginx, in memory and as files; at most `edge.passes`. Times are epoch seconds.

    `problem` says why nobody gets a pass, "" when nothing hinders.
    """

    def __init__(self, config: Config, engine: Engine) -> None:
        """Take the configuration; passes of an earlier process are withdrawn."""
        self.problem = ""
        self._engine = engine
        self._table: OrderedDict[str, _Pass] = OrderedDict()
        self._by_place: dict[str, set[str]] = {}
        self._count: Counter[str] = Counter()
        self._seen: set[str] = set()
        self._withdrawn: dict[str, float] = {}
        self._waiting = 0.0
        self._said: set[str] = set()
        self._directory = Path(config.edge.directory)
        self.adopt(config)

    def __len__(self) -> int:
        """Return how many passes are alive."""
        return len(self._table)

    def adopt(self, config: Config) -> None:
        """Take another configuration over; all passes are withdrawn, where they were kept until now as well."""
        if self._directory != Path(config.edge.directory):
            self.clear()
        self._edge = config.edge
        self._directory = Path(config.edge.directory)
        self._said = set()
        self._digest = digest_of(config).encode()
        self._surfaces = [s for s in config.surfaces if s.id in config.edge.surfaces]
        self._ids = frozenset(config.edge.surfaces)
        self._names_of_surfaces = tuple(f"surface:{name}" for name in config.edge.surfaces)
        self.clear()

    # -- giving ----------------------------------------------------------------------------------

    def give(self, request: Request, decision: Decision, asked: bytes, now: float) -> int:
        """Return for how many seconds nginx may keep the answer to a question; 0: it must ask again.

        `asked` is what nginx sent in `X-Himaya-Pass`. Only a plain allow can become a pass.
        """
        if decision.action is not Action.ALLOW or decision.surface not in self._ids:
            return 0
        name = self._name_of(asked)
        if not name or not request.actor.address or self._hindered(now):
            return 0
        self._forget(name)
        keys = self._room(request.actor, request.agent, now)
        if not keys or len(self._table) >= self._edge.passes:
            return 0
        self._keep(name, _Pass(request.actor, request.agent, now + self._edge.pass_s, keys))
        self._waiting = self._waiting or now
        return self._edge.pass_s

    def _name_of(self, asked: bytes) -> str:
        """Return the name of the file nginx would keep; "" when its configuration is not for ours."""
        found = _ASKED.fullmatch(asked)
        if found is None:
            return ""
        if found[1] != self._digest:
            self._say_once(
                "nginx's configuration was printed for another himaya.toml, print it again"
            )
            return ""
        return hashlib.md5(found[2], usedforsecurity=False).hexdigest()  # as nginx names it

    def _room(
        self, actor: Actor, agent: str, now: float, own: tuple[str, ...] = ()
    ) -> tuple[str, ...]:
        """Return the principals of an actor when each has room for this and every other pass that counts on it.

        `own` are those that count this pass already.
        """
        need, count = self._need(), self._count
        keys: dict[str, None] = {}
        for surface in self._surfaces:
            room = self._engine.room(actor, surface, now, agent)
            for key, free in room.items():
                if free < need * (count.get(key, 0) + (key not in own)):
                    return ()
            if not room:
                return ()
            keys.update(dict.fromkeys(room))
        return tuple(keys)

    def _need(self) -> int:
        """Return the units of all that can be obtained on one pass."""
        return self._edge.unasked * max(map(self._engine.heaviest, self._surfaces), default=0)

    def _keep(self, name: str, given: _Pass) -> None:
        self._table[name] = given
        self._withdrawn.pop(name, None)
        for place in _places(given.actor):
            self._by_place.setdefault(place, set()).add(name)
        self._count.update(given.keys)

    def _forget(self, name: str) -> None:
        given = self._table.pop(name, None)
        if given is None:
            return
        self._uncount(given.keys)
        for place in _places(given.actor):
            names = self._by_place[place]
            names.discard(name)
            if not names:
                del self._by_place[place]

    def _uncount(self, keys: tuple[str, ...]) -> None:
        for key in keys:
            self._count[key] -= 1
            if not self._count[key]:
                del self._count[key]

    # -- what happens to them --------------------------------------------------------------------

    def note(self, exchange: Exchange, at: float) -> None:
        """See an exchange that is over; `at` is when it was."""
        self._seen.update(p for p in _places(exchange.request.actor) if p in self._by_place)
        if exchange.source in _FOLLOWED and at >= self._waiting:
            self._waiting = 0.0

    def tick(self, now: float, *, off: bool = False) -> None:
        """Withdraw what may no longer stand; called about twice a second. `off`: nobody is asked at all."""
        for name in self._over(now):
            self._forget(name)
        for name in [n for n, until in self._withdrawn.items() if self._again(n, until, now)]:
            del self._withdrawn[name]
        if self._table and (off or self._hindered(now)):
            self.clear()
        for name in self._doubtful(now):
            self._check(name, now)
        self._seen.clear()

    def _over(self, now: float) -> list[str]:
        """Return passes whose time is over; the table is in the order of time."""
        over = []
        for name, given in self._table.items():
            if given.until + _GRACE_S > now:
                break
            over.append(name)
        return over

    def _again(self, name: str, until: float, now: float) -> bool:
        """Remove the file of a withdrawn pass once more; True when it was done often enough."""
        self._remove(name)
        return now >= until

    def _doubtful(self, now: float) -> list[str]:
        """Return the passes of whoever was seen anywhere since the last tick, or against whom a decision stands."""
        seen = {name for place in self._seen for name in self._by_place.get(place, ())}
        standing = self._engine.watchers.standing
        if not standing:
            return list(seen)
        held = (
            name
            for name, given in self._table.items()
            if any(
                one in standing and standing[one].until > now for one in self._names(given.actor)
            )
        )
        return [*seen, *held]

    def _names(self, actor: Actor) -> tuple[str, ...]:
        """Return the names under which a decision may stand against an actor (`Watchers.standing_for`)."""
        if actor.account or actor.key:
            return (actor.name,)
        return (actor.name, f"prefix:{prefix_of(actor.address)}", *self._names_of_surfaces)

    def _check(self, name: str, now: float) -> None:
        """Withdraw a pass whose actor has no room for it any more."""
        given = self._table.get(name)
        if given is None:
            return
        keys = self._room(given.actor, given.agent, now, given.keys)
        if keys:
            if keys != given.keys:
                self._uncount(given.keys)
                self._count.update(keys)
                self._table[name] = given._replace(keys=keys)
        else:
            self._forget(name)
            self._withdrawn[name] = now + _AGAIN_S
            self._remove(name)

    # -- files -----------------------------------------------------------------------------------

    def clear(self) -> None:
        """Withdraw every pass, those of earlier processes included; those alive once more at the next tick."""
        self._withdrawn.update(dict.fromkeys(self._table, 0.0))
        self._table.clear()
        self._by_place.clear()
        self._count.clear()
        self._seen.clear()
        with contextlib.suppress(OSError):  # whoever asks for a pass is told why there is none
            for file in self._directory.iterdir():
                if _FILE.fullmatch(file.name):
                    self._remove(file.name)

    def _remove(self, name: str) -> None:
        try:
            (self._directory / name).unlink(missing_ok=True)
        except OSError as problem:
            self._say_once(f"a pass in {self._directory} was not withdrawn: {problem.strerror}")

    def _hindered(self, now: float) -> bool:
        """Tell whether nobody may have a pass now: it could not be withdrawn, or nothing would tell of it."""
        problem = self._problem(now)
        if problem != self.problem:
            self.problem = problem
            log.warning("passes for nginx: %s", problem or "given again")
        return bool(problem)

    def _problem(self, now: float) -> str:
        if self._waiting and now - self._waiting > _LATE_S:
            return (
                f"none, the log told nothing for {_LATE_S:g} s of what passed: is follow running?"
            )
        if not os.access(self._directory, os.R_OK | os.W_OK | os.X_OK):
            return f"none, {self._directory} is not there or cannot be written"
        return ""

    def _say_once(self, problem: str) -> None:
        if problem not in self._said:
            self._said.add(problem)
            log.warning("passes for nginx: %s", problem)


def _places(actor: Actor) -> frozenset[str]:
    """Return where somebody's views may use up the room of another pass: an address, an account that has several."""
    return frozenset((actor.address, actor.name))
