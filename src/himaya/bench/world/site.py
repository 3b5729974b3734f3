"""The site: from an ask to an answer. It knows nothing of budgets, as real applications do not."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import blake2b
from urllib.parse import unquote

import numpy as np

from himaya.bench.asks import MISSING, NOBODY, Answer, Ask, Client
from himaya.bench.world import fields as f
from himaya.bench.world import links as at
from himaya.bench.world.graph import Friends
from himaya.bench.world.ids import Names
from himaya.bench.world.knobs import Knobs
from himaya.bench.world.people import Ints, People
from himaya.core.errors import InputError
from himaya.core.exchange import Person

#: How many people somebody is related to in the genetic sense, mean of the incident of 2023 (380 to 490).
RELATIVES = 490
#: People remembered as ready answers; a person and a set of fields are one value.
_KEPT = 400_000

_Page = Callable[["World", Client, str, dict[str, str], Ask], Answer]


class World:
    """People and their site. Deterministic: the same knobs and seed give the same answers."""

    def __init__(self, knobs: Knobs, seed: int) -> None:
        """Draw a world."""
        rng = np.random.default_rng([seed, 0x68696D])
        self.knobs, self.seed = knobs, seed
        self.people = People(knobs, rng)
        self.friends = Friends(knobs, self.people, rng)
        self.names = Names(knobs, seed)
        #: Whose profile an account is; accounts not in it are nobody's.
        self.accounts: dict[str, int] = {}
        self._persons: dict[tuple[int, tuple[str, ...]], Person] = {}
        self._followers: dict[int, Ints] = {}

    @property
    def count(self) -> int:
        """Return how many people there are."""
        return self.people.count

    def subject(self, person: int) -> str:
        """Return the subject of a person. Raises InputError for a number nobody has."""
        if not 0 <= person < self.count:
            raise InputError(
                f"there is no person {person} in a world of {self.count} people (0 to {self.count - 1})"
            )
        return self.names.subjects[person]

    def answer(self, client: Client, ask: Ask) -> Answer:
        """Return what the site answers; a page that does not exist is a 404."""
        path, _, query = ask.target.partition("?")
        head, _, rest = path[1:].partition("/")
        page = _PAGES.get(head)
        if page is None:
            return MISSING
        pairs = (
            dict(pair.split("=", 1) for pair in query.split("&") if "=" in pair) if query else {}
        )
        return page(self, client, rest, pairs, ask)

    def shown(self, person: int, fields: tuple[str, ...]) -> Person:
        """Return a person as a page shows them."""
        key = (person, fields)
        found = self._persons.get(key)
        if found is None:
            if len(self._persons) >= _KEPT:
                self._persons.clear()
            found = self._persons[key] = Person(self.names.subjects[person], fields)
        return found

    def whole(self, person: int) -> Person:
        """Return a person as their own page shows them: what they do not hide."""
        setting = int(self.people.setting[person])
        return self.shown(person, _WHOLE[setting & 3])

    def listed(
        self, people: Ints | Iterable[int], page: int, size: int, fields: tuple[str, ...]
    ) -> Answer:
        """Return one page of a list of people."""
        numbers = people if isinstance(people, np.ndarray) else np.fromiter(people, np.int32)
        if not 0 <= page < at.MOST_PAGES:
            return NOBODY
        part = numbers[page * size : (page + 1) * size].tolist()
        more = len(numbers) > (page + 1) * size and page + 1 < at.MOST_PAGES
        return Answer(people=tuple([self.shown(n, fields) for n in part]), more=more)

    def related(self, account: str) -> list[int]:
        """Return the people an account is related to, the same for each account always."""
        digest = blake2b(account.encode(), digest_size=8).digest()
        rng = np.random.default_rng([self.seed, 0x72656C, int.from_bytes(digest, "big")])
        count = min(RELATIVES, self.count)
        found: list[int] = rng.choice(self.count, count, replace=False).tolist()
        return found

    def followed_by(self, person: int) -> Ints:
        """Return a person's followers: more for popular people, up to a quarter of the site."""
        found = self._followers.get(person)
        if found is None:
            rng = np.random.default_rng([self.seed, 0x666F6C, person])
            rank = int(np.flatnonzero(self.people.by_popularity == person)[0])
            count = max(3, int(self.count / 4 / (1 + rank) ** 0.3))
            if len(self._followers) >= 64:
                self._followers.clear()
            found = rng.permutation(self.count)[: min(count, self.count)].astype(np.int32)
            self._followers[person] = found
        return found

    def suggested(self, surname: int) -> Ints:
        """Return up to 8 people of a surname."""
        return self.people.of_surname.of(surname)[: at.PER_SUGGEST]


