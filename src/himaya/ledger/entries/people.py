"""Entries that say what people did: asked, held, erased, blocked."""

from __future__ import annotations

import msgspec

from himaya.ledger.entries.base import Entry


class Access(Entry, frozen=True, tag_field="kind", tag="access"):
    """Somebody asked. `about` is a column and a surrogate (0: a name the ledger does not know)."""

    column: str
    surrogate: int
    why: str
    by: str
    start: int = 0
    end: int = 0
    command: str = "who"


class Hold(Entry, frozen=True, tag_field="kind", tag="hold"):
    """Rows that an open matter needs stay: `column` = `surrogate`, time in [start, end).

    `until` is when the hold ends, in microseconds. `basis` and `by` are sealed.
    """

    id: str
    column: str
    surrogate: int
    basis: str
    by: str
    until: int
    start: int = 0
    end: int = 0


class Released(Entry, frozen=True, tag_field="kind", tag="released"):
    """A hold ended before its time."""

    id: str
    why: str
    by: str


class Forgotten(Entry, frozen=True, tag_field="kind", tag="forgotten"):
    """Identities were erased: these surrogates name nobody any more.

    `id` names the erasure; a later entry of the same id carries on with what was kept. `whom`: subject, actor or both.
    `kept` are the surrogates that holds or open cases still need, `exports` the files outside that name one of all.
    Entries of earlier releases have none of the four.
    """

    surrogates: tuple[int, ...]
    why: str
    by: str
    id: str = ""
    whom: str = ""
    kept: tuple[int, ...] = ()
    exports: tuple[str, ...] = ()


class Place(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What one block of a decision is about: `column` (address or prefix) and surrogate.

    `id` names the block, `action` is block or challenge, `collateral` how many ordinary accounts share the place.
    """

    id: str
    column: str
    surrogate: int
    action: str
    collateral: int = 0


class Blocked(Entry, frozen=True, tag_field="kind", tag="blocked"):
    """A person, or a case that a person confirmed, had places blocked or challenged at the feed.

    `start` and `until` are microseconds. `case` is the case, "" for an operator's own decision. `why` and `by` are
    sealed.
    """

    places: tuple[Place, ...]
    why: str
    by: str
    start: int
    until: int
    case: str = ""


class Lifted(Entry, frozen=True, tag_field="kind", tag="lifted"):
    """Blocks ended before their time. `why` and `by` are sealed."""

    ids: tuple[str, ...]
    why: str
    by: str
