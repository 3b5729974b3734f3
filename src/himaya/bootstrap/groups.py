"""The search for groups beside a running gate: a thread asks the ledger, the loop takes over what it found."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from himaya.analysis.cases import Case, CaseStore, cases_path
from himaya.analysis.groups import Group, Search, names_of
from himaya.analysis.groups.asking import analyse
from himaya.bootstrap.parts import class_salt, search_settings
from himaya.config import Config
from himaya.core.effect import RaiseFinding
from himaya.core.errors import HimayaError
from himaya.core.finding import Finding
from himaya.gate.authority import Authority
from himaya.ledger.engines import Choice
from himaya.ledger.reader import Reader

log = logging.getLogger(__name__)

#: How far back the search begins at a start: as long as the longest window.
_BACK_S = 31 * 86400.0
#: Members named in a finding; the case has all of them.
_NAMED = 200


class Told(msgspec.Struct, frozen=True):
    """What the thread hands to the loop: who spends which group's budget since when, or that a group is over."""

    group: str
    members: tuple[str, ...] = ()
    since: float = 0.0
    finding: Finding | None = None
    over: bool = False


def open_reader(config: Config, engine: Choice | None = None) -> Reader:
    """Open the ledger of a configuration for questions. Raises LedgerError."""
    key = config.ledger.key_file
    directory = Path(config.ledger.directory)
    return Reader.open(directory, Path(key) if key else None, engine=engine)


class GroupWatch:
    """Asks every `[groups] every_s`. `restore` and `take` belong to the loop, the rest to a thread."""

    def __init__(self, config: Config, authority: Authority, clock: Callable[[], float]) -> None:
        """Take where the ledger lies; nothing is opened yet."""
        self._config, self._authority, self._clock = config, authority, clock
        self._search = Search(search_settings(config, class_salt(config, make=False)))
        self._outbox: deque[Told] = deque()
        self._joined: dict[str, int] = {}
        self._thread: threading.Thread | None = None
        self._next = 0.0
        self.problem = ""

    # -- the loop ------------------------------------------------------------------------------

    def restore(self, reader: Reader) -> int:
        """Let the groups of open cases spend one budget again, from their first time on; return how many.

        To be called before the rows of the last month are counted again.
        """
        with CaseStore(self._path) as store:
            found = [case for case in store.all() if case.is_open]
        for case in found:
            self._search.restore(case.group)
            self._tell(case.group, case.opened, reader)
        self._deliver()
        return len(found)

    def take(self) -> None:
        """Take over what was found, and ask again when it is time; called at every tick."""
        self._deliver()
        now, every = self._clock(), self._config.groups.every_s
        busy = self._thread is not None and self._thread.is_alive()
        if not every or busy or now < self._next:
            return
        self._next = now + every
        self._thread = threading.Thread(target=self._ask, args=(now,), name="groups", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Wait for the question that is being asked."""
        if self._thread is not None:
            self._thread.join()

    def _deliver(self) -> None:
        while self._outbox:
            told = self._outbox.popleft()
            if told.over:
                self._authority.leave(told.group)
                continue
            if told.members:
                self._authority.join(told.group, told.members, told.since)
            if told.finding is not None:
                self._authority.runner.perform([RaiseFinding(told.finding)])

    # -- the thread ----------------------------------------------------------------------------

    @property
    def _path(self) -> Path:
        return cases_path(Path(self._config.ledger.directory))

    def _ask(self, now: float) -> None:
        try:
            with open_reader(self._config) as reader, CaseStore(self._path) as store:
                self._follow_cases(reader, store)
                for group in analyse(reader, now - _BACK_S, now, self._search):
                    new = store.put(group, now)
                    if store.states()[group.id] == "closed":
                        # Found once more in old rows, after a restart: people decided about it already.
                        self._search.close(group.id)
                    else:
                        self._tell(group, now, reader, new=new)
        except (HimayaError, OSError) as problem:
            if self.problem != str(problem):
                log.warning("groups cannot be looked for, and are tried again: %s", problem)
            self.problem = str(problem)
        else:
            self.problem = ""

    def _follow_cases(self, reader: Reader, store: CaseStore) -> None:
        """Do what people decided, and what was found by hand, since the last time."""
        for name, state in store.states().items():
            if state == "closed" and name in self._joined:
                del self._joined[name]
                self._search.close(name)
                self._outbox.append(Told(name, over=True))
            elif state != "closed" and name not in self._joined:
                case = store.get(name)
                self._search.restore(case.group)
                self._tell(case.group, case.opened, reader)

    def _tell(self, group: Group, since: float, reader: Reader, *, new: bool = False) -> None:
        """Hand on the members who were proven since the last time, under their names; a new group is a finding."""
        before = self._joined.get(group.id, 0)
        fresh = [actor for actor in group.proven if isinstance(actor, int)][before:]
        self._joined[group.id] = before + len(fresh)
        joined, finding = (*named(reader, fresh), *covered(reader, group)), None
        if new:
            members = [actor for actor in group.members if isinstance(actor, int)]
            finding = finding_of(group, since, (*named(reader, members), *covered(reader, group)))
        if joined or new:
            self._outbox.append(Told(group.id, joined, since, finding))


def named(reader: Reader, actors: Iterable[int]) -> tuple[str, ...]:
    """Return the names of actors in order; who was forgotten is left out."""
    wanted = list(actors)
    names = reader.identities.names(wanted)
    return tuple(names[actor] for actor in wanted if actor in names)


def covered(reader: Reader, group: Group) -> tuple[str, ...]:
    """Return the linking keys that cover unseen actors, under the names an engine knows."""
    tools = [key for key in group.covers if key.kind == "tool"]
    networks = [int(key.value) for key in group.covers if key.kind == "network"]
    return (*names_of(tools), *(f"prefix:{name}" for name in named(reader, networks)))


def finding_of(group: Group, now: float, members: tuple[str, ...]) -> Finding:
    """Return the finding that a new group is."""
    ground = group.grounds[0]
    why = (
        f"{len(group.members)} actors were shown {group.people} different people, {group.shown} in all."
        f" {' '.join(group.words())}"
    )
    return Finding(
        "group", f"group:{group.id}", now, ground.value, ground.threshold, why, "", members[:_NAMED]
    )


def find(
    config: Config, start: float, now: float, engine: Choice | None = None
) -> list[tuple[Case, bool]]:
    """Look for groups by hand over a period and open cases for them; return open cases and which are new.

    Groups of open cases are known to the search, so what goes on joins them. Raises LedgerError, ServiceError.
    """
    search = Search(search_settings(config, class_salt(config, make=False)))
    with (
        open_reader(config, engine) as reader,
        CaseStore(cases_path(reader.layout.directory)) as store,
    ):
        for known in store.all():
            if known.is_open:
                search.restore(known.group)
        grown = {group.id: group for group in analyse(reader, start, now, search)}
        new = {name for name, group in grown.items() if store.put(group, now, "himaya case find")}
        cases = [store.get(name) for name in search.groups]
        return [(case, case.id in new) for case in cases]
