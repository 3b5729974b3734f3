"""What an act finds missing in the case it would change: refusals that say what to do first."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from himaya.core.errors import InputError
from himaya.response.cases.acts import Act
from himaya.response.cases.case import Case
from himaya.response.cases.rules import ACTS, CLOCKS, State

#: What a country's assessment may say of its authority, and of its people.
OUTCOMES = ("notify", "voluntary", "none")
#: Words that say no more than "the data were public": by themselves they are no reason for telling nobody.
_PUBLIC = frozenset(
    (  # noqa: SIM905  (a list of words reads best as words)
        "public publicly publique publiques publiquement publico publicos publica publicas datos donnees"
        " accessible accessibles available already anyway only just simply data information info profile profiles"
        " was were is are it its this that the they all on web website site internet online everyone anybody can see"
        " visible open les la le el los las y et and ces cette sont etaient estaban son de del des du"
    ).split()
)
_WORD = re.compile(r"[^\W\d_]+")


def check(case: Case, act: Act) -> None:
    """Raise InputError when a case, as it stands, does not take an act; the message says what is missing."""
    rule = ACTS[act.kind]
    if case.state not in rule.states:
        raise InputError(f"case {case.id} is {_standing(case)}; {_wanted(act.kind)}")
    missing = list(_MISSING.get(act.kind, _nothing)(case, act))
    if missing:
        raise InputError(f"case {case.id} does not take {act.kind!r}: {'; '.join(missing)}")
    if act.when and act.when > act.at:
        raise InputError(f"{act.kind!r} cannot have happened in the future")
    if act.is_back_dated and not (rule.dates and act.why.strip()):
        raise InputError(f"{act.kind!r} cannot be back-dated without a reason; say it with --why")


def is_only_public(why: str) -> bool:
    """Tell whether a reason says nothing but that the data were public."""
    words = [word.casefold().translate(_PLAIN) for word in _WORD.findall(why)]
    return not words or all(word in _PUBLIC for word in words)


_PLAIN = str.maketrans("áàâäãéèêëíìîïóòôöõúùûüç", "aaaaaeeeeiiiiooooouuuuc")


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
        yield f"no assessment for {country or 'unknown residence'} ({number:,} people)"


def untold(case: Case) -> list[tuple[str, str]]:
    """Return every country and party (authority, people) that was to be told, and nothing was sent to."""
    told = {(act.data.get("country"), act.data.get("party")) for act in case.acts("sent")}
    return [
        (one.country, party)
        for one in case.assessments.values()
        for party, outcome in (("authority", one.authority), ("people", one.people))
        if outcome != "none" and (one.country, party) not in told
    ]


def _notified(case: Case, _: Act) -> Iterator[str]:
    for country, party in untold(case):
        yield f"nothing was sent to the {party} of {country or 'unknown residence'}"


def _closed(case: Case, act: Act) -> Iterator[str]:
    """A suspected case may be an error, an answered request is over; all else has a way to go."""
    if case.state in {State.SUSPECTED, State.ANSWERED}:
        return
    if case.state is State.RECEIVED:
        yield "the person was not answered"
        return
    if case.state is not State.NOTIFIED:
        yield from _assessed(case, act)
        yield f"it is {case.state} and not notified"
    if case.last("compared") is None:
        yield f"no comparison with proposed limits; run: himaya case compare {case.id}"
    if not _is_deleted(case) and not str(act.data.get("without_confirmation", "")).strip():
        yield "no deletion was confirmed; say why it ends without (--without-confirmation)"


def _is_deleted(case: Case) -> bool:
    """Tell whether a deletion was confirmed, and no later sample contradicts it."""
    said = [act for act in case.acts("reply", "reappeared") if _speaks_of_deletion(act)]
    return bool(said) and said[-1].kind == "reply"


def _speaks_of_deletion(act: Act) -> bool:
    return act.kind == "reappeared" or act.data.get("answer") == "confirmed"


def _released(case: Case, act: Act) -> Iterator[str]:
    """Two persons: who drafted something does not release it, where operators are enrolled."""
    draft = next((a for a in case.acts("drafted") if a.data.get("id") == act.data.get("id")), None)
    if draft is None:
        yield f"there is no draft {act.data.get('id')!r} in it"
        return
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
    "released": _released,
}
