"""A group: actors that work together, how many people they were shown, and why we think so."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from hashlib import sha256

import msgspec

from himaya.analysis.groups.keys import Key
from himaya.analysis.groups.popularity import Id


class Ground(msgspec.Struct, frozen=True):
    """One measured value of one test beside its threshold.

    A threshold of 0 marks a value that supports and decides nothing. `link` is the linking key in words, "" for none.
    """

    test: str
    value: float
    threshold: float
    link: str

    def words(self) -> str:
        """Return the ground as one sentence without identities."""
        said = _SAID[self.test].format(value=self.value, threshold=self.threshold)
        return f"{said} They share {self.link}." if self.link else said


_CANARIES = "canaries"

_SAID = {
    "anti-birthday": (
        "They see different people so strictly that the odds against chance are {value:.3g} to 1;"
        " {threshold:.3g} to 1 is needed."
    ),
    "disjointness": (
        "They avoid the people whom the group saw before; the odds against chance are"
        " {value:.3g} to 1, {threshold:.3g} to 1 is needed."
    ),
    "insiders": (
        "{value:.0%} of these actors are in the group already; {threshold:.0%} is needed."
    ),
    "coverage": (
        "They look at popular and unknown people alike: {value:.3g} (above 0 for a collector;"
        " supports only)."
    ),
    "synchrony": (
        "They are active together {value:.3g} times as much as the site's day explains"
        " (1 for people; supports only)."
    ),
    _CANARIES: (
        "Members opened canaries of {value:g} independent places, to which no link leads (supports only)."
    ),
}


class Group(msgspec.Struct):
    """One operation, as far as linking keys and tests tell.

    `members` are actors (surrogates of the ledger, or names where there is none); those of them that are `proven`
    spend the group's budget. `covers` are linking keys whose every visitor and new account belongs to the
    group. `people` is the union of whom they saw, `shown` the sum over members; the two are equal when nobody was seen
    twice. Times are epoch seconds.
    """

    id: str
    first: float
    found: float
    keys: list[Key] = []
    members: dict[Id, None] = {}
    covers: list[Key] = []
    people: int = 0
    shown: int = 0
    grounds: list[Ground] = []
    proven: dict[Id, None] = {}

    def words(self) -> list[str]:
        """Return the grounds as sentences without identities."""
        return [ground.words() for ground in self.grounds]


def note_canaries(group: Group, places: Collection[str]) -> None:
    """Give a group the ground that its members opened canaries of several places; one place says nothing."""
    if len(places) < 2:
        return
    others = [ground for ground in group.grounds if ground.test != _CANARIES]
    group.grounds[:] = [*others, Ground(_CANARIES, len(places), 0.0, "")]


def names_of(covers: Iterable[Key]) -> list[str]:
    """Return the member names by which an engine knows linking keys; see `Groups` of the core."""
    kinds = {"tool": "fingerprint", "network": "prefix"}
    return [f"{kinds[key.kind]}:{key.value}" for key in covers]


def name_of(key: Key, first: float) -> str:
    """Return the name of a group: the same in every run that sees the same key first at the same time.

    >>> name_of(Key("tool", "library", "old"), 0.0)
    'g-5a0fd2a4a9'
    """
    return f"g-{sha256(f'{key}@{first:.6f}'.encode()).hexdigest()[:10]}"
