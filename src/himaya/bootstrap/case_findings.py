"""Cases that single findings open: one per actor and detector of `[response] open_from`, while there is room.

The alerts are read, which hold surrogates and outlive a restart. A case is opened and nothing is decided in it.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from himaya.bootstrap.case_upkeep import opened
from himaya.config import Config
from himaya.core.errors import HimayaError, InputError, ServiceError
from himaya.ledger.schema import micros
from himaya.runner.alerting import AlertStore, Kind, Occurrence, alerts_path
from himaya.runner.alerting.conditions import Condition
from himaya.runner.alerting.names import ACTOR

if TYPE_CHECKING:
    from himaya.response.cases import Act, Case, Register

log = logging.getLogger(__name__)

#: The longest time between two looks at findings, in seconds.
_LOOK_S = 60.0
#: How far back alerts are looked at, in seconds: a process that was away takes up what came meanwhile.
_BACK_S = 86_400.0
#: How long before a finding its case begins: windows reach back thirty days, and one bucket.
_MEMORY_S = 31 * 86_400.0
#: Where a case says that a finding opened it.
_SOURCE = "finding"


class _Mark(msgspec.Struct):
    """By what a finding is known again in a case: the detector, whom it is about, when its alert was opened."""

    finding: str
    about: int
    noticed: int


class _Found(NamedTuple):
    """One actor (a surrogate) of the alert about findings of one detector that was opened at `at` (epoch seconds)."""

    detector: str
    actor: int
    at: float
    text: str

    @property
    def whose(self) -> tuple[str, int]:
        """Return what there is one open case of."""
        return self.detector, self.actor

    @property
    def name(self) -> str:
        """Return what its case is called; two processes that see the same call it the same."""
        whole = f"{self.detector} {self.actor} {micros(self.at)}"
        return f"f-{hashlib.sha256(whole.encode()).hexdigest()[:10]}"


def cases_from_findings(config: Config) -> Condition:
    """Return what opens cases when it is looked at; it has nothing to tell: the findings are alerts already."""
    looking = _Looking(config)

    def look(now: float) -> Iterator[Occurrence]:
        looking.look(now)
        return iter(())

    return look


class _Looking:
    """Looks every minute; what was written down is remembered, so that the register is opened for new ones only."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._next = float("-inf")
        self._done: frozenset[_Found] = frozenset()
        self._problem = ""
        self._is_full = False

    def look(self, now: float) -> None:
        """Open what is to be opened at `now` (epoch seconds)."""
        if self._next - _LOOK_S <= now < self._next:
            return
        self._next = now + _LOOK_S
        try:
            found = list(_alerts(self._config, now))
            fresh = [one for one in found if one not in self._done]
            left = self._write(fresh, now) if fresh else frozenset()
            self._say_full(is_full=bool(left))
            self._done = frozenset(found) - left
            self._problem = ""
        except HimayaError as problem:
            if str(problem) != self._problem:
                log.warning("cases of findings cannot be opened, and are tried again: %s", problem)
            self._problem = str(problem)

    def _write(self, fresh: list[_Found], now: float) -> frozenset[_Found]:
        """Write new ones down, and return those for which there is no room."""
        with opened(self._config, now) as register:
            return frozenset(_Desk(register, self._config, now).take(fresh))

    def _say_full(self, *, is_full: bool) -> None:
        """Log once that there is no room."""
        if is_full and not self._is_full:
            most = self._config.response.open_most
            log.warning(
                "%d cases of findings are open, the most of [response] open_most; further findings"
                " open none until some are closed or merged",
                most,
            )
        self._is_full = is_full


def _alerts(config: Config, now: float) -> Iterator[_Found]:
    """Yield the actors of findings of the last day whose detector is listed, the earliest first."""
    path, listed = alerts_path(Path(config.ledger.directory)), config.response.open_from
    if not path.exists():
        return
    with AlertStore(path) as store:
        about = store.about(Kind.FINDING, now - _BACK_S, ACTOR)
    for alert, actor in about:
        if alert.reference in listed:
            yield _Found(alert.reference, actor, alert.opened, alert.text)


