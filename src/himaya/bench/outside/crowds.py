"""`--crowd FILE.py`: groups of honest visitors that somebody else wrote, checked like attackers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import TypeGuard

from himaya.bench.asks import Ask
from himaya.bench.crowd.group import Group, Member, Place, Setting, Visit
from himaya.bench.outside.attackers import is_client, wrong_ask
from himaya.bench.outside.source import Source, is_number
from himaya.bench.outside.within import LIMIT_S, Within, line_of_generator
from himaya.core.actor import prefix_of
from himaya.core.errors import InputError

#: Asks of one member in one run, and their visits; nobody honest comes near.
MOST_ASKS, MOST_VISITS = 100_000, 10_000
_LATEST = 253_402_300_800.0


def load_crowd(path: Path, taken: Sequence[str] = (), *, limit_s: float = LIMIT_S) -> list[Group]:
    """Return the groups that a file defines, in the order of the file, each checked and sealed.

    They are the subclasses of Group in it, or what its list GROUPS holds (classes or instances). `taken` are
    ids that are in use; `limit_s` is the wall-clock time that loading, and each visit, may take. Raises
    InputError naming file and line.
    """
    source, ids, found = Source(path, limit_s), list(taken), list[Group]()
    for each in source.things(Group, "GROUPS"):
        ids.append(source.check_id(each, ids))
        found.append(OutsideGroup(each, source, ids[-1]))
    return found


class OutsideGroup(Group):
    """A group of a file: its code runs under a time limit, and its visits are checked before they happen."""

    def __init__(self, inner: Group, source: Source, name: str) -> None:
        """Check its words; `name` is its id. Raises InputError."""
        self._inner, self._source = inner, source
        self._what = f"{type(inner).__name__}.visits()"
        self._line = source.line(type(inner), "visits")
        self.id = name
        self.title = source.check_text(inner, "title") or name
        self.tier, self.source = (
            source.check_text(inner, "tier"),
            source.check_text(inner, "source"),
        )
        self.natural = source.check_number(inner, "natural", 0, 1)
        self.weight = source.check_number(inner, "weight", 0, 1000)
        self.script = source.check_flag(inner, "script")
        self.answers = source.check_flag(inner, "answers")
        self.signed_in = source.check_flag(inner, "signed_in")
        self.told_friends = source.check_flag(inner, "told_friends")
        self.age_days = self._ages(source.value(inner, "age_days"))

    def _ages(self, ages: object) -> tuple[float, float]:
        if isinstance(ages, tuple | list) and len(ages) == 2:
            youngest, oldest = ages
            if is_number(youngest, 0, 36_500) and is_number(oldest, youngest, 36_500):
                return float(youngest), float(oldest)
        words = f"{type(self._inner).__name__}.age_days must be two numbers, from and to, in days"
        raise self._source.problem(words, self._source.line(type(self._inner), "age_days"))

    def signs_in(self, number: int) -> bool:
        """Return what the inner group says. Raises InputError naming file and line."""
        with self._within("signs_in"):
            found: object = self._inner.signs_in(number)
        if not isinstance(found, bool):
            raise self._wrong("signs_in", "True or False")
        return found

    def created(self, setting: Setting, rng: Random) -> float:
        """Return what the inner group says. Raises InputError naming file and line."""
        with self._within("created"):
            found: object = self._inner.created(setting, rng)
        if not is_number(found, -_LATEST, _LATEST):
            raise self._wrong("created", "an epoch second")
        return float(found)

    def place(self, number: int, rng: Random) -> Place:
        """Return what the inner group says. Raises InputError naming file and line."""
        with self._within("place"):
            found: object = self._inner.place(number, rng)
        if isinstance(found, tuple | list) and len(found) == 2:
            address, asn = found
            if isinstance(address, str) and prefix_of(address) and _is_asn(asn):
                return address, asn
        raise self._wrong(
            "place", "an address and the number of its provider, ('192.0.2.1', 64496)"
        )

    def _within(self, name: str) -> Within:
        kind = type(self._inner)
        return self._source.within(f"{kind.__name__}.{name}()", self._source.line(kind, name))

    def _wrong(self, name: str, wanted: str) -> InputError:
        kind = type(self._inner)
        words = f"{kind.__name__}.{name}() must return {wanted}"
        return self._source.problem(words, self._source.line(kind, name))

    def visits(self, member: Member, setting: Setting) -> Iterable[Visit]:
        """Yield the visits of the inner group, once each is checked. Raises InputError naming file and line."""
        visits = asks = 0
        coming = self._begun(member, setting)
        while (visit := self._following(coming)) is not None:
            visits, asks = visits + 1, asks + len(visit.asks)
            if visits > MOST_VISITS or asks > MOST_ASKS:
                words = f"more than {MOST_VISITS:,} visits or {MOST_ASKS:,} asks of one member"
                raise self._here(words, coming)
            yield visit

    def _begun(self, member: Member, setting: Setting) -> Iterator[object]:
        with self._source.within(self._what, self._line):
            found: object = self._inner.visits(member, setting)
        if not isinstance(found, Iterable):
            words = f"nothing that holds visits, but {type(found).__name__}"
            raise self._here(words, None)
        with self._source.within(self._what, self._line):
            return iter(found)

    def _following(self, coming: Iterator[object]) -> Visit | None:
        visit: object = None
        with self._source.within(self._what, self._line):
            visit = next(coming, self)
        if visit is self:
            return None
        wrong = _wrong_visit(visit)
        if wrong or not isinstance(visit, Visit):
            raise self._here(wrong, coming)
        return visit

    def _here(self, words: str, coming: object) -> InputError:
        line = line_of_generator(self._source.file, coming) or self._line
        return self._source.problem(f"{self._what} gave {words}", line)


def _is_asn(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and is_number(value, 0, 2**32 - 1)


def _wrong_visit(visit: object) -> str:
    if not isinstance(visit, Visit):
        return f"a {type(visit).__name__} where a Visit was expected"
    if not is_client(visit.client):
        return "a Visit whose client is no Client with an Actor"
    asks: object = visit.asks
    if not isinstance(asks, list | tuple):
        return "a Visit whose asks are no list"
    return next((wrong for each in asks if (wrong := _wrong_pair(each))), "")


def _wrong_pair(pair: object) -> str:
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        return "a Visit whose asks are not pairs of a time and an Ask"
    at, ask = pair
    if not is_number(at, 0, _LATEST):
        return "a Visit with a time that is no epoch second"
    if not isinstance(ask, Ask):
        return f"a Visit with a {type(ask).__name__} where an Ask was expected"
    return wrong_ask(ask)
