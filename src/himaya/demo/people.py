"""The seeded generator of members: the same number and seed give the same site, byte for byte."""

from __future__ import annotations

import random
import unicodedata

import msgspec

from himaya.demo.names import (
    CULTURES,
    EMPLOYER_HEADS,
    EMPLOYER_TAILS,
    INTERESTS,
    JOBS,
    Culture,
)

#: One in this many telephone numbers of the demo's range belongs to a member.
PHONE_SPREAD = 5
#: Password of every demo member; the sign-in page says so.
PASSWORD = "halqa"  # noqa: S105 - a shown word of an invented site, not a secret
_MAX_FRIENDS = 18
_SCARVES = frozenset({"maghreb", "mashriq", "west_africa", "south_asia", "turkey"})
_LETTERS = str.maketrans(
    {
        "ł": "l",
        "ø": "o",
        "đ": "d",
        "\N{LATIN SMALL LETTER DOTLESS I}": "i",
        "æ": "ae",
        "ß": "ss",
        "'": "",
    }
)


class Member(msgspec.Struct, frozen=True):
    """An invented person.

    `friends` are positions in the population, `joined` is a year, `look` is a style of `portrait`.
    """

    handle: str
    name: str
    job: str
    employer: str
    town: str
    country: str
    email: str
    phone: str
    about: str
    joined: int
    look: str
    friends: tuple[int, ...]


def population(size: int, seed: int = 7) -> list[Member]:
    """Return `size` members; raises ValueError for a size below 2."""
    if size < 2:
        raise ValueError("a social site needs at least two people")
    rng = random.Random(seed)
    drafts = [_draft(rng) for _ in range(size)]
    handles = _handles([name for name, _ in drafts])
    friends = _friends([culture.key for _, culture in drafts], rng)
    return [
        _member(place, handles[place], *drafts[place], friends[place], rng) for place in range(size)
    ]


def phone_of(place: int) -> str:
    """Return the telephone number of the member at this position."""
    # A multiplier prime to 5 scatters hits and misses, as numbers of a real range are.
    return phone_at(place * PHONE_SPREAD + (place * 7) % PHONE_SPREAD)


def phone_at(step: int) -> str:
    """Return the number at a step of the demo's range; country code 999 belongs to nobody."""
    return f"+99950{step:07d}"


def _draft(rng: random.Random) -> tuple[str, Culture]:
    """Draw a name; one in nine mixes two cultures, as families do."""
    culture, other = rng.choices(CULTURES, [one.share for one in CULTURES], k=2)
    family = rng.choice(other.family if rng.random() < 1 / 9 else culture.family)
    return f"{rng.choice(culture.given)} {family}", culture


def _handles(names: list[str]) -> list[str]:
    """Return a handle per name; namesakes get a number."""
    seen: dict[str, int] = {}
    handles = []
    for name in names:
        plain = plain_letters(name).replace(" ", ".")
        seen[plain] = seen.get(plain, 0) + 1
        handles.append(plain if seen[plain] == 1 else f"{plain}{seen[plain]}")
    return handles


def plain_letters(text: str) -> str:
    """Return the text in lower-case ASCII letters.

    >>> plain_letters("Đức Nguyễn"), plain_letters("Zieliński")
    ('duc nguyen', 'zielinski')
    """
    lower = text.lower().translate(_LETTERS)
    parts = unicodedata.normalize("NFKD", lower)
    return parts.encode("ascii", "ignore").decode("ascii")


def _friends(keys: list[str], rng: random.Random) -> list[tuple[int, ...]]:
    """Tie everybody to a few people of the same culture and a few of any; ties are mutual."""
    groups: dict[str, list[int]] = {}
    for place, key in enumerate(keys):
        groups.setdefault(key, []).append(place)
    ties: list[set[int]] = [set() for _ in keys]
    for place, key in enumerate(keys):
        for _ in range(5):
            pool = groups[key] if rng.random() < 0.7 else range(len(keys))
            _tie(ties, place, rng.choice(pool))
    return [tuple(sorted(tie)) for tie in ties]


def _tie(ties: list[set[int]], one: int, other: int) -> None:
    if one != other and len(ties[one]) < _MAX_FRIENDS and len(ties[other]) < _MAX_FRIENDS:
        ties[one].add(other)
        ties[other].add(one)


def _member(
    place: int,
    handle: str,
    name: str,
    culture: Culture,
    friends: tuple[int, ...],
    rng: random.Random,
) -> Member:
    """Give one draft a place to live, work and something to say."""
    town, country = rng.choice(culture.towns if rng.random() < 0.85 else _any_towns(rng))
    likes = rng.sample(INTERESTS, 3)
    return Member(
        handle=handle,
        name=name,
        job=rng.choice(JOBS),
        employer=f"{rng.choice(EMPLOYER_HEADS)} {rng.choice(EMPLOYER_TAILS)}",
        town=town,
        country=country,
        email=f"{handle}@post.example",
        phone=phone_of(place),
        about=f"{likes[0][0].upper()}{likes[0][1:]}, {likes[1]} and {likes[2]}.",
        joined=rng.randint(2014, 2025),
        look=_look(name, culture, rng),
        friends=friends,
    )


def _any_towns(rng: random.Random) -> tuple[tuple[str, str], ...]:
    return rng.choice(CULTURES).towns


def _look(name: str, culture: Culture, rng: random.Random) -> str:
    """Draw a style of portrait that goes with the given name."""
    if culture.given.index(name.split(" ", 1)[0]) % 2:
        return rng.choices(("short", "curly", "bald", "beard"), (50, 15, 10, 25))[0]
    if culture.key in _SCARVES and rng.random() < 0.4:
        return "scarf"
    return rng.choices(("long", "bun", "curly", "short"), (50, 20, 20, 10))[0]
