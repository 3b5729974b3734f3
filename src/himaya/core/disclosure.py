"""What counts as a disclosure: one table from method, status and visibility to certainty.

A disclosure is the fact that fields of a subject were sent to an actor. Sources of the rows:
RFC 9110 (methods and status codes), section 15.4.5 for 304, section 14.2 for ranges. The table in words
stands in `docs/disclosures.md`; a test keeps both equal.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from himaya.core.actor import Actor


class Certainty(StrEnum):
    """How sure a row is that the fields arrived."""

    SERVED = "served"
    PARTIAL = "partial"
    AUTHORISED_ONLY = "authorised-only"
    INFERRED = "inferred-from-route"


class Outcome(StrEnum):
    """What one exchange on a people surface means for the ledger and the budget."""

    DISCLOSED = "disclosed"
    NOTHING = "nothing"
    MISS = "miss"
    CONFIRMED = "confirmed"


#: Statuses whose body is the resource itself or a part of it; after 101 a websocket follows, which nobody reads.
_FULL = frozenset({101, 200, 203, 206, 226})


def outcome(method: str, status: int, kind: str, *, sent: int, aborted: bool) -> Outcome:
    """Return what an exchange disclosed, before asking who.

    `sent` is body bytes (-1 unknown). HEAD shows no body. 304 confirms a copy the actor already
    holds, so it discloses nothing new. A redirect shows the location only. An aborted transfer
    that sent no byte showed nobody. A look-up answered 404 (or 204) is a miss, and counts as one; whoever
    asks for the head alone, or sends `If-None-Match: *`, learns as much (confirmed).
    """
    if method == "OPTIONS":
        return Outcome.NOTHING
    if kind == "lookup":
        return _of_lookup(method, status, sent=sent, aborted=aborted)
    if method == "HEAD" or status not in _FULL or (aborted and sent == 0):
        return Outcome.NOTHING
    return Outcome.DISCLOSED


def _of_lookup(method: str, status: int, *, sent: int, aborted: bool) -> Outcome:
    if status in {404, 204, 410}:
        return Outcome.MISS
    if status == 304 or (method == "HEAD" and status in _FULL):
        return Outcome.CONFIRMED
    if status not in _FULL or (aborted and sent == 0):
        return Outcome.NOTHING
    return Outcome.DISCLOSED


def certainty(status: int, *, people_seen: bool, aborted: bool, settled: bool) -> Certainty:
    """Return how sure a disclosure row is.

    `people_seen`: the subjects were read from the response, its header or the application;
    otherwise from the route. `settled`: the end of the exchange was seen at all.
    """
    if not settled:
        return Certainty.AUTHORISED_ONLY
    if status == 206 or aborted:
        return Certainty.PARTIAL
    return Certainty.SERVED if people_seen else Certainty.INFERRED


class Shown(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One person of a disclosure: the subject, the fields, how sure; which values, "" where nobody asked for it."""

    subject: str
    fields: tuple[str, ...]
    certainty: Certainty
    version: str = ""


class Disclosures(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """All disclosures of one exchange: a head and the people; the ledger writes a row per person.

    `kind` is profile, listing, lookup or media; `miss` marks a look-up that found nobody (it has
    no people, and is a row of its own). `unattributed` counts reserved people whom nobody
    could name (a row of its own with that count). `scope` is the visibility of the fields. `batch` and `group` are
    the sign-up batch and the group whose budgets were charged, "" where none was.
    """

    at: float
    surface: str
    kind: str
    actor: Actor
    access: str
    status: int
    shown: tuple[Shown, ...] = ()
    miss: bool = False
    unattributed: int = 0
    scope: str = ""
    decision: str = "allow"
    source: str = "log"
    policy: str = ""
    batch: str = ""
    group: str = ""
