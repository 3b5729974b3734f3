"""Guess which routes of a log show people, and say how sure the guess is.

A path tells little: `/u/17` is a person, `/p/17` may be a post. The guess weighs the word before
the id, the looks of the ids and how many there are. Confidence is a rough order between 0 and 1,
not a probability; a guess under `SURE` is told, never acted on.
"""

from __future__ import annotations

import re

import msgspec

from himaya.core.surface import Kind, Surface
from himaya.watch.nouns import (
    CONTACTS,
    IDS,
    LISTS,
    LOOKUPS,
    MAYBE,
    PAGING,
    PEOPLE,
    PICTURES,
    THINGS,
    noun_of,
)
from himaya.watch.paths import PathCounts
from himaya.watch.templates import Template, templates

#: From this confidence on `scan` counts people on a guessed surface.
SURE = 0.5

#: People on a page of a listing, when nobody said how many.
PAGE = 20

_PICTURE = frozenset({".jpg", ".jpeg", ".png", ".webp", ".gif", ".svg", ".avif"})
_PREFIXES = frozenset({"v1", "v2", "v3", "public"})
_PAGE = frozenset({"", ".html", ".htm", ".json", ".php", ".xml", ".aspx", ".vcf"})


class GuessedSurface(msgspec.Struct, frozen=True, kw_only=True):
    """A route that may show people. `people` are the different ids seen, `requests` the answers.

    `samples` are paths as asked for; they name people, so they belong on the operator's screen only.
    """

    surface: Surface
    confidence: float
    samples: tuple[str, ...]
    people: int
    requests: int
    why: str


class _Guess(msgspec.Struct, frozen=True):
    kind: Kind
    confidence: float
    why: str
    subject: int = -1
    query: str = ""


def discover_surfaces(counts: PathCounts) -> list[GuessedSurface]:
    """Return the guessed surfaces of a log, the surest first, also those that are not sure at all.

    Routes that look like anything but people (articles, products, assets) are left out.
    """
    found = []
    for template in templates(counts):
        guess = _guess(template)
        if guess is not None:
            found.append((template, guess))
    # A search is one for people only where there are people to be found.
    people_site = any(g.kind == "profile" and g.confidence >= SURE for _, g in found)
    taken: set[str] = set()
    guessed = [
        _surface(template, _weigh(guess, people_site=people_site), taken)
        for template, guess in found
    ]
    return sorted(guessed, key=lambda g: (-g.confidence, -g.requests, g.surface.route))


def _weigh(guess: _Guess, *, people_site: bool) -> _Guess:
    if guess.kind != "listing" or people_site:
        return guess
    why = f"{guess.why}, but no route shows single people"
    return _Guess(guess.kind, round(guess.confidence * 0.5, 2), why)


def _guess(template: Template) -> _Guess | None:
    if template.last_variable < 0:
        return _guess_fixed(template)
    subject = _subject_part(template)
    part = template.parts[subject]
    noun = noun_of(template.parts[subject - 1].text) if subject else ""
    if part.text in _PICTURE:
        return _guess_picture(template, subject, noun)
    if part.text not in _PAGE or (noun not in PEOPLE | MAYBE and _is_of_things(template)):
        return None
    return _guess_profile(template, subject, noun)


def _is_of_things(template: Template) -> bool:
    """Tell whether a fixed part of the route names things, such as /blog/... or /files/..."""
    fixed = {noun_of(part.text) for part in template.parts if not part.variable}
    return bool(fixed & (THINGS - _PREFIXES))


def _subject_part(template: Template) -> int:
    """Return which variable is the person: one after a people word, else the last."""
    for index, part in enumerate(template.parts):
        before = template.parts[index - 1] if index else None
        if part.variable and before and not before.variable and noun_of(before.text) in PEOPLE:
            return index
    return template.last_variable


