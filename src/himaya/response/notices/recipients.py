"""Who is told: the people of a case by the ledger, each with their own fields and days, and where mail reaches them.

The ledger says who and what; a file of the site says addresses and languages. All of it lives in memory while notices
are made, and is written nowhere.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TextIO

import msgspec

from himaya.config.alerts import is_mail
from himaya.core.errors import InputError
from himaya.ledger.affected import Affected
from himaya.ledger.reader import Reader
from himaya.ledger.schema import Kind
from himaya.response.notices.facts import UNKNOWN, Recipient

_COLUMNS = ("subject", "email", "language", "name")
#: Characters of one cell of a file of contacts.
_LONGEST = 1000
#: Characters of one line of it.
_LONGEST_LINE = 16_384
_LONGEST_PATH = 254


class Contact(msgspec.Struct, frozen=True):
    """How somebody is reached, and what is known of where they live."""

    address: str = ""
    language: str = ""
    name: str = ""
    country: str = UNKNOWN


def recipients(
    reader: Reader, found: Affected, contacts: Mapping[str, Contact], countries: Mapping[str, str]
) -> Iterator[Recipient]:
    """Yield everybody who still has a name in the ledger; `countries` says where each lives, as counts have it."""
    names = [one.subject for one in found.subjects]
    numbers = {name: n for n, name in reader.identities.find_all(Kind.SUBJECT, names).items()}
    for one in found.subjects:
        contact = contacts.get(one.subject, Contact())
        yield Recipient(
            surrogate=numbers[one.subject],
            id=one.subject,
            fields=tuple(one.fields),
            first=one.first[:10],
            last=one.last[:10],
            address=contact.address,
            name=contact.name,
            language=contact.language,
            country=countries.get(one.subject, UNKNOWN),
        )


def read_contacts(path: str, subjects: Iterable[str]) -> dict[str, Contact]:
    """Return the contacts of these people out of a CSV file; of nobody else anything is kept. "": no file.

    Raises InputError with file and line: a column is missing, an address is none, a person is there twice.
    """
    if not path:
        return {}
    wanted = set(subjects)
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            return _contacts(csv.DictReader(_lines(file, path)), path, wanted)
    except OSError as problem:
        raise InputError(f"cannot be read: {problem.strerror}", file=path) from problem
    except (UnicodeDecodeError, csv.Error) as problem:
        raise InputError(f"expected CSV in UTF-8: {problem}", file=path) from problem


def _lines(file: TextIO, path: str) -> Iterator[str]:
    """Yield the lines of a file, however long it is. Raises InputError for a line that no person needs."""
    for number, line in enumerate(iter(partial(file.readline, _LONGEST_LINE + 1), ""), 1):
        if len(line) > _LONGEST_LINE:
            what = f"a line has more than {_LONGEST_LINE:,} characters"
            raise InputError(what, file=path, line=number)
        yield line


def _contacts(rows: csv.DictReader[str], path: str, wanted: set[str]) -> dict[str, Contact]:
    lacking = [name for name in _COLUMNS if name not in (rows.fieldnames or ())]
    if lacking:
        raise InputError(f"has no column {', '.join(lacking)}", file=path, line=1)
    found: dict[str, Contact] = {}
    for row in rows:
        subject = row["subject"]
        if subject not in wanted:
            continue
        if subject in found:
            raise InputError("a person who stands here before", file=path, line=rows.line_num)
        found[subject] = _contact(row, path, rows.line_num)
    return found


def _contact(row: Mapping[str, str | None], path: str, line: int) -> Contact:
    cells = [(row.get(name) or "").strip() for name in (*_COLUMNS[1:], "country")]
    address, language, name, country = cells
    if address and not is_plain(address):
        raise InputError("email: expected one mail address in ASCII", file=path, line=line)
    if max(map(len, cells)) > _LONGEST:
        raise InputError(f"a cell has more than {_LONGEST} characters", file=path, line=line)
    return Contact(address, language.lower(), name, country.upper())


def is_plain(address: str) -> bool:
    """Tell whether a mail address can stand in a header and in SMTP as it is (RFC 5321, 4.5.3.1.3)."""
    plain = address.isascii() and address.isprintable() and len(address) <= _LONGEST_PATH
    return plain and is_mail(address)
