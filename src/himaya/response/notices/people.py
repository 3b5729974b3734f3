"""A notice to one person, in plain words: what happened, which data of theirs, what it means, what they can do."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from himaya.response.notices.authority import marks
from himaya.response.notices.contents import Sources, item, missing, paragraphs
from himaya.response.notices.facts import Recipient
from himaya.response.rendering import Document, Link, Part, Table

#: Items of a list that the fixed parts of a notice to a person hold already.
_TOLD = frozenset(
    (
        *("org_identity", "contact_point", "nature", "data_categories", "occurred_period"),
        *("consequences", "measures", "individual_steps", "complaint_right", "prescribed_headings"),
    )
)


def lacking(sources: Sources) -> list[str]:
    """Return the items that a notice to people has to hold and that nobody has said anything of."""
    said = {"consequences"}  # the part on what it means is in the texts
    return [key for key in missing(sources.needs.people_contents, sources) if key not in said]


def people_document(sources: Sources, person: Recipient, *, released: bool = False) -> Document:
    """Return the notice to one person: nothing in it is about anybody else."""
    texts, facts, needs = sources.texts, sources.facts, sources.needs
    prescribed = "prescribed_headings" in needs.people_contents
    title = texts.line(
        "prescribed_title" if prescribed else "title", organisation=facts.organisation
    )
    hello = texts.line("hello_name", name=person.name) if person.name else texts.line("hello")
    opening = texts.line("opening", organisation=facts.organisation)
    return Document(
        language=texts.language,
        direction=texts.direction,
        title=title,
        marks=_practice(sources) if released else _draft_marks(sources),
        opening=(hello, opening),
        parts=tuple(_parts(sources, person)),
        foot=(texts.status_mark(),),
    )


def subject_line(sources: Sources) -> str:
    """Return the subject of the mail."""
    return sources.texts.line("subject", organisation=sources.facts.organisation)


def _draft_marks(sources: Sources) -> tuple[str, ...]:
    """Return what a draft says of itself; the authority's form is none of its business."""
    unsure = tuple(one for one in sources.needs.unconfirmed if one != "form_url")
    needs = msgspec.structs.replace(sources.needs, unconfirmed=unsure)
    about = msgspec.structs.replace(sources, needs=needs)
    return tuple(marks(about, lacking(sources), released=False))


def _practice(sources: Sources) -> tuple[str, ...]:
    return (sources.texts.marks["practice"],) if sources.facts.practice else ()


def _parts(sources: Sources, person: Recipient) -> Iterator[Part]:
    texts, facts, said = sources.texts, sources.facts, sources.said
    first, last = facts.first or person.first, facts.last or person.last
    happened = texts.line("happened", first=first, last=last, organisation=facts.organisation)
    happened_parts = (happened, *paragraphs(said.get("nature", ""), texts))
    yield Part(texts.line("happened_title"), happened_parts)
    yield _involved(sources, person)
    means = paragraphs(said.get("consequences", ""), texts)
    yield Part(texts.line("means_title"), means, texts.lines("means"))
    yield _doing(sources)
    yield Part(texts.line("steps_title"), points=texts.lines("steps"))
    for key in sources.needs.people_contents:
        part = item(key, sources) if key not in _TOLD else None
        if part is not None:
            yield part
    yield _more(sources)


def _involved(sources: Sources, person: Recipient) -> Part:
    texts, words = sources.texts, sources.texts.words
    days = texts.value(person.first), texts.value(person.last)
    rows = tuple((texts.field(field), *days) for field in person.fields)
    table = Table(texts.line("involved"), (words["field"], words["first"], words["last"]), rows)
    return Part(texts.line("involved_title"), (texts.line("involved_limit"),), table=table)


def _doing(sources: Sources) -> Part:
    texts = sources.texts
    known = item("measures", sources) or Part("", (texts.line("doing_none"),))
    return Part(texts.line("doing_title"), known.sentences, known.points)


def _more(sources: Sources) -> Part:
    texts, facts, needs = sources.texts, sources.facts, sources.needs
    more = texts.line("more", contact=facts.contact, case=facts.case)
    complaint = texts.line("complaint_general")
    if needs.authority and not needs.shared:
        complaint = texts.line("complaint", authority=needs.authority)
    links = (Link(texts.words["complaint"], needs.url),) if needs.url else ()
    return Part(texts.line("more_title"), (more, complaint), links=links)
