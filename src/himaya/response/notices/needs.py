"""What a place asks for, where it is not in the table of laws: nothing certain, or what a file of the site says."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec

from himaya.core.errors import InputError
from himaya.response.notices.facts import NO_RULE, AuthorityNeeds
from himaya.response.notices.texts import Library, forbidden

#: Bytes of a file that a person writes by hand.
_MAX_BYTES = 1 << 20


def needs_of(file: Path | None) -> AuthorityNeeds:
    """Return what a file says that an authority asks for; without one the items that most laws share.

    Raises InputError with the file: not TOML, an unknown key, an item that no notice knows.
    """
    if file is None:
        return NO_RULE
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
        data = file.read_bytes()
        if len(data) > _MAX_BYTES:
            raise InputError(f"larger than {_MAX_BYTES:,} bytes", file=str(file))
        return tomllib.loads(data.decode())
    except OSError as problem:
        raise InputError(f"cannot be read: {problem.strerror}", file=str(file)) from problem
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise InputError(f"not valid TOML: {problem}", file=str(file)) from problem