def _guess_profile(template: Template, subject: int, noun: str) -> _Guess:
    shapes = template.shapes
    looks = shapes.most_common(1)[0][0] if shapes else "name"
    if noun in PEOPLE:
        sure, why = 0.9, f'the word "{noun}" before the id names people on most sites'
    elif looks == "handle":
        sure, why = 0.8, "ids that begin with @ or ~ are people on most sites"
    elif noun in MAYBE:
        sure, why = 0.6, f'the word "{noun}" before the id names people on some sites'
    elif looks == "e-mail":
        sure, why = 0.6, "the ids look like e-mail addresses"
    elif looks in {"name", "text"}:
        sure, why = 0.15, "many different words, which may be names of people or of pages"
    else:
        sure, why = 0.3, "many different ids, which may be people or things"
    sure *= _by_number(template.values) * (1.0 if subject == len(template.parts) - 1 else 0.9)
    ids = f"{template.values} different ids, mostly {looks}s" if template.values else "its pages"
    return _Guess("profile", round(sure, 2), f"{why}; {ids}", subject)


def _by_number(values: int) -> float:
    return 0.7 if 0 < values < 5 else 0.95 if 0 < values < 20 else 1.0


def _guess_picture(template: Template, subject: int, noun: str) -> _Guess | None:
    if noun in PICTURES or noun in PEOPLE:
        sure = (0.6 if noun != "photos" else 0.45) * _by_number(template.values)
        return _Guess("media", round(sure, 2), f'pictures under "{noun}"', subject)
    return None


def _guess_fixed(template: Template) -> _Guess | None:
    """Guess about a route without ids: a look-up, a listing or a profile chosen by query."""
    nouns = [noun_of(part.text) for part in template.parts if part.text]
    if not nouns or "." + template.parts[-1].text.rpartition(".")[2].lower() in _PICTURE:
        return None
    many = {name.lower() for name, values in template.queries.items() if len(values) >= 3}
    contact = next((n for n in template.queries if n.lower() in CONTACTS & many), "")
    if contact:
        sure = 0.8 if {*nouns} & (LOOKUPS | PEOPLE | LISTS) else 0.5
        return _Guess("lookup", sure, f'"{contact}" in the query leads to a person', query=contact)
    person = next((n for n in template.queries if n.lower() in IDS & many), "")
    if person and nouns[-1] in PEOPLE | MAYBE:
        return _Guess("lookup", 0.6, f'"{person}" in the query chooses a person', query=person)
    if nouns[-1] in THINGS or _is_of_things(template):
        return None
    return _guess_listing(template, nouns)


def _guess_listing(template: Template, nouns: list[str]) -> _Guess | None:
    paged = any(name.lower() in PAGING for name in template.queries)
    last = nouns[-1]
    if last in PEOPLE and last not in {"u", "in", "account", "user", "profile"}:
        return _Guess("listing", 0.8 if paged else 0.6, f'"{last}" without an id lists people')
    if last in LISTS:
        of_people = bool({*nouns[:-1]} & PEOPLE)
        sure = 0.8 if of_people else 0.6 if paged else 0.4
        return _Guess("listing", sure, f'"{last}" finds or lists something, perhaps people')
    return None


def _surface(template: Template, guess: _Guess, taken: set[str]) -> GuessedSurface:
    route, names = "", []
    for index, part in enumerate(template.parts):
        if not part.variable:
            route += "/" + part.text
            names.append(noun_of(part.text))
        else:
            route += "/{" + ("subject" if index == guess.subject else f"part{index}") + "}"
            route += part.text
    surface = Surface(
        id=_free_id("-".join(names) or "root", guess.kind, taken),
        route=route or "/",
        kind=guess.kind,
        query=guess.query,
        max_people=PAGE if guess.kind == "listing" else 1,
    )
    return GuessedSurface(
        surface=surface,
        confidence=guess.confidence,
        samples=tuple(template.samples),
        people=template.values,
        requests=template.requests,
        why=guess.why,
    )


def _free_id(words: str, kind: str, taken: set[str]) -> str:
    """Return a short id of letters, digits and dashes that no other guess has."""
    base = re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")[:40] or kind
    name, number = base, 2
    if name in taken:
        name = f"{base}-{kind}"
    while name in taken:
        name, number = f"{base}-{number}", number + 1
    taken.add(name)
    return name
