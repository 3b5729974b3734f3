"""A notice to an authority: its list of contents, each item filled or said to be missing."""

from __future__ import annotations

from collections.abc import Iterator

from himaya.response.notices.contents import Sources, item, missing
from himaya.response.rendering import Document, Link, Part


def authority_document(
    sources: Sources, *, version: int, before: Sources | None = None, released: bool = False
) -> Document:
    """Return a notice to an authority. `before` is what the version before was made of: it says what changed."""
    texts, facts, needs = sources.texts, sources.facts, sources.needs
    title = texts.authority["title" if version == 1 else "title_update"]
    parts = [*_changes(sources, version, before)] if before else []
    return Document(
        language=texts.language,
        direction=texts.direction,
        title=texts.fill(title, organisation=facts.organisation, version=version),
        marks=tuple(marks(sources, missing(needs.contents, sources), released=released)),
        about=tuple(_about(sources, version)),
        parts=(*parts, *(_filled(key, sources) for key in needs.contents), *_form(sources)),
        foot=(texts.status_mark(),),
    )


def marks(sources: Sources, lacking: list[str], *, released: bool) -> Iterator[str]:
    """Yield what stands on every page of a notice; what is for whoever releases it, only until then."""
    words, needs = sources.texts.marks, sources.needs
    if not released:
        yield words["draft"]
    if sources.facts.practice:
        yield words["practice"]
    if needs.regime and needs.voluntary:
        yield words["voluntary"]
    if not released:
        yield from _doubts(sources, lacking)


def _doubts(sources: Sources, lacking: list[str]) -> Iterator[str]:
    """Yield what is missing, and what the table of laws does not know for sure."""
    texts, needs = sources.texts, sources.needs
    joiner = texts.words["list_joiner"]
    if lacking:
        items = joiner.join(texts.contents.get(key) or key for key in lacking)
        yield texts.fill(texts.marks["not_ready"], items=items)
    if not needs.regime:
        yield texts.marks["no_rule"]
    if needs.unconfirmed:
        names = {"contents": "contents_list", "form_url": "form_url"}
        items = joiner.join(texts.words.get(names.get(one, ""), one) for one in needs.unconfirmed)
        yield texts.fill(texts.marks["unconfirmed"], items=items)
    yield from (texts.value(one) for one in needs.doubts)


def _about(sources: Sources, version: int) -> Iterator[tuple[str, str]]:
    texts, facts = sources.texts, sources.facts
    if sources.needs.authority:
        yield texts.words["authority"], texts.value(sources.needs.authority)
    yield texts.words["organisation"], texts.value(facts.organisation)
    yield texts.words["contact"], texts.value(facts.contact)
    yield texts.words["case"], texts.value(facts.case)
    yield texts.words["version"], texts.value(version)


def _filled(key: str, sources: Sources) -> Part:
    texts = sources.texts
    title = texts.contents.get(key) or texts.value(key)
    return item(key, sources) or Part(title, (texts.authority["not_known"],))


def _form(sources: Sources) -> Iterator[Part]:
    needs, texts = sources.needs, sources.texts
    if needs.form_url:
        words = texts.words["form"]
        yield Part(words, links=(Link(texts.value(needs.authority or words), needs.form_url),))


def _changes(sources: Sources, version: int, before: Sources) -> Iterator[Part]:
    """Yield what differs from the version before, item by item."""
    texts = sources.texts
    points = []
    if before.facts.people != sources.facts.people:
        counts = {"before": before.facts.people, "after": sources.facts.people}
        points.append(texts.fill(texts.authority["changed_people"], **counts))
    for key in sources.needs.contents:
        if item(key, sources) != item(key, before):
            name = texts.contents.get(key) or key
            points.append(texts.fill(texts.authority["changed"], item=name))
    if points:
        title = texts.fill(texts.authority["changed_title"], before=version - 1)
        yield Part(title, points=tuple(points))
