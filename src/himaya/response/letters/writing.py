"""A letter from its draft: parts in the words of its language, as plain text and as one HTML file."""

from __future__ import annotations

from functools import cache

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined

from himaya.response.letters.draft import Draft
from himaya.response.letters.evidence import Evidence, Part
from himaya.response.letters.wording import Texts, plain, texts


class Section(msgspec.Struct, frozen=True):
    """A heading with sentences, points, and lines to be filled in."""

    heading: str
    lines: list[str] = []
    points: list[str] = []
    blanks: list[str] = []


class Written(msgspec.Struct, frozen=True):
    """A letter in words. `marks` stand above everything: that it is a draft, or practice."""

    language: str
    direction: str
    title: str
    marks: list[str]
    head: list[tuple[str, str]]
    sections: list[Section]
    status: str
    blank: str


def write(draft: Draft, *, released: bool) -> Written:
    """Return a letter in words; until it is `released` it says that it is a draft."""
    said = texts(draft.language)
    words = said.words
    marks = [words["practice"]] if draft.practice else []
    marks += [] if released else [words["draft"]]
    body = _form(draft, said) if draft.kind == "confirmation" else _body(draft, said)
    return Written(
        language=said.language,
        direction=said.direction,
        title=said.titles[draft.kind],
        marks=marks,
        head=_head(draft, said),
        sections=body,
        status=said.status,
        blank=words["blank"],
    )


def _head(draft: Draft, said: Texts) -> list[tuple[str, str]]:
    words, sender = said.words, draft.sender
    identity = f"{said.identity[draft.to.established]}; {said.sure[draft.to.sure]}"
    return [
        (words["to"], plain(f"{draft.to.name}, {draft.to.contact}")),
        (words["identity"], identity),
        (
            words["from"],
            plain(", ".join(filter(None, (sender.owner, sender.site, sender.authority)))),
        ),
        (words["reference"], said.isolated(draft.reference)),
        (words["date"], said.isolated(draft.written)),
    ]


def _body(draft: Draft, said: Texts) -> list[Section]:
    words = said.words
    parts = [
        Section(words["facts"], facts(draft.evidence, said)),
        Section(words["grounds"], points=[said.bases[one] for one in draft.bases]),
        Section(words["demands"], points=said.demands[draft.kind]),
    ]
    if draft.urls:
        parts.append(Section(words["urls"], points=[plain(one) for one in draft.urls]))
    return [*parts, *_end(draft, said)]


def _end(draft: Draft, said: Texts) -> list[Section]:
    words, name = said.words, "due" if draft.due else "none"
    answer = said.fill(
        said.answers[name], due=draft.due, contact=draft.sender.contact, reference=draft.reference
    )
    annex = said.fill(said.annex["text"], annex=draft.annex, sha256=draft.annex_sha256)
    return [
        Section(words["answer"], [answer]),
        Section(words["reservation"], [said.reservation["text"]]),
        Section(words["evidence"], [annex]),
    ]


def _form(draft: Draft, said: Texts) -> list[Section]:
    """Return the form that the recipient signs; what it is about is named by counts and fields, never by people."""
    words, form = said.words, said.form
    lines = form["lines"] if isinstance(form["lines"], list) else [form["lines"]]
    answer = said.fill(
        said.answers["none"], contact=draft.sender.contact, reference=draft.reference
    )
    return [
        Section(
            words["about"],
            [said.fill(str(form["intro"]), reference=draft.demand or draft.reference)],
        ),
        Section(words["facts"], facts(draft.evidence, said)),
        Section(said.titles["confirmation"], blanks=[*lines, f"{form['truth']} {form['sign']}"]),
        Section(words["answer"], [answer]),
    ]


def facts(evidence: Evidence, said: Texts) -> list[str]:
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
    return [*told, words["exact"]]


def _figures(evidence: Evidence) -> dict[str, str]:
    counts = {
        name: f"{getattr(evidence, name):,}" for name in ("actors", "people", "rows", "answers")
    }
    return {**counts, "first": evidence.first, "last": evidence.last}


def _listed(parts: list[Part]) -> str:
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


# -- forms -----------------------------------------------------------------------------------------


def as_text(written: Written) -> str:
    """Return a letter as plain text; what came from outside cannot break a line."""
    lines = [*written.marks, "", written.title, "=" * len(written.title), ""]
    lines += [f"{name}: {value}" for name, value in written.head]
    for part in written.sections:
        lines += ["", part.heading, "-" * len(part.heading)]
        lines += part.lines
        lines += [f"- {one}" for one in part.points]
        lines += [f"{one}: {written.blank}" for one in part.blanks]
    return "\n".join([*lines, "", written.status, ""]).lstrip("\n")


def as_html(written: Written) -> str:
    """Return a letter as one HTML file without references to anything outside."""
    return _environment().get_template("letter.html.j2").render(letter=written)


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("himaya.response.letters"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
