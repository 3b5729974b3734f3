"""Where the people of a case live: what a file says, else what a command of the site answers, else what facts say.

Who stands in none of them lives nobody knows where, and is counted so.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
from pathlib import Path

import msgspec

from himaya.core.errors import InputError
from himaya.response.people.countries import country_of

#: The longest line of a file, in bytes.
MAX_LINE = 4096
_HEAD = ["subject", "country"]

#: What one source knows of these people: a country each, nothing of whom it does not know.
Source = Callable[[Collection[str]], "Found"]


class Found(msgspec.Struct):
    """What a source knows. `again`: lines about somebody who stood there already, and said the same."""

    countries: dict[str, str] = {}
    again: int = 0


class Residence(msgspec.Struct):
    """Where each of the people lives, "" for unknown; `sources` says how many each source knew of them."""

    countries: dict[str, str]
    sources: dict[str, int] = {}
    again: int = 0


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    subject: str
    country: str


def residence_of(people: Collection[str], sources: Iterable[tuple[str, Source]]) -> Residence:
    """Return where people live: each source is asked only for those whom the ones before it did not know.

    Raises what a source raises: nobody is dropped because a source failed.
    """
    told, missing = Residence({}), dict.fromkeys(people)
    for name, source in sources:
        found = source(list(missing)) if missing else Found()
        known = {one: code for one, code in found.countries.items() if one in missing and code}
        told.countries.update(known)
        told.sources[name], told.again = len(known), told.again + found.again
        missing = {one: None for one in missing if one not in known}
    told.countries.update(dict.fromkeys(missing, ""))
    return told


def file_source(path: Path) -> Source:
    """Return what a file says: CSV with the header `subject,country`, or JSON lines with these two keys."""

    def source(people: Collection[str]) -> Found:
        try:
            with path.open("rb") as file:
                lines = iter(partial(file.readline, MAX_LINE + 1), b"")
                return read_residence(lines, people, str(path))
        except OSError as problem:
            raise InputError(f"cannot be read: {problem.strerror}", file=str(path)) from problem

    return source


def read_residence(lines: Iterable[bytes], people: Collection[str], file: str) -> Found:
    """Return what the lines of a file say of these people; every line has to be whole, also those about others.

    Of people who are not asked for nothing is kept, so the file may be larger than memory. Raises InputError with file
    and line: a malformed line or country, or two lines that contradict each other.
    """
    wanted, found = frozenset(people), Found({})
    first: dict[str, int] = {}
    for number, subject, text in _lines(lines, file):
        country = country_of(text, file=file, line=number)
        if subject in wanted:
            _take(found, first, (number, subject, country), file)
    return found


def _take(found: Found, first: dict[str, int], told: tuple[int, str, str], file: str) -> None:
    number, subject, country = told
    before = found.countries.setdefault(subject, country)
    at = first.setdefault(subject, number)
    if at == number:
        return
    if before != country:
        said = (
            f"{country or 'no country'}, and line {at} says {before or 'none'} of the same person"
        )
        raise InputError(f"says {said}; only one can be right", file=file, line=number)
    found.again += 1


def _lines(lines: Iterable[bytes], file: str) -> Iterator[tuple[int, str, str]]:
    """Yield line number, subject and country of every line; blank ones are passed over."""
    form = _csv
    for number, raw in enumerate(lines, 1):
        text = _text(raw, file, number)
        if number == 1 and text.startswith("{"):
            form = _json
        elif number == 1:
            _check_head(text, file)
            continue
        if text:
            subject, country = form(text, file, number)
            if not subject:
                raise InputError("names nobody", file=file, line=number)
            yield number, subject, country


def _text(raw: bytes, file: str, number: int) -> str:
    if len(raw) > MAX_LINE:
        raise InputError(f"is longer than {MAX_LINE:,} bytes", file=file, line=number)
    try:
        return raw.decode("utf-8-sig" if number == 1 else "utf-8").strip("\r\n")
    except UnicodeDecodeError as problem:
        raise InputError("is no UTF-8 text", file=file, line=number) from problem


def _check_head(text: str, file: str) -> None:
    if _cells(text, file, 1) != _HEAD:
        wanted = (
            'expected the header subject,country, or JSON lines {"subject": ..., "country": ...}'
        )
        raise InputError(wanted, file=file, line=1)


def _csv(text: str, file: str, number: int) -> tuple[str, str]:
    cells = _cells(text, file, number)
    if len(cells) != len(_HEAD):
        raise InputError(
            f"expected subject,country, got {len(cells)} cells", file=file, line=number
        )
    return cells[0], cells[1]


def _cells(text: str, file: str, number: int) -> list[str]:
    try:
        return next(csv.reader([text], strict=True), [])
    except csv.Error as problem:
        raise InputError(f"is no CSV: {problem}", file=file, line=number) from problem


def _json(text: str, file: str, number: int) -> tuple[str, str]:
    try:
        told = msgspec.json.decode(text, type=_Line)
    except (msgspec.DecodeError, RecursionError) as problem:
        wanted = 'is not {"subject": ..., "country": ...}'
        raise InputError(f"{wanted}: {problem}", file=file, line=number) from problem
    return told.subject, told.country
