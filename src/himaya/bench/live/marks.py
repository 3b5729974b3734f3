"""What makes people countable: every value the live site shows of somebody names that person and the field.

A page does not show "Ada Lovelace" but `p17.name@bench.example`. So whatever a tool wrote, in whatever form, its disk
can be searched for the people it holds; a link or an identifier alone is nobody's data and carries no mark.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from himaya.bench.disk import Disk
from himaya.core.exchange import Person

_MARK = re.compile(rb"\bp([0-9A-Za-z]{1,40})\.([a-z]{1,20})@bench\.example")
#: A file larger than this was not written by a page of the site.
_LARGEST = 256 * 1024 * 1024


def mark(subject: str, field: str) -> str:
    """Return the value of a field of a person."""
    return f"p{subject}.{field}@bench.example"


def people_in(body: bytes) -> list[Person]:
    """Return the people whose data stands in these bytes, in order of appearance, each with the fields found."""
    found: dict[bytes, dict[str, None]] = {}
    for subject, field in _MARK.findall(body):
        found.setdefault(subject, {})[field.decode()] = None
    return [Person(subject.decode(), tuple(fields)) for subject, fields in found.items()]


def disk_of(folder: Path) -> Disk:
    """Return what the files below a folder hold. Links are not followed."""
    disk = Disk()
    for file in _files(folder):
        disk.take(people_in(file.read_bytes()), 0.0)
    return disk


def _files(folder: Path) -> Iterable[Path]:
    for file in sorted(folder.rglob("*")):
        if file.is_file() and not file.is_symlink() and file.stat().st_size <= _LARGEST:
            yield file
