"""Drafts of notices, as a case remembers them: everything that made them, so that the same notice can be made again.

A draft is an act and never changes; a change is a new version. Nothing of it names a data subject: a notice to people
is kept as what is the same for all, and is made of a person's own rows when it is sent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from enum import StrEnum
from typing import Any, Literal

import msgspec

from himaya.core.errors import InputError
from himaya.response.cases import Case
from himaya.response.notices.authority import authority_document
from himaya.response.notices.contents import Sources, missing
from himaya.response.notices.facts import AuthorityNeeds, NoticeFacts, Recipient
from himaya.response.notices.people import lacking, people_document
from himaya.response.notices.texts import Library, Texts
from himaya.response.rendering import Document, text_of

Party = Literal["authority", "people"]


class Stage(StrEnum):
    """How far a notice is. `NOT_READY`: something that its list asks for is missing."""

    NOT_READY = "not ready"
    READY = "ready"
    RELEASED = "released"
    SENT = "sent"
    WITHDRAWN = "withdrawn"


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a notice. `said` are a person's words by language and item, `texts` the hashes of our texts.

    `language` is that of the notice, or of people whose own has no text here. `sha256` is that of what was shown to
    whoever releases it.
    """

    id: str
    what: str = "notice"
    party: Party
    country: str
    language: str
    version: int
    needs: AuthorityNeeds
    facts: NoticeFacts
    said: dict[str, dict[str, str]]
    texts: dict[str, str]
    missing: dict[str, list[str]] = {}
    sha256: str = ""

    def lacks(self) -> list[str]:
        """Return what is missing in any language, each once."""
        return list(dict.fromkeys(key for keys in self.missing.values() for key in keys))

    def data(self) -> dict[str, Any]:
        """Return it as the data of an act."""
        built: dict[str, Any] = msgspec.to_builtins(self)
        return built


def drafts(case: Case) -> list[Draft]:
    """Return every version of every notice of a case."""
    kept = (act.data for act in case.acts("drafted"))
    return [msgspec.convert(data, Draft) for data in kept if data.get("what") == "notice"]


def draft_named(case: Case, name: str) -> Draft:
    """Return a draft. Raises InputError when the case has none of that name."""
    known = drafts(case)
    found = next((one for one in known if one.id == name), None)
    if found is None:
        names = ", ".join(one.id for one in known) or "none yet"
        raise InputError(f"case {case.id} has no notice {name!r}; there are: {names}")
    return found


def stage(case: Case, draft: Draft) -> Stage:
    """Return how far a notice is."""
    seen = {
        act.kind
        for act in case.acts("released", "withdrawn", "sent")
        if act.data.get("id") == draft.id
    }
    for kind, found in (
        ("withdrawn", Stage.WITHDRAWN),
        ("sent", Stage.SENT),
        ("released", Stage.RELEASED),
    ):
        if kind in seen:
            return found
    return Stage.NOT_READY if draft.lacks() else Stage.READY


def is_released(case: Case, draft: Draft) -> bool:
    """Tell whether somebody released it and nobody took that back."""
    return stage(case, draft) in {Stage.RELEASED, Stage.SENT}


def made(  # noqa: PLR0913  (a draft is all of these)
    case: Case,
    library: Library,
    *,
    party: Party,
    country: str,
    language: str,
    needs: AuthorityNeeds,
    facts: NoticeFacts,
    said: dict[str, dict[str, str]],
) -> Draft:
    """Return the next version of a notice, with what is missing in it. Raises InputError: no text in a language."""
    same = [one for one in drafts(case) if (one.party, one.country) == (party, country)]
    version = len(same) + 1
    languages = [language, *(one for one in said if one != language)]
    draft = Draft(
        id=f"{country or 'unknown'}-{party}-{version}",
        party=party,
        country=country,
        language=language,
        version=version,
        needs=needs,
        facts=facts,
        said=said,
        texts={one: library.texts(one).sha256 for one in languages},
    )
    lacks = {one: _lacks(draft, sources(draft, library.texts(one))) for one in languages}
    draft = msgspec.structs.replace(draft, missing={k: v for k, v in lacks.items() if v})
    seen = "".join(text_of(one) for one in shown(case, draft, library))
    return msgspec.structs.replace(draft, sha256=hashlib.sha256(seen.encode()).hexdigest())


def _lacks(draft: Draft, made_of: Sources) -> list[str]:
    if draft.party == "people":
        return lacking(made_of)
    return missing(draft.needs.contents, made_of)


def sources(draft: Draft, texts: Texts) -> Sources:
    """Return what a draft is filled from in one language."""
    said = draft.said.get(texts.language, {})
    return Sources(texts, draft.facts, draft.needs, said, draft.country)


def shown(
    case: Case, draft: Draft, library: Library, *, released: bool = False
) -> Iterator[Document]:
    """Yield a draft in each of its languages; one to people is about nobody, with every field of the case."""
    before = [
        one for one in drafts(case) if (one.party, one.country) == (draft.party, draft.country)
    ]
    earlier = next((one for one in before if one.version == draft.version - 1), None)
    for language in draft.texts:
        texts = library.texts(language)
        made_of = sources(draft, texts)
        if draft.party == "people":
            yield people_document(made_of, example(made_of), released=released)
        else:
            old = sources(earlier, texts) if earlier else None
            yield authority_document(made_of, version=draft.version, before=old, released=released)


def example(made_of: Sources) -> Recipient:
    """Return somebody who does not exist, to show what a notice to people looks like."""
    facts = made_of.facts
    name = made_of.texts.words["recipient"]
    return Recipient(0, "", facts.fields, facts.first, facts.last, name=name)


def same_texts(draft: Draft, library: Library) -> None:
    """Raise InputError when the texts of a draft are other ones than those that were drafted with."""
    for language, digest in draft.texts.items():
        if library.texts(language).sha256 != digest:
            raise InputError(
                f"the text in {language!r} changed since {draft.id} was drafted; draft it anew"
            )
