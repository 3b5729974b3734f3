"""A letter from its draft: parts in the words of its language, as a document that text, HTML and PDF are made of."""

from __future__ import annotations

from himaya.response.letters.draft import Draft
from himaya.response.letters.evidence import Evidence
from himaya.response.letters.evidence import Part as Count
from himaya.response.letters.wording import Texts, texts
from himaya.response.rendering import Document, Part


def write(draft: Draft, *, released: bool) -> Document:
    """Return a letter in words; until it is `released` it says that it is a draft."""
    said = texts(draft.language)
    body = _form(draft, said) if draft.kind == "confirmation" else _body(draft, said)
    return Document(
        language=said.language,
        direction=said.direction,
        title=said.titles[draft.kind],
        marks=marks(said, practice=draft.practice, released=released),
        about=_head(draft, said),
        parts=body,
        foot=(said.status,),
    )


def marks(said: Texts, *, practice: bool, released: bool) -> tuple[str, ...]:
    """Return what stands above a letter and its annex: that it is practice, and that it is a draft."""
    shown = {"practice": practice, "draft": not released}
    return tuple(said.words[name] for name, stands in shown.items() if stands)


def _head(draft: Draft, said: Texts) -> tuple[tuple[str, str], ...]:
    words, sender = said.words, draft.sender
    identity = f"{said.identity[draft.to.established]}; {said.sure[draft.to.sure]}"
    writer = ", ".join(filter(None, (sender.owner, sender.site, sender.authority)))
    return (
        (words["to"], said.value(f"{draft.to.name}, {draft.to.contact}")),
        (words["identity"], identity),
        (words["from"], said.value(writer)),
        (words["reference"], said.value(draft.reference)),
        (words["date"], said.value(draft.written)),
    )


def _body(draft: Draft, said: Texts) -> tuple[Part, ...]:
    words = said.words
    grounds = tuple(said.bases[one] for one in draft.bases)
    places = tuple(said.value(one) for one in draft.urls)
    return (
        Part(words["facts"], facts(draft.evidence, said)),
        Part(words["grounds"], points=grounds),
        Part(words["demands"], points=tuple(said.demands[draft.kind])),
        *((Part(words["urls"], points=places),) if places else ()),
        *_end(draft, said),
    )


def _end(draft: Draft, said: Texts) -> tuple[Part, ...]:
    words, name = said.words, "due" if draft.due else "none"
    answer = said.fill(
        said.answers[name], due=draft.due, contact=draft.sender.contact, reference=draft.reference
    )
    annex = said.fill(said.annex["text"], annex=draft.annex, sha256=draft.annex_sha256)
    return (
        Part(words["answer"], (answer,)),
        Part(words["reservation"], (said.reservation["text"],)),
        Part(words["evidence"], (annex,)),
    )


def _form(draft: Draft, said: Texts) -> tuple[Part, ...]:
    """Return the form that the recipient signs; what it is about is named by counts and fields, never by people."""
    words, form = said.words, said.form
    lines = form["lines"] if isinstance(form["lines"], list) else [form["lines"]]
    answer = said.fill(
        said.answers["none"], contact=draft.sender.contact, reference=draft.reference
    )
    about = said.fill(str(form["intro"]), reference=draft.demand or draft.reference)
    signed = f"{form['truth']} {form['sign']}"
    return (
        Part(words["about"], (about,)),
        Part(words["facts"], facts(draft.evidence, said)),
        Part(said.titles["confirmation"], blanks=(*lines, signed)),
        Part(words["answer"], (answer,)),
    )


def facts(evidence: Evidence, said: Texts) -> tuple[str, ...]:
    """Return the evidence in sentences; every number is one of the annex."""
    words = said.facts
    out = evidence.signed_out
    told = [
        said.fill(words["window"], **_figures(evidence)),
        said.fill(
            words["access"],
            rows_in=f"{evidence.rows - out.rows:,}",
            rows_out=f"{out.rows:,}",
            people_out=f"{out.people:,}",
        ),
        said.fill(words["fields"], fields=_listed(evidence.fields)),
        said.fill(words["surfaces"], surfaces=_listed(evidence.surfaces)),
        *_terms(evidence, said),
        *_circumvention(evidence, said),
    ]
    if evidence.unobserved:
        told.append(said.fill(words["gaps"], gaps=f"{len(evidence.unobserved):,}"))
    return (*told, words["exact"])


def _figures(evidence: Evidence) -> dict[str, str]:
    counts = {
        name: f"{getattr(evidence, name):,}" for name in ("actors", "people", "rows", "answers")
    }
    return {**counts, "first": evidence.first, "last": evidence.last}


def _listed(parts: list[Count]) -> str:
    return ", ".join(f"{one.name} ({one.people:,})" for one in parts)


def _terms(evidence: Evidence, said: Texts) -> list[str]:
    words = said.facts
    return [
        said.fill(
            words["terms" if one.name else "no_terms"],
            rows=f"{one.rows:,}",
            version=one.name,
            actors=f"{one.actors:,}",
        )
        for one in evidence.terms
    ]


def _circumvention(evidence: Evidence, said: Texts) -> list[str]:
    words, found = said.facts, evidence.circumvention
    told = []
    if found.challenges_solved:
        told.append(
            said.fill(
                words["solved"],
                solved=f"{found.challenges_solved:,}",
                people=f"{found.people_bought:,}",
            )
        )
    if found.blocked:
        told.append(
            said.fill(
                words["after_block"],
                blocked=f"{found.blocked:,}",
                at=found.blocked_at,
                people=f"{found.people_after:,}",
                rows=f"{found.rows_after:,}",
            )
        )
    if found.rotating:
        told.append(
            said.fill(
                words["rotating"],
                rotating=f"{found.rotating:,}",
                most_addresses=f"{found.most_addresses:,}",
                most_networks=f"{found.most_networks:,}",
            )
        )
    return told