_WHOLE = tuple(
    (*f.PROFILE, *(("email",) if bits & 2 else ()), *(("phone",) if bits & 1 else ()))
    for bits in range(4)
)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else -1


def _profile(world: World, client: Client, rest: str, query: dict[str, str], _: Ask) -> Answer:
    link, tail = (*rest.split("/", 1), "")[:2]
    person = world.names.open(client.viewer, unquote(link))
    if person < 0 or tail not in {"", "friends"}:
        return MISSING
    if tail:
        page = _number(query.get("page", "0"))
        return world.listed(world.friends.of(person), page, at.PER_FRIENDS, f.ROW)
    return Answer(people=(world.whole(person),))


def _photo(world: World, client: Client, rest: str, _: dict[str, str], __: Ask) -> Answer:
    person = world.names.open(client.viewer, unquote(rest))
    return MISSING if person < 0 else Answer(people=(world.shown(person, f.PHOTO),))


def _preview(world: World, client: Client, rest: str, _: dict[str, str], __: Ask) -> Answer:
    person = world.names.open(client.viewer, unquote(rest))
    return MISSING if person < 0 else Answer(people=(world.shown(person, f.PREVIEW),))


def _found(world: World, words: str) -> Ints:
    kind, _, number = words.partition(":")
    lists = {"name": world.people.of_surname, "org": world.people.at_employer}.get(kind)
    return lists.of(_number(number)) if lists else np.zeros(0, np.int32)


def _search(world: World, _: Client, __: str, query: dict[str, str], ___: Ask) -> Answer:
    page = _number(query.get("page", "0"))
    return world.listed(_found(world, query.get("q", "")), page, at.PER_SEARCH, f.ROW)


def _suggest(world: World, _: Client, __: str, query: dict[str, str], ___: Ask) -> Answer:
    surname = _number(query.get("q", "").partition(":")[2])
    return world.listed(world.suggested(surname), 0, at.PER_SUGGEST, f.SUGGESTED)


def _api(world: World, _: Client, rest: str, query: dict[str, str], __: Ask) -> Answer:
    page = _number(query.get("page", "0"))
    if rest == "people":
        first, size = page * at.PER_CALL, at.PER_CALL
        part = range(first, min(first + size, world.count)) if page >= 0 else range(0)
        people = tuple([world.shown(n, f.API_ROW) for n in part])
        return Answer(people=people, more=first + size < world.count)
    head, link = (*rest.split("/", 1), "")[:2]
    person = world.names.person(unquote(link)) if head == "followers" else -1
    if person < 0:
        return MISSING
    return world.listed(world.followed_by(person), page, at.PER_FOLLOWERS, f.LEAKY)


def _lookup(world: World, _: Client, __: str, query: dict[str, str], ___: Ask) -> Answer:
    person = world.people.phones.owner(_number(query.get("phone", "")))
    return MISSING if person < 0 else Answer(people=(world.shown(person, f.MATCHED),))


def _mailed(world: World, _: Client, __: str, query: dict[str, str], ___: Ask) -> Answer:
    local = query.get("email", "").partition("@")[0]
    person = world.people.emails.owner(_number(local[1:]))
    return MISSING if person < 0 else Answer(people=(world.shown(person, f.MAILED),))


def _import(world: World, _: Client, __: str, ___: dict[str, str], ask: Ask) -> Answer:
    owners = [world.people.phones.owner(number) for number in ask.numbers[: at.PER_IMPORT]]
    found = [n for n in dict.fromkeys(owners) if n >= 0 and int(world.people.setting[n]) & 4]
    return Answer(people=tuple([world.shown(n, f.MATCHED) for n in found]))


def _home(world: World, client: Client, rest: str, _: dict[str, str], __: Ask) -> Answer:
    """Show ten of one's friends to whoever is signed in; nobody to strangers."""
    person = world.accounts.get(client.actor.account, -1)
    if rest:
        return MISSING
    return world.listed(world.friends.of(person)[:10], 0, 10, f.ROW) if person >= 0 else NOBODY


def _relatives(world: World, client: Client, _: str, query: dict[str, str], __: Ask) -> Answer:
    if not client.actor.account:
        return Answer(403)
    page = _number(query.get("page", "0"))
    return world.listed(world.related(client.actor.account), page, at.PER_FRIENDS, f.RELATIVE)


def _settings(_: World, __: Client, ___: str, ____: dict[str, str], _____: Ask) -> Answer:
    return NOBODY


_PAGES: dict[str, _Page] = {
    "": _home,
    "u": _profile,
    "photo": _photo,
    "preview": _preview,
    "search": _search,
    "suggest": _suggest,
    "api": _api,
    "lookup": _lookup,
    "lookup-mail": _mailed,
    "import": _import,
    "relatives": _relatives,
    "settings": _settings,
}
