"""What a place asks for: by the table of regimes, else nothing certain, or what a file of the site says."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from himaya.config.bounded import read_bounded
from himaya.core.errors import InputError
from himaya.response.notices.facts import NO_RULE, AuthorityNeeds
from himaya.response.notices.texts import Library, forbidden
from himaya.response.regimes import Regime, marks
from himaya.response.regimes.marks import day_of

#: Bytes of a file that a person writes by hand.
_MAX_BYTES = 1 << 20


def needs_by(regimes: Sequence[Regime], now: int) -> AuthorityNeeds:
    """Return what the first regime of a place asks for at `now` (microseconds); with none, what most laws share."""
    if not regimes:
        return NO_RULE
    regime, day = regimes[0], day_of(now)
    one, people = regime.to_authority, regime.to_people
    groups = {"contents": "authority_contents", "form_url": "form_url", "languages": "languages"}
    return AuthorityNeeds(
        regime=regime.id,
        authority=regime.authority.name,
        url=regime.authority.url,
        languages=tuple(each.partition("-")[0] for each in regime.authority.languages),
        form_url=one.form_url,
        contents=one.contents or NO_RULE.contents,
        people_contents=people.contents or NO_RULE.people_contents,
        voluntary=one.duty != "mandatory",
        unconfirmed=tuple(
            name for name, group in groups.items() if not regime.mark(group, day).verified
        ),
        doubts=tuple(marks(regime, now)),
        shared=len(regime.countries) > 1,
    )


def needs_of(file: Path) -> AuthorityNeeds:
    """Return what a file says that an authority asks for.

    Raises InputError with the file: not TOML, an unknown key, an item that no notice knows.
    """
    try:
        found = msgspec.convert(_toml(file), AuthorityNeeds)
    except msgspec.ValidationError as problem:
        raise InputError(f"{problem}", file=str(file)) from problem
    known = Library().texts("en").contents
    for key in (*found.contents, *found.people_contents):
        if key not in known:
            raise InputError(
                f"there is no item {key!r}; there are: {', '.join(known)}", file=str(file)
            )
    return found


def spoken(file: Path | None, sets: tuple[str, ...], language: str) -> dict[str, dict[str, str]]:
    """Return what a person says, by language and item: `KEY=TEXT` in `language`, and a TOML file.

    The file has items of `language` at its top, and a table per further language. Raises InputError.
    """
    said: dict[str, dict[str, str]] = {language: {}}
    for key, text in (_toml(file) if file else {}).items():
        if isinstance(text, dict):
            said.setdefault(key, {}).update({name: str(words) for name, words in text.items()})
        else:
            said[language][key] = str(text)
    for one in sets:
        key, equals, text = one.partition("=")
        if not equals:
            raise InputError(f"--set {one!r}: write KEY=TEXT")
        said[language][key.strip()] = text
    _check(said)
    return said


def _check(said: dict[str, dict[str, str]]) -> None:
    known = Library().texts("en").contents
    for words in said.values():
        for key, text in words.items():
            if key not in known:
                raise InputError(f"there is no item {key!r}; there are: {', '.join(known)}")
            for problem in forbidden(text):
                raise InputError(f"{key}: {problem}")


def _toml(file: Path) -> dict[str, object]:
    try:
        return tomllib.loads(read_bounded(file, _MAX_BYTES).decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise InputError(f"not valid TOML: {problem}", file=str(file)) from problem
