"""The items that an authority's list may ask for, each filled from facts, by a person, or found missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from himaya.response.notices.facts import UNKNOWN, AuthorityNeeds, NoticeFacts
from himaya.response.notices.texts import Texts
from himaya.response.rendering import Part, Table

#: What a person says, by key of the item, in the language of the notice.
Said = Mapping[str, str]


class Sources(msgspec.Struct, frozen=True):
    """What one notice is filled from; `country` is whose authority or people it is for."""

    texts: Texts
    facts: NoticeFacts
    needs: AuthorityNeeds
    said: Said
    country: str


#: What one item says; empty parts mean that nothing is known of it.
Filled = Callable[[Sources], Part]


def item(key: str, sources: Sources) -> Part | None:
    """Return an item of the list: what is known, then what a person said. None when neither says anything."""
    known = _KNOWN[key](sources) if key in _KNOWN else Part("")
    spoken = paragraphs(sources.said.get(key, ""), sources.texts)
    if not (known.sentences or known.points or known.table or spoken):
        return None
    title = sources.texts.contents.get(key) or sources.texts.value(key)
    return msgspec.structs.replace(known, title=title, sentences=(*known.sentences, *spoken))


def missing(keys: tuple[str, ...], sources: Sources) -> list[str]:
    """Return the items of a list that nothing is said of, in its order."""
    return [key for key in keys if item(key, sources) is None]


def paragraphs(text: str, texts: Texts) -> tuple[str, ...]:
    """Return what a person wrote as paragraphs, made safe to print."""
    return tuple(texts.value(" ".join(one.split())) for one in text.split("\n\n") if one.strip())


def _says(key: str, wanted: str = "") -> Filled:
    """Return what fills a sentence of `filled` where the fact `wanted` is known."""

    def fill(sources: Sources) -> Part:
        facts = sources.facts
        if wanted and not getattr(facts, wanted):
            return Part("")
        values = msgspec.structs.asdict(facts) | {"records": _number(facts.records)}
        return Part("", (sources.texts.fill(sources.texts.filled[key], **values),))

    return fill


def _value(name: str) -> Filled:
    """Return what tells one fact as it is."""

    def fill(sources: Sources) -> Part:
        known = getattr(sources.facts, name)
        return Part("", (sources.texts.value(known),)) if known else Part("")

    return fill


def _fields(sources: Sources) -> Part:
    return Part("", points=tuple(map(sources.texts.field, sources.facts.fields)))


def _count(sources: Sources) -> Part:
    texts, facts = sources.texts, sources.facts
    if not facts.people:
        return Part("")
    rows = [(_country(country, texts), _number(n)) for country, n in facts.by_country()]
    caption = texts.fill(texts.filled["subject_count"], people=_number(facts.people))
    words = texts.words
    table = Table(
        caption,
        (words["country"], words["people"]),
        (*rows, (words["total"], _number(sum(facts.countries.values())))),
    )
    return Part("", table=table)


def _local(sources: Sources) -> Part:
    number = sources.facts.countries.get(sources.country)
    if number is None:
        return Part("")
    words = sources.texts.filled["subject_count_local"]
    return Part("", (sources.texts.fill(words, people=_number(number)),))


def _country(country: str, texts: Texts) -> str:
    return texts.words["unknown"] if country == UNKNOWN else texts.value(country)


def _number(number: int) -> str:
    """Return a count with narrow blanks between thousands (ISO 80000-1), which no language reads as a fraction."""
    return f"{number:,}".replace(",", "\u202f")


def _done(sources: Sources) -> Part:
    done = sources.texts.done
    return Part("", points=tuple(done[key] for key in sources.facts.done if key in done))


def _steps(sources: Sources) -> Part:
    return Part("", points=sources.texts.lines("steps"))


def _individuals(sources: Sources) -> Part:
    texts, facts = sources.texts, sources.facts
    told = [(c, day) for c, party, day in facts.told if party == "people" and c == sources.country]
    if told:
        words = texts.filled["told_people"]
        return Part(
            "", tuple(texts.fill(words, country=_bare(c, texts), day=day) for c, day in told)
        )
    if facts.planned.get(sources.country) in {"notify", "voluntary"}:
        return Part("", (texts.filled["will_tell"],))
    return Part("")


def _others(sources: Sources) -> Part:
    texts = sources.texts
    told = [
        texts.fill(texts.filled["told_authority"], country=_bare(country, texts), day=day)
        for country, party, day in sources.facts.told
        if party == "authority" and country != sources.country
    ]
    return Part("", tuple(told) or (texts.filled["told_nobody_else"],))


def _authority_told(sources: Sources) -> Part:
    texts = sources.texts
    days = [
        day for c, party, day in sources.facts.told if (c, party) == (sources.country, "authority")
    ]
    if not days:
        return Part("")
    return Part("", (texts.fill(texts.filled["authority_told"], day=days[0]),))


def _bare(country: str, texts: Texts) -> str:
    return texts.words["unknown"] if country == UNKNOWN else country


def _headings(sources: Sources) -> Part:
    texts = sources.texts
    items = texts.words["list_joiner"].join(
        str(texts.people[f"{key}_title"])
        for key in ("happened", "involved", "means", "doing", "steps", "more")
    )
    return Part("", (texts.fill(texts.filled["prescribed_headings"], items=items),))


_KNOWN: dict[str, Filled] = {
    "org_identity": _says("org_identity", "organisation"),
    "org_registration": _value("registration"),
    "contact_point": _value("contact"),
    "nature": _says("nature", "people"),
    "occurred_period": _says("occurred_period", "first"),
    "aware_at": _value("aware"),
    "data_categories": _fields,
    "record_count": _says("record_count", "records"),
    "subject_categories": _says("subject_categories", "organisation"),
    "subject_count": _count,
    "subject_count_local": _local,
    "measures": _done,
    "individual_steps": _steps,
    "individuals_notified": _individuals,
    "other_bodies_notified": _others,
    "complaint_right": _says("complaint_right"),
    "authority_told": _authority_told,
    "prescribed_headings": _headings,
}
