"""The `Himaya-Subjects` response header: the application names the people in its response.

    Himaya-Subjects: u17, u23;fields=name|email, team%2C9

Elements are separated by commas (a list header, RFC 9110 section 5.6.1; several header lines are one list).
A subject is percent-encoded UTF-8. The optional parameter `fields` names the fields shown of that person,
each percent-encoded, separated by `|`; without it the fields declared for the surface hold. An empty
value, or a lone `-`, says that the response shows nobody.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import parse_qsl, quote, unquote

from himaya.core.exchange import Person
from himaya.core.matching import bounded
from himaya.core.surface import Surface
from himaya.core.version import united

HEADER = "himaya-subjects"

#: Longer headers are not read: whoever raises the servers' own limits (8 to 16 KiB) uses `disclose()` instead.
MAX_CHARS = 65_536

#: Parameters of one query that are read; a target with more names nobody, and is charged as unread.
_MOST_FIELDS = 10_000


def parse_subjects(value: str) -> tuple[Person, ...] | None:
    """Return the people that a header value names, each once, in order of first mention.

    Fields of several mentions are united; one mention without fields means all declared
    ones. Returns None for a value longer than `MAX_CHARS`. Never raises.
    """
    if len(value) > MAX_CHARS:
        return None
    found: dict[str, tuple[str, ...] | None] = {}
    for element in value.split(","):
        raw, *parameters = (part.strip() for part in element.split(";"))
        subject = unquote(raw)
        if raw in {"", "-"} or not subject:
            continue
        fields = _fields(parameters)
        found[subject] = _united(found[subject], fields) if subject in found else fields
    return tuple(Person(subject, fields) for subject, fields in found.items())


def listed(surface: Surface, target: str) -> tuple[Person, ...]:
    """Return the people whom a target asks for by a list of ids in its query, each once; none for other surfaces.

    `?ids=1,2`, `?ids=1&ids=2` and `?ids[]=1&ids[]=2` are one and the same.
    """
    if "query" not in surface.people or "?" not in target:
        return ()
    query = target.partition("?")[2].partition("#")[0]
    try:
        pairs = parse_qsl(query, max_num_fields=_MOST_FIELDS)
    except ValueError:
        return ()
    names = {surface.query, f"{surface.query}[]"}
    ids = (part.strip() for name, value in pairs if name in names for part in value.split(","))
    return tuple(Person(bounded(one)) for one in dict.fromkeys(ids) if one)


def format_subjects(people: Iterable[Person]) -> str:
    """Return the header value that names `people`; `-` for nobody. Reads back with `parse_subjects`."""
    return ", ".join(_element(person) for person in people) or "-"


def unite(first: Iterable[Person], second: Iterable[Person]) -> tuple[Person, ...]:
    """Return the people of both, each once, with the fields of both mentions."""
    found: dict[str, tuple[str, ...] | None] = {}
    versions: dict[str, str] = {}
    for person in (*first, *second):
        if person.version:
            versions[person.subject] = united(versions.get(person.subject, ""), person.version)
        known = person.subject in found
        fields = _united(found[person.subject], person.fields) if known else person.fields
        found[person.subject] = fields
    return tuple(Person(s, fields, versions.get(s, "")) for s, fields in found.items())


def _element(person: Person) -> str:
    # A lone "-" means nobody, and quote() leaves it alone.
    subject = "%2D" if person.subject == "-" else quote(person.subject, safe="@:~")
    if person.fields is None:
        return subject
    return f"{subject};fields={'|'.join(quote(field, safe='') for field in person.fields)}"


def _fields(parameters: list[str]) -> tuple[str, ...] | None:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "fields":
            names = (unquote(field.strip()) for field in value.strip().strip('"').split("|"))
            return tuple(dict.fromkeys(name for name in names if name))
    return None


def _united(
    first: tuple[str, ...] | None, second: tuple[str, ...] | None
) -> tuple[str, ...] | None:
    if first is None or second is None:
        return None
    return tuple(dict.fromkeys(first + second))