class _Desk:
    """The register as it stands, and what findings did in it."""

    def __init__(self, register: Register, config: Config, now: float) -> None:
        self._register, self._config, self._now = register, config, micros(now)
        self._cases = {case.id: case for case in register.cases()}
        self._seen: dict[tuple[str, int], int] = {}
        self._case: dict[tuple[str, int], str] = {}
        for case in self._cases.values():
            self._remember(case)
        self._room = config.response.open_most - sum(
            case.is_open and case.source == _SOURCE for case in self._cases.values()
        )

    def _remember(self, case: Case) -> None:
        """Note up to when findings about whom are written down, and in which case they were opened."""
        for act in case.acts("opened", "joined"):
            mark = _mark_of(case, act)
            if mark is None:
                continue
            whose = (mark.finding, mark.about)
            self._seen[whose] = max(self._seen.get(whose, 0), mark.noticed)
            if act.kind == "opened":
                self._case[whose] = case.id

    def take(self, found: Iterable[_Found]) -> list[_Found]:
        """Open a case for each, or note it in the one that is open; return those for which there is no room."""
        left = []
        for one in found:
            if micros(one.at) <= self._seen.get(one.whose, -1):
                continue
            case = self._open_case(one)
            if case is None and self._room <= 0:
                left.append(one)
                continue
            self._add([self._joined(one, case)] if case else self._opening(one))
            self._seen[one.whose] = micros(one.at)
            if case is None:
                self._room -= 1
                self._case[one.whose] = one.name
                self._cases[one.name] = self._register.case(one.name)
        return left

    def _open_case(self, one: _Found) -> Case | None:
        """Return the open case of an actor and detector, also the one into which it was merged."""
        case = self._cases.get(self._case.get(one.whose, ""))
        while case is not None and case.into:
            case = self._cases.get(case.into)
        return case if case is not None and case.is_open else None

    def _add(self, acts: list[Act]) -> None:
        try:
            self._register.add_all(acts)
        except InputError:
            if not self._register.entries(acts[0].case):
                raise
            # Another process opened it, or somebody closed it, at the same moment: that stands.

    def _opening(self, one: _Found) -> list[Act]:
        start = max(0.0, one.at - _MEMORY_S)
        data = {
            "source": _SOURCE,
            "title": f"a finding of {one.detector}",
            "owner": self._config.owner.name[:400],
            "actors": [one.actor],
            "start": micros(start),
        }
        why = f"a finding of {one.detector}, which is in [response] open_from"
        first = self._act(one, one.name, "opened", why=why, data={**data, **_mark(one)})
        return [first, self._act(one, one.name, "signal", why=one.text)]

    def _joined(self, one: _Found, case: Case) -> Act:
        return self._act(one, case.id, "joined", why=one.text, data=_mark(one))

    def _act(self, one: _Found, case: str, kind: str, **more: object) -> Act:
        from himaya.response.cases import MACHINE, Act  # noqa: PLC0415

        when = min(micros(one.at), self._now)
        act = Act(case=case, kind=kind, at=self._now, by=MACHINE, when=when)
        return msgspec.structs.replace(act, **more)


def _mark(one: _Found) -> dict[str, object]:
    return msgspec.structs.asdict(_Mark(one.detector, one.actor, micros(one.at)))


def _mark_of(case: Case, act: Act) -> _Mark | None:
    """Return by what a finding in a case is known again, None for an act that is about none. Raises ServiceError."""
    if "finding" not in act.data:
        return None
    try:
        return msgspec.convert(act.data, _Mark)
    except msgspec.ValidationError as problem:
        why = f"case {case.id}: {act.kind!r} does not say what it must; run: himaya case verify"
        raise ServiceError(why) from problem
