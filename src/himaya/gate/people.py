"""Who is shown in a response: the application says, or the path, the JSON or the links tell.

The rule: what the application says (a `Himaya-Subjects` header or `disclose()`) is the answer, together with the person
of the path, whom it need not repeat; if it says that nobody is shown, nobody is. Without it the sources
of the surface are tried in order, and the first that can be read is the answer. As a path can always be read, "path"
before a body source means "the person of the path, and those of the body"; behind it, "else the person of the path".
"query", a list of ids in the target, is taken like the path.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from msgspec.structs import replace

from himaya.core.exchange import Person
from himaya.core.subjects import HEADER, listed, parse_subjects, unite
from himaya.core.surface import Surface
from himaya.core.version import version_of
from himaya.core.version import without as version_without
from himaya.gate import bodies, people_json
from himaya.gate.people_links import linked_subjects

Source = Literal["path", "query", "header", "json", "links", "app"]

#: Header fields as servers hand them over: pairs or a mapping, of bytes or text.
Headers = (
    Iterable[tuple[str, str]]
    | Iterable[tuple[bytes, bytes]]
    | Mapping[str, str]
    | Mapping[bytes, bytes]
)

_BODY: frozenset[Source] = frozenset({"json", "links"})


def sources(surface: Surface) -> tuple[Source, ...]:
    """Return where the people of a surface are read from, in order.

    What the surface declares; else, for a profile or media, its path, and JSON where a JSON path is declared; for
    listings and look-ups header, JSON, links.
    """
    if surface.people:
        return surface.people
    if surface.kind in {"profile", "media"}:
        return ("json", "path") if surface.json_subject else ("path",)
    return ("header", "json", "links")


def needs_body(surface: Surface) -> bool:
    """Tell whether a response of this surface must be held back and read before it may leave."""
    wanted = {*sources(surface)}
    reads_json = "json" in wanted and bool(surface.json_subject)
    return reads_json or ("links" in wanted and bool(surface.links)) or bool(surface.redact)


def header_values(headers: Headers, name: str) -> list[str]:
    """Return the values of a header, one for each of its lines, whatever form the fields come in."""
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    return [_text(value) for key, value in pairs if _text(key).lower() == name]


def read(  # noqa: PLR0913 - one response has that many parts
    surface: Surface,
    path_subject: str,
    headers: Headers,
    body: bytes | None,
    content_type: str = "",
    content_encoding: str = "",
    *,
    told: Iterable[Person] | None = None,
    target: str = "/",
    hosts: tuple[str, ...] = (),
    limit: int = bodies.DECODED_LIMIT,
    watched: tuple[str, ...] = (),
    version_key: bytes = b"",
) -> tuple[Person, ...] | None:
    """Return the people shown by a response, each once; None when nobody could read them.

    `path_subject` is the subject of the path ("" for none); `body` as received, None when it was not kept; `told`
    the people of `disclose()` calls, None when there was none. `target` and `hosts` place relative and absolute
    links; `limit` bounds the decoded body in bytes. `watched` are names of personal fields that are looked for in JSON
    beside the declared ones. `version_key` keys the hashes of what a surface lists under `version`. Never raises,
    whatever the bytes.
    """
    lines = header_values(headers, HEADER)
    said = parse_subjects(",".join(lines)) if lines else None
    if lines and said is None:
        return None
    wanted = sources(surface)
    path: tuple[Person, ...] | None = None
    if "path" in wanted and path_subject:
        path = (Person(path_subject),)
    if said is not None or told is not None:
        named = unite(said or (), told or ())
        return _added(path, named) if path and named else named
    path = (*(path or ()), *listed(surface, target)) or None
    if not _BODY & {*wanted}:
        return path
    plain = None if body is None else bodies.decode(body, content_encoding, limit)
    found = (
        None if plain is None else _in_body(surface, plain, content_type, target, hosts, watched)
    )
    if found and plain and surface.version and version_key:
        found = _versioned(found, surface, plain, version_key)
    if path is None or wanted[0] not in {"path", "query"}:
        return path if found is None else found
    return None if found is None else _added(path, found)


def _versioned(
    found: tuple[Person, ...], surface: Surface, body: bytes, key: bytes
) -> tuple[Person, ...]:
    """Return the people of a JSON body with the version of each; other bodies tell no values."""
    try:
        told = people_json.values(
            people_json.parse(body), surface.json_subject, surface.json_rows, surface.version
        )
    except people_json.UnreadableError:
        return found
    return told_versions(found, told, key)


def told_versions(
    found: Iterable[Person], told: Mapping[str, Mapping[str, str]], key: bytes
) -> tuple[Person, ...]:
    """Return people with the version of the values that were told of them; of others as they are."""
    return tuple(
        replace(one, version=version_of(key, one.subject, told[one.subject]))
        if told.get(one.subject)
        else one
        for one in found
    )


def without(found: Iterable[Person], redact: Iterable[str]) -> tuple[Person, ...]:
    """Return the people with the fields left after redaction; unknown fields (None) stay unknown."""
    gone = frozenset(redact)
    return tuple(
        one
        if one.fields is None
        else Person(
            one.subject,
            tuple(field for field in one.fields if field not in gone),
            version_without(one.version, gone),
        )
        for one in found
    )


def _added(path: tuple[Person, ...], found: tuple[Person, ...]) -> tuple[Person, ...]:
    """Add the people of the target whom the body did not name; of the others it told the fields."""
    named = {one.subject for one in found}
    return unite((one for one in path if one.subject not in named), found)


def _in_body(
    surface: Surface,
    body: bytes,
    content_type: str,
    target: str,
    hosts: tuple[str, ...],
    watched: tuple[str, ...],
) -> tuple[Person, ...] | None:
    is_html = "html" in content_type.lower()
    for source in sources(surface):
        found: tuple[Person, ...] | None = None
        if source == "json" and surface.json_subject and not is_html:
            found = _in_json(surface, body, watched)
        elif source == "links" and surface.links and is_html:
            named = linked_subjects(
                body, surface.links, content_type=content_type, hosts=hosts, target=target
            )
            found = tuple(Person(subject) for subject in named)
        if found is not None:
            return found
    return None


def _in_json(surface: Surface, body: bytes, watched: tuple[str, ...]) -> tuple[Person, ...] | None:
    try:
        document = people_json.parse(body)
        found = people_json.people(
            document, surface.json_subject, surface.json_rows, surface.fields, watched
        )
    except people_json.UnreadableError:
        return None
    return tuple(found)


def _text(value: str | bytes) -> str:
    # Field values are octets beyond ASCII only by accident (RFC 9110 section 5.5); latin-1 keeps them apart.
    return value.decode("latin-1") if isinstance(value, bytes) else value
