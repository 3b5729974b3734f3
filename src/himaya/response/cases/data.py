"""What the data of an act must hold, by kind: checked before an act is written down, so that every case can be read."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

import msgspec

from himaya.core.errors import InputError
from himaya.response.cases.acts import Act

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=400)]
#: ISO 3166-1 alpha-2, with a subdivision where a law is one's (`US-CA`); "": unknown residence.
Country = Annotated[str, msgspec.Meta(pattern=r"^([A-Z]{2}(-[A-Z0-9]{1,3})?)?$")]
Moment = Annotated[int, msgspec.Meta(ge=0)]
#: What a case can be called.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


class _Scope(msgspec.Struct):
    groups: list[str] = []
    holds: list[str] = []
    actors: list[int] = []
    start: Moment = 0
    end: Moment = 0


class _Opened(_Scope):
    kind: Annotated[str, msgspec.Meta(min_length=1, max_length=32)] = "scraping"
    title: Annotated[str, msgspec.Meta(max_length=400)] = ""
    source: Annotated[str, msgspec.Meta(max_length=32)] = ""
    owner: Annotated[str, msgspec.Meta(max_length=400)] = ""
    practice: bool = False
    before: bool = False


class _Owner(msgspec.Struct):
    owner: Text


class _Clock(msgspec.Struct):
    clock: str
    correct: bool = False


class _Assessment(msgspec.Struct):
    country: Country
    authority: str
    people: str
    regime: str = ""


class _Counted(msgspec.Struct):
    countries: dict[Country, Annotated[int, msgspec.Meta(ge=0)]]


class _Merged(msgspec.Struct):
    into: Text


class _Named(msgspec.Struct):
    id: Text


class _Sent(msgspec.Struct):
    country: str = ""
    party: str = ""
    countries: list[Country] = []


class _Reply(msgspec.Struct):
    answer: str = ""


class _Attached(msgspec.Struct):
    id: Text
    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


_SHAPES: Final[dict[str, type[msgspec.Struct]]] = {
    "opened": _Opened,
    "joined": _Scope,
    "took": _Scope,
    "split": _Scope,
    "owner": _Owner,
    "clock": _Clock,
    "assessment": _Assessment,
    "counted": _Counted,
    "merged": _Merged,
    "drafted": _Named,
    "released": _Named,
    "sent": _Sent,
    "reply": _Reply,
    "attached": _Attached,
}


def is_name(text: str) -> bool:
    """Tell whether a case can be called so."""
    return _NAME.fullmatch(text) is not None


def check_data(act: Act) -> None:
    """Raise InputError when an act cannot be kept: its case's name, its text, or its data are not what they must be."""
    if not is_name(act.case):
        raise InputError(f"{act.case[:80]!r} is no name of a case: letters, digits, '_', '.', '-'")
    if "\0" in act.by or len(act.by) > 400:
        raise InputError("the name of whoever acts holds what cannot be written down")
    for text in (act.by, act.why):
        _check_text(text)
    shape = _SHAPES.get(act.kind)
    try:
        _checked(act.data, shape)
    except msgspec.ValidationError as problem:
        raise InputError(f"{act.kind!r} does not say what it must: {problem}") from problem


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as problem:
        raise InputError("a name or reason is no text in UTF-8") from problem


def _checked(data: dict[str, Any], shape: type[msgspec.Struct] | None) -> None:
    try:
        msgspec.json.encode(data)
    except UnicodeEncodeError as problem:
        raise InputError("what was given is no text in UTF-8") from problem
    if shape is not None:
        msgspec.convert(data, type=shape)
