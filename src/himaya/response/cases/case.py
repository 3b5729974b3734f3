"""What the entries of a case add up to. Nothing is stored but entries; this is read from them each time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from himaya.core.errors import InputError, ServiceError
from himaya.response.cases.acts import MACHINE, Act, Entry
from himaya.response.cases.rules import ACTS, OVER, State


class Clock(msgspec.Struct, frozen=True):
    """A moment that starts a clock: when it was (`when`), written down at (`at`), by whom, why; microseconds.

    `entry` is the number of the entry, `corrects` that of the one it stands in for; both stay visible.
    """

    name: str
    when: int
    at: int
    by: str
    role: str
    why: str
    entry: int
    corrects: int = 0


class Assessment(msgspec.Struct, frozen=True):
    """What a person decided for one country: whether its authority and its people are told.

    `country` is "" for people of unknown residence; `regime` is "" where the table has no rule. `authority` and
    `people` are notify, voluntary or none.
    """

    country: str
    regime: str
    authority: str
    people: str
    by: str
    role: str
    why: str
    at: int
    data: dict[str, Any] = {}


class Case(msgspec.Struct):
    """A case as it stands. `kind`: scraping, or a person's complaint, access or claim. `practice`: a drill, never real.

    `groups` are the groups of actors that were found (`analysis.cases`), `actors` further actors (surrogates), `holds`
    the groups by which a containment holds some of both. The period of what was taken is [start, end), microseconds,
    0: open. `countries` are the people of each country at the last count, "" those of unknown residence; None before
    any count.
    """

    id: str
    kind: str = "scraping"
    state: State = State.SUSPECTED
    title: str = ""
    source: str = ""
    practice: bool = False
    opened: int = 0
    owner: str = ""
    acknowledged: int = 0
    groups: list[str] = []
    holds: list[str] = []
    actors: list[int] = []
    start: int = 0
    end: int = 0
    clocks: dict[str, Clock] = {}
    assessments: dict[str, Assessment] = {}
    countries: dict[str, int] | None = None
    into: str = ""
    entries: list[Entry] = []

    @property
    def is_open(self) -> bool:
        """Tell whether somebody still has to do something."""
        return self.state not in OVER

    def acts(self, *kinds: str) -> Iterator[Act]:
        """Yield the acts of these kinds, the earliest first."""
        return (entry.act for entry in self.entries if entry.act.kind in kinds)

    def last(self, kind: str) -> Act | None:
        """Return the last act of a kind."""
        return next((e.act for e in reversed(self.entries) if e.act.kind == kind), None)


def no_case(name: str) -> str:
    """Return what is said of a case that is not there."""
    what = f"no case {name[:80]}" if name else "no such case"
    return f"there is {what}; `himaya case list` names them"


def read_case(entries: Iterable[Entry]) -> Case:
    """Return the case that these entries, of one case and in order, add up to. Raises InputError when there is none."""
    found = list(entries)
    if not found or found[0].act.kind != "opened":
        raise InputError(no_case(found[0].act.case if found else ""))
    case = Case(found[0].act.case)
    for entry in found:
        _take(case, entry)
    return case


def _take(case: Case, entry: Entry) -> None:
    """Bring a case forward by one entry. What retention removed moves the state, and says nothing more."""
    case.entries.append(entry)
    handler = None if entry.removed else _TAKES.get(entry.act.kind)
    if handler is not None:
        try:
            handler(case, entry)
        except (KeyError, TypeError, ValueError, AttributeError) as problem:
            raise ServiceError(
                f"case {case.id}: entry {entry.number} does not say what it must; it was changed"
            ) from problem
    rule = ACTS.get(entry.act.kind)
    if rule is not None and rule.to is not None:
        case.state = rule.to


def _opened(case: Case, entry: Entry) -> None:
    act = entry.act
    case.opened = act.moment
    for name in ("kind", "title", "source", "practice", "start", "end"):
        if name in act.data:
            setattr(case, name, act.data[name])
    case.owner = str(act.data.get("owner", ""))
    if case.kind != "scraping":
        case.state = State.RECEIVED
    _joined(case, entry)


def _joined(case: Case, entry: Entry) -> None:
    data = entry.act.data
    case.groups += [one for one in data.get("groups", []) if one not in case.groups]
    case.holds += [one for one in data.get("holds", []) if one not in case.holds]
    known = set(case.actors)
    case.actors += [one for one in data.get("actors", []) if one not in known]
    # 0 is open: a period that is open to one side stays so.
    if data.get("start"):
        case.start = min(case.start, data["start"])
    if data.get("end"):
        case.end = max(case.end, data["end"]) if case.end else 0


def _blocked(case: Case, entry: Entry) -> None:
    """A hold is no group of the case: its members are in the case already, and are counted once."""
    group = str(entry.act.data.get("group", ""))
    case.holds += [group] if group and group not in case.holds else []


def _owner(case: Case, entry: Entry) -> None:
    case.owner = str(entry.act.data["owner"])


def _acknowledged(case: Case, entry: Entry) -> None:
    case.acknowledged = case.acknowledged or entry.act.at


def _clock(case: Case, entry: Entry) -> None:
    act, name = entry.act, str(entry.act.data["clock"])
    before = case.clocks.get(name)
    case.clocks[name] = Clock(
        name=name,
        when=act.moment,
        at=act.at,
        by=act.by,
        role=act.role,
        why=act.why,
        entry=entry.number,
        corrects=before.entry if before else 0,
    )


def _signal(case: Case, entry: Entry) -> None:
    """A machine's first signal is a moment of its own; it starts no clock of a law."""
    if "first_signal" not in case.clocks:
        act = entry.act
        case.clocks["first_signal"] = Clock(
            "first_signal", act.moment, act.at, act.by, act.role, act.why, entry.number
        )


def _assessment(case: Case, entry: Entry) -> None:
    act, data = entry.act, entry.act.data
    case.assessments[data["country"]] = Assessment(
        country=data["country"],
        regime=data.get("regime", ""),
        authority=data["authority"],
        people=data["people"],
        by=act.by,
        role=act.role,
        why=act.why,
        at=act.at,
        data=data,
    )


def _counted(case: Case, entry: Entry) -> None:
    case.countries = dict(entry.act.data["countries"])


def _merged(case: Case, entry: Entry) -> None:
    case.into = str(entry.act.data["into"])


def _took(case: Case, entry: Entry) -> None:
    """Whom it concerns is to be counted again, now that more is in it."""
    _joined(case, entry)
    case.countries = None


def _split(case: Case, entry: Entry) -> None:
    """What went to another case is no longer in this one; whom it concerns is to be counted again."""
    data = entry.act.data
    gone, actors = set(data.get("groups", [])), set(data.get("actors", []))
    case.groups = [one for one in case.groups if one not in gone]
    case.actors = [one for one in case.actors if one not in actors]
    case.countries = None


_TAKES = {
    "opened": _opened,
    "joined": _joined,
    "took": _took,
    "owner": _owner,
    "acknowledged": _acknowledged,
    "clock": _clock,
    "signal": _signal,
    "assessment": _assessment,
    "counted": _counted,
    "merged": _merged,
    "split": _split,
    "blocked": _blocked,
}


def first_signal(case: Case) -> int:
    """Return when something was first seen (microseconds): the machine's signal, or the opening."""
    clock = case.clocks.get("first_signal")
    return clock.when if clock else case.opened


def is_machine(act: Act) -> bool:
    """Tell whether no person did it."""
    return act.by == MACHINE and not act.role
