"""Provenance: profiles are opened that no list of the site showed to this session before.

People come to a profile through a list they were shown: the front page, a search, somebody's friends. A program that
walks ids, or works off a list that another one made, opens people whom nothing led to. The set of people listed
to a session is kept here; no Referer is needed.

Not every site shows its lists to himaya, and on some people come by ways that no list covers. So members vote with
their first views: nobody is judged where less than `share` of these came from a list.
"""

from __future__ import annotations

from collections import OrderedDict

from himaya.core.actor import Actor
from himaya.core.detectors import Observation
from himaya.core.detectors.recent import Recent
from himaya.core.finding import Finding
from himaya.core.policy import Provenance

#: Views by which a session votes, cohorts that vote, and votes that make an election.
_VOTES = 4
_VOTERS = frozenset({"established", "paid"})
_ELECTION = 200
#: Votes after which all are halved, so that a release that moves the lists is noticed.
_FADES = 20_000


class _Session:
    """How many views of a session in a row were of nobody listed, and by how many it voted.

    `unread`: a list was shown whose people nobody could read, so that nothing can be said any more.
    """

    __slots__ = ("run", "unread", "voted")

    def __init__(self) -> None:
        self.run = 0
        self.voted = 0
        self.unread = False


class ProvenanceDetector:
    """Keeps who was listed per session; an actor without one is a session of its own."""

    name = "provenance"

    def __init__(self, settings: Provenance, max_actors: int = 100_000) -> None:
        """Take the length of the run; past `max_actors` the session unseen for longest is forgotten."""
        self._settings = settings
        self._max = max_actors
        self._listing = frozenset(settings.surfaces)
        self._lists = Recent(max_actors)
        self._sessions: OrderedDict[str, _Session] = OrderedDict()
        self._votes = 0
        self._listed = 0

    @property
    def judges(self) -> bool:
        """Tell whether enough members came to people by lists."""
        if not self._settings.share:
            return True
        return self._votes >= _ELECTION and self._listed >= self._settings.share * self._votes

    def lists(self, surface: str, kind: str) -> bool:
        """Tell whether a surface counts as a list."""
        return surface in self._listing if self._listing else kind == "listing"

    def unread(self, name: str, session: str) -> None:
        """Note that a list was shown whose people nobody could read."""
        self._held(session or name).unread = True

    def look(self, seen: Observation) -> None:
        """Say in `seen.listed` whether a list showed the person of a profile before; take in what a list shows."""
        if self.lists(seen.surface, seen.kind):
            self._lists.add(seen.actor.session or seen.name, seen.subjects)
        elif seen.kind == "profile" and len(seen.subjects) == 1:
            session = seen.actor.session or seen.name
            held = self._held(session)
            if not (seen.opened or held.unread):
                listed = self._lists.has(session, seen.subjects[0])
                if held.voted < _VOTES and seen.cohort in _VOTERS:
                    self._vote(held, listed=listed)
                seen.listed = listed if self.judges else None

    def _vote(self, held: _Session, *, listed: bool) -> None:
        held.voted += 1
        self._votes += 1
        self._listed += listed
        if self._votes >= _FADES:
            self._votes, self._listed = self._votes // 2, self._listed // 2

    def observe(self, seen: Observation) -> Finding | None:
        """Find a run of views of people whom no list showed; whoever was opened before does not count."""
        if seen.listed is None or seen.cohort == "key":
            return None
        held = self._held(seen.actor.session or seen.name)
        held.run = 0 if seen.listed else held.run + 1
        if held.run < self._settings.run:
            return None
        return Finding(
            detector=self.name,
            actor=seen.name,
            at=seen.now,
            value=held.run,
            threshold=self._settings.run,
            why=f"opened {held.run} profiles in a row that no list had shown to this session",
        )

    def _held(self, session: str) -> _Session:
        held = self._sessions.get(session)
        if held is None:
            held = self._sessions[session] = _Session()
        self._sessions.move_to_end(session)
        if len(self._sessions) > self._max:
            self._sessions.popitem(last=False)
        return held

    def level(self, actor: Actor) -> float | None:
        """Return the run of an actor's session, None where there is none, or nobody is judged."""
        held = self._sessions.get(actor.session or actor.name)
        return float(held.run) if held is not None and held.run else None

    def tracked(self) -> int:
        """Return how many sessions are held."""
        return max(len(self._sessions), len(self._lists))
