"""Lists of people for a mail merge, and lists of mail that came back."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from himaya.core.errors import InputError
from himaya.response.delivery.telling import Telling
from himaya.response.notices.facts import Recipient
from himaya.response.notices.people import subject_line
from himaya.response.rendering.shown import plain

_HEAD = ("email", "name", "language", "subject_line", "fields", "first", "last")


def merge_rows(telling: Telling) -> tuple[tuple[str, ...], Iterator[tuple[str, ...]]]:
    """Return the header and a row for everybody who is to be told, also those without an address."""
    return _HEAD, (_row(telling, person) for person in telling.people.values())


def _row(telling: Telling, person: Recipient) -> tuple[str, ...]:
    made_of = telling.sources(person)
    fields = "; ".join(plain(made_of.texts.field(name)) for name in person.fields)
    line = plain(subject_line(made_of))
    return (
        person.address,
        person.name,
        telling.language(person),
        line,
        fields,
        person.first,
        person.last,
    )


def bounced_addresses(data: bytes, file: str) -> set[str]:
    """Return the addresses of a CSV file with a column `email`, folded. Raises InputError with the file."""
    try:
        rows = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""))
        if "email" not in (rows.fieldnames or ()):
            raise InputError("has no column email", file=file, line=1)
        return {row["email"].strip().casefold() for row in rows if row["email"]}
    except (UnicodeDecodeError, csv.Error) as problem:
        raise InputError(f"expected CSV in UTF-8: {problem}", file=file) from problem
