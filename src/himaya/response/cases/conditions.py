"""What an act finds missing in the case it would change: refusals that say what to do first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from himaya.core.errors import InputError
from himaya.response.cases.acts import Act
from himaya.response.cases.case import Case
from himaya.response.cases.reasons import is_only_public
from himaya.response.cases.rules import ACTS, CLOCKS, SURE, State

#: What a country's assessment may say of its authority, and of its people.
OUTCOMES = ("notify", "voluntary", "none")


def check(case: Case, act: Act) -> None:
    """Raise InputError when a case, as it stands, does not take an act; the message says what is missing."""
    rule = ACTS[act.kind]
    if case.state not in rule.states:
        raise InputError(f"case {case.id} is {_standing(case)}; {_wanted(act.kind)}")
    missing = list(_MISSING.get(act.kind, _nothing)(case, act))
    if missing:
        raise InputError(f"case {case.id} does not take {act.kind!r}: {'; '.join(missing)}")


def check_times(act: Act) -> None:
    """Raise InputError when an act lies in the future, or in the past without a reason."""
    if act.when > act.at or act.at <= 0 or act.when < 0:
        raise InputError(f"{act.kind!r} cannot have happened in the future, or before 1970")
    if act.is_back_dated and not ACTS[act.kind].dates:
        raise InputError(f"{act.kind!r} cannot be back-dated; it happens when it is written down")
    if act.is_back_dated and not act.why.strip():
        raise InputError(f"{act.kind!r} cannot be back-dated without a reason; say it with --why")


def _standing(case: Case) -> str:
    """Return the state in words: since when, and by whom."""
    entry = next((e for e in reversed(case.entries) if ACTS[e.act.kind].to is case.state), None)
    into = f" into {case.into}" if case.into else ""
    return f"{case.state}{into} (by {entry.act.by})" if entry else f"{case.state}{into}"


def _wanted(kind: str) -> str:
    states = ACTS[kind].states
    return f"{kind!r} is for one that is {' or '.join(one for one in State if one in states)}"


def _nothing(_: Case, __: Act) -> Iterator[str]:
    return iter(())


def _clock(case: Case, act: Act) -> Iterator[str]:
    name = act.data.get("clock", "")
    if name not in CLOCKS:
        yield f"there is no clock {name!r}; there are: {', '.join(CLOCKS)}"
    elif name in case.clocks and not act.data.get("correct"):
        before = case.clocks[name]
        yield f"{name} was set by {before.by} already; a correction (--correct) keeps both visible"
    elif name not in case.clocks and act.data.get("correct"):
        yield f"{name} was not set yet, so there is nothing to correct"


def _assessment(_: Case, act: Act) -> Iterator[str]:
    data = act.data
    for key in ("authority", "people"):
        if data.get(key) not in OUTCOMES:
            yield f"{key} is {data.get(key)!r}; it can be {', '.join(OUTCOMES)}"
    if "none" in (data.get("authority"), data.get("people")):
        if is_only_public(act.why):
            yield "that the data were public is no reason by itself for telling nobody"
        if act.role not in {"", "legal"}:
            yield "that nobody is told is decided by the role legal"


def unassessed(case: Case) -> list[str]:
    """Return the countries of affected people that have no assessment yet, "" for unknown residence."""
    return [one for one in case.countries or {} if one not in case.assessments]


def _assessed(case: Case, _: Act) -> Iterator[str]:
    if case.countries is None:
        yield f"its people were not counted; run: himaya case people {case.id}"
    for country in unassessed(case):
        number = (case.countries or {})[country]
        yield (
            f"no assessment for {country or 'unknown residence'} ({number:,} people):"
            f" himaya case assess {case.id} --country {country or 'unknown'}"
        )


def untold(case: Case) -> list[tuple[str, str]]:
    """Return every country and party (authority, people) that was to be told, and nothing was sent to.

    A notice to a lead authority names the `countries` that it speaks for beside its own.
    """
    told = {
        (country, act.data.get("party"))
        for act in case.acts("sent")
        for country in (act.data.get("country"), *act.data.get("countries", ()))
    }
    return [
        (one.country, party)
        for one in case.assessments.values()
        for party, outcome in (("authority", one.authority), ("people", one.people))
        if outcome != "none" and (one.country, party) not in told
    ]


def _notified(case: Case, act: Act) -> Iterator[str]:
    yield from _assessed(case, act)
    yield from _untold(case)


def _untold(case: Case) -> Iterator[str]:
    for country, party in untold(case):
        yield (
            f"nothing was sent to the {party} of {country or 'unknown residence'}: himaya case notify"
            f" draft {case.id} --country {country or 'unknown'} --party {party}"
        )


def _closed(case: Case, act: Act) -> Iterator[str]:
    """A suspected case may be an error, an answered request is over; all else has a way to go."""
    if case.state is State.SUSPECTED:
        return
    if act.role == "analyst":
        yield f"it is {case.state}; legal or dpo closes it"
    if case.state is State.ANSWERED:
        return
    if case.state is State.RECEIVED:
        yield f"the person was not answered; run: himaya case answer {case.id}"
        return
    # Whoever was counted after the last assessment keeps it open, too: no country closes silently.
    yield from _assessed(case, act)
    if case.state is not State.NOTIFIED:
        yield f"it is {case.state} and not notified; what comes next: himaya case show {case.id}"
    else:
        yield from _untold(case)
    if case.last("compared") is None:
        yield f"no comparison with proposed limits; run: himaya case compare {case.id}"
    if not is_deleted(case) and not str(act.data.get("without_confirmation", "")).strip():
        yield "no deletion was confirmed; say why it ends without (--without-confirmation)"


def is_deleted(case: Case) -> bool:
    """Tell whether a deletion was confirmed, and no later sample contradicts it."""
    said = [act for act in case.acts("reply", "reappeared") if _speaks_of_deletion(act)]
    return bool(said) and said[-1].kind == "reply"


def _speaks_of_deletion(act: Act) -> bool:
    """Tell whether an act confirms a deletion or contradicts one; a file seen before does neither."""
    if act.kind == "reappeared":
        return bool(act.data.get("letters", True))
    return act.data.get("answer") == "confirmed"


def _drafted(case: Case, act: Act) -> Iterator[str]:
    """A draft never changes: of two who write the same version at once the second one begins anew."""
    made = (act.data.get("id"), act.data.get("version"))
    if any((a.data.get("id"), a.data.get("version")) == made for a in case.acts("drafted")):
        yield f"somebody drafted {made[0]} a moment ago; draft it again"


def _lacking(missing: Any) -> Iterator[str]:  # noqa: ANN401  (what somebody's data hold)
    """Yield what a draft says that it lacks: a list, or a list for each of its languages; each once."""
    lists = missing.values() if isinstance(missing, dict) else [missing or ()]
    yield from dict.fromkeys(str(key) for keys in lists for key in keys)


def _closed_before(case: Case, _: Act) -> Iterator[str]:
    """Only what was closed before there was a register comes into it as closed."""
    first = case.entries[0].act
    if not first.data.get("before") or case.state not in {State.SUSPECTED, *SURE}:
        yield "it was opened in this register"


def _reopened(case: Case, _: Act) -> Iterator[str]:
    if case.last("expired") is not None:
        yield "retention removed its reasons and data; what goes on opens a new case"


def _acknowledged(case: Case, _: Act) -> Iterator[str]:
    if case.acknowledged:
        by = next(act.by for act in case.acts("acknowledged"))
        yield f"it was acknowledged by {by} already"


def _escalated(case: Case, act: Act) -> Iterator[str]:
    yield from _acknowledged(case, act)
    if case.last("escalated") is not None:
        yield "it was escalated already"


def _merged(case: Case, act: Act) -> Iterator[str]:
    if act.data.get("into") == case.id:
        yield "a case is not merged into itself"
    if act.role == "analyst" and case.state is not State.SUSPECTED:
        yield f"it is {case.state}; legal or dpo merges it"


def _split(case: Case, act: Act) -> Iterator[str]:
    if strange := [one for one in act.data.get("groups", []) if one not in case.groups]:
        yield f"{', '.join(strange[:5])} is not among its groups"
    if lost := [one for one in act.data.get("actors", []) if one not in case.actors]:
        # Their numbers would tell nobody anything.
        yield f"{len(lost)} of these are not among its actors; members of a group go with it: --groups"


def _released(case: Case, act: Act) -> Iterator[str]:
    """Two persons: who drafted something does not release it, where operators are enrolled."""
    draft = next((a for a in case.acts("drafted") if a.data.get("id") == act.data.get("id")), None)
    if draft is None:
        yield f"there is no draft {act.data.get('id')!r} in it"
        return
    if any(a.data.get("id") == act.data.get("id") for a in case.acts("withdrawn")):
        yield f"{act.data.get('id')} was withdrawn; draft it again"
    elif any(a.data.get("id") == act.data.get("id") for a in case.acts("released")):
        yield f"{act.data.get('id')} is released already"
    lacking = list(_lacking(draft.data.get("missing")))
    if lacking:
        yield f"{act.data.get('id')} is not ready: missing {', '.join(lacking)}"
    if act.role and draft.by == act.by:
        yield f"{act.by} drafted it; somebody else releases it"
    if draft.data.get("what") == "letter":
        yield from _researcher(case, act)


def _researcher(case: Case, act: Act) -> Iterator[str]:
    """A letter to somebody who does research is another matter, so somebody has looked."""
    looked = case.last("researcher")
    if looked is None:
        yield (
            "nobody looked whether the recipient does research;"
            f" record it: himaya case letter researcher {case.id}"
        )
    elif looked.data.get("answer") != "no" and not act.data.get("although"):
        yield f"the recipient may do research ({looked.by}: {looked.why}); say --although to write all the same"


_MISSING: dict[str, Callable[[Case, Act], Iterator[str]]] = {
    "clock": _clock,
    "assessment": _assessment,
    "assessed": _assessed,
    "notified": _notified,
    "closed": _closed,
    "drafted": _drafted,
    "closed_before": _closed_before,
    "reopened": _reopened,
    "acknowledged": _acknowledged,
    "escalated": _escalated,
    "merged": _merged,
    "split": _split,
    "released": _released,
}


#: What leads on from each state, and the command that does it.
_ON: dict[State, tuple[str, str]] = {
    State.SUSPECTED: (
        "confirmed",
        "confirm it, or close it as an error: himaya case confirm {0}, himaya case close {0}",
    ),
    State.CONFIRMED: ("contained", "contain it: himaya case contain {}"),
    State.CONTAINED: ("assessed", "say that it is assessed: himaya case assess {} --done"),
    State.ASSESSED: ("notified", "say that all were told: himaya case notified {}"),
    State.NOTIFIED: ("closed", "close it: himaya case close {}"),
    State.RECEIVED: ("answered", "answer the person: himaya case answer {}"),
    State.ANSWERED: ("closed", "close it: himaya case close {}"),
}


def next_steps(case: Case) -> list[str]:
    """Return what is missing before a case goes on, then what takes it on; nothing for one that is over."""
    if case.state not in _ON:
        return []
    kind, words = _ON[case.state]
    act = Act(case=case.id, kind=kind, at=0, by="")
    steps = list(_MISSING.get(kind, _nothing)(case, act))
    if case.state is State.SUSPECTED and not case.acknowledged:
        steps.insert(0, f"nobody acknowledged it: himaya case ack {case.id}")
    return [*steps, words.format(case.id)]
