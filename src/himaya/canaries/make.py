"""Canaries from the site's key: the same key, place and number give the same canary, and without it nobody can tell.

A canary is a name and an id. It has no picture, no phone number, no mail address and no other fact, so that it says
nothing about anybody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

import msgspec

from himaya.canaries.names import Draw, name
from himaya.core.errors import InputError
from himaya.ledger.keys import Keys

#: An id that says nothing, for sites whose own ids do not either.
OPAQUE = "****************"
#: What stands for a drawn character in a pattern. Letters and digits that look alike are left out.
_ALPHABETS = {
    "#": "0123456789",
    "?": "abcdefghijkmnpqrstuvwxyz",
    "*": "abcdefghijkmnpqrstuvwxyz23456789",
}
#: Draws of an id that is taken before the pattern is taken for exhausted.
_TRIES = 1000


class Canary(msgspec.Struct, frozen=True):
    """Somebody who does not exist. `canary` names the place; it is the operator's mark and is shown to nobody."""

    id: str
    given_name: str
    family_name: str
    canary: str


#: Tells whether an id is somebody's already.
Taken = Callable[[str], bool]


def make(
    keys: Keys,
    count: int,
    places: Sequence[str],
    *,
    pattern: str = OPAQUE,
    ids: Sequence[str] = (),
    taken: Taken = lambda _: False,
    listed: Mapping[str, str] = MappingProxyType({}),
) -> list[Canary]:
    """Return `count` canaries, the places in turn, with ids from `ids` or else drawn by the pattern.

    In a pattern `#` is a digit, `?` a letter, `*` either. `taken` tells ids that are somebody's; `listed` are canaries
    and their places already: they are nobody's, and none is drawn for another place. Raises InputError: too few ids,
    or one that is taken.
    """
    # A place that is named twice would give two canaries from the same draws.
    places = list(dict.fromkeys(places))
    given = _given(ids, count, lambda one: one not in listed and taken(one)) if ids else None
    found: dict[str, Canary] = {}

    def free(identity: str, place: str) -> bool:
        if identity in listed:
            return identity not in found and listed[identity] == place
        return identity not in found and not taken(identity)

    for number in range(count):
        place = places[number % len(places)]
        draw = _draws(keys, place, number // len(places))
        identity = next(given) if given is not None else _drawn(draw, pattern, place, free)
        found[identity] = Canary(identity, *name(draw), place)
    return list(found.values())


def _given(ids: Sequence[str], count: int, taken: Taken) -> Iterator[str]:
    wanted = list(dict.fromkeys(ids))[:count]
    if len(wanted) < count:
        raise InputError(f"{len(wanted)} different ids for {count} canaries; name more ids")
    for number, one in enumerate(wanted, 1):
        if taken(one):
            raise InputError(f"id {number} of the file is a person's: the ledger knows it")
    return iter(wanted)


def _drawn(draw: Draw, pattern: str, place: str, free: Callable[[str, str], bool]) -> str:
    for _ in range(_TRIES):
        identity = "".join(_drawn_character(draw, character) for character in pattern)
        if free(identity, place):
            return identity
    raise InputError("the pattern has too few free ids; give it more of #, ? or *")


def _drawn_character(draw: Draw, character: str) -> str:
    alphabet = _ALPHABETS.get(character)
    return alphabet[draw(len(alphabet))] if alphabet else character


def _draws(keys: Keys, place: str, number: int) -> Draw:
    """Return draws that follow from the key, a place and a number: keyed BLAKE2b (RFC 7693) as a counter stream."""
    stream = (
        value
        for block in range(1 << 32)
        for value in _numbers(keys.digest(f"canary {place} {number} {block}".encode()))
    )
    return lambda below: next(stream) % below


def _numbers(digest: bytes) -> list[int]:
    return [int.from_bytes(digest[at : at + 4], "big") for at in range(0, len(digest), 4)]
