"""The annex as a document to read and print, in the words of the letter; the signed file is what counts."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from himaya.response.letters.draft import Draft
from himaya.response.letters.evidence import Evidence, Place
from himaya.response.letters.evidence import Part as Count
from himaya.response.letters.wording import Texts, texts
from himaya.response.letters.writing import marks
from himaya.response.rendering import Document, Part, Table

#: Figures that stand for all rows together, in this order.
_WHOLE = ("actors", "people", "rows", "answers", "first", "last", "unattributed", "misses")


def annex_page(draft: Draft, made: str, public: str, *, released: bool) -> Document:
    """Return the annex of a letter, `made` at a time (ISO 8601 UTC) and signed by the holder of `public` (hex)."""
    said, found = texts(draft.language), draft.evidence
    words = said.annex
    copy = said.fill(words["copy"], annex=draft.annex, sha256=draft.annex_sha256, public=public)
    return Document(
        language=said.language,
        direction=said.direction,
        title=said.fill(words["title"], reference=draft.reference),
        marks=marks(said, practice=draft.practice, released=released),
        about=((words["signer"], said.value(draft.sender.site)), (words["made"], said.value(made))),
        opening=(copy,),
        parts=tuple(one for one in _parts(found, said) if one.table or one.sentences),
        foot=(said.status,),
    )


def _parts(found: Evidence, said: Texts) -> tuple[Part, ...]:
    words = said.annex
    return (
        _figures("figures", {name: getattr(found, name) for name in _WHOLE}, said),
        _counts(
            "access", [_named(one, words.get(one.name, one.name)) for one in found.access], said
        ),
        _counts("terms", [_named(one, one.name or words["no_terms"]) for one in found.terms], said),
        _counts("fields", found.fields, said),
        _counts("surfaces", found.surfaces, said),
        _counts("days", found.days, said),
        _figures("circumvention", msgspec.structs.asdict(found.circumvention), said),
        _places("networks", found.networks, found.networks_in_all, said),
        _places("addresses", found.addresses, found.addresses_in_all, said),
        _gaps(found.unobserved, said),
        Part(said.words["evidence"], (said.fill(words["digest"], digest=found.digest),)),
    )


def _named(one: Count, name: str) -> Count:
    return msgspec.structs.replace(one, name=name)


def _figures(title: str, figures: dict[str, int | str], said: Texts) -> Part:
    """Return one line per figure; a time that there is none of is left out."""
    words = said.annex
    rows = [(words[name], _shown(value, said)) for name, value in figures.items() if value != ""]
    return _table(title, ("what", "number"), rows, said)


def _counts(title: str, counts: list[Count], said: Texts) -> Part:
    rows = [
        tuple(_shown(value, said) for value in (one.name, one.rows, one.people, one.actors))
        for one in counts
    ]
    return _table(title, ("name", "rows", "people", "actors"), rows, said)


def _places(title: str, places: list[Place], in_all: int, said: Texts) -> Part:
    rows = [
        tuple(_shown(value, said) for value in (one.name, one.rows, one.first, one.last))
        for one in places
    ]
    made = _table(title, ("name", "rows", "first", "last"), rows, said)
    if len(places) == in_all:
        return made
    listed = said.fill(said.annex["listed"], shown=f"{len(places):,}", all=f"{in_all:,}")
    return msgspec.structs.replace(made, sentences=(listed,))


def _gaps(gaps: list[tuple[str, str]], said: Texts) -> Part:
    rows = [tuple(_shown(time, said) for time in gap) for gap in gaps]
    return _table("gaps", ("first", "until"), rows, said)


def _table(title: str, head: tuple[str, ...], rows: Sequence[tuple[str, ...]], said: Texts) -> Part:
    """Return a part with a table; without one where there is no row."""
    words = said.annex
    if not rows:
        return Part(words[title])
    named = tuple(words[one] for one in head)
    return Part(words[title], table=Table("", named, tuple(rows)))


def _shown(value: int | str, said: Texts) -> str:
    return said.value(f"{value:,}" if isinstance(value, int) else value)
