"""What may be done in a case: in which state, by which role, with which reason. The table stands at the top.

    scraping   suspected -> confirmed -> contained -> assessed -> notified -> closed
    request    received -> answered -> closed            a person who asks, complains or claims

A suspected case may be closed as an error. Whatever else is closed before its time is refused with what is missing.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from himaya.core.errors import InputError


class State(StrEnum):
    """Where a case stands. `MERGED`: it went on in another one."""

    SUSPECTED = "suspected"
    CONFIRMED = "confirmed"
    CONTAINED = "contained"
    ASSESSED = "assessed"
    NOTIFIED = "notified"
    RECEIVED = "received"
    ANSWERED = "answered"
    CLOSED = "closed"
    MERGED = "merged"


S = State
#: The ways of a case of scraping, and of a person's request.
WAY: Final = (S.SUSPECTED, S.CONFIRMED, S.CONTAINED, S.ASSESSED, S.NOTIFIED, S.CLOSED)
REQUEST_WAY: Final = (S.RECEIVED, S.ANSWERED, S.CLOSED)
OVER: Final = frozenset({S.CLOSED, S.MERGED})
#: States in which somebody confirmed that it happened.
SURE: Final = frozenset({S.CONFIRMED, S.CONTAINED, S.ASSESSED, S.NOTIFIED})
OPEN: Final = frozenset(State) - OVER

_HANDLERS = frozenset({"analyst", "legal", "dpo"})
_LEGAL = frozenset({"legal", "dpo"})
_ALL = frozenset({"owner", "analyst", "legal", "dpo"})


class Rule(msgspec.Struct, frozen=True):
    """What an act needs. `to`: the state it leads to, None: none. `machine`: a machine may do it, too.

    `reason`: it needs one. `dates`: it may be back-dated, with a reason.
    """

    roles: frozenset[str]
    states: frozenset[State] = OPEN
    to: State | None = None
    machine: bool = False
    reason: bool = False
    dates: bool = False


#: Every kind of act. The kinds are stored, so they are never reused.
ACTS: Final[dict[str, Rule]] = {
    # how a case begins and who looks after it
    "opened": Rule(_ALL, frozenset(), machine=True, dates=True),
    "joined": Rule(_ALL, machine=True, dates=True),
    "signal": Rule(_HANDLERS, machine=True, dates=True),
    "owner": Rule(_ALL),
    "acknowledged": Rule(_ALL),
    "escalated": Rule(_ALL, machine=True),
    "note": Rule(_ALL, frozenset(State), reason=True),
    "attached": Rule(_HANDLERS, machine=True),
    # what a person decides
    "clock": Rule(_LEGAL, reason=True, dates=True),
    "confirmed": Rule(_HANDLERS, frozenset({S.SUSPECTED}), S.CONFIRMED, reason=True, dates=True),
    "contained": Rule(_HANDLERS, frozenset({S.CONFIRMED}), S.CONTAINED, reason=True, dates=True),
    "assessment": Rule(_LEGAL, SURE, reason=True),
    "assessed": Rule(_LEGAL, frozenset({S.CONTAINED}), S.ASSESSED, reason=True),
    "notified": Rule(_LEGAL, frozenset({S.ASSESSED}), S.NOTIFIED, reason=True, dates=True),
    "closed": Rule(_HANDLERS, OPEN, S.CLOSED, reason=True),
    "reopened": Rule(_HANDLERS, frozenset({S.CLOSED}), S.CONFIRMED, reason=True),
    # what was closed before there was a register, by whom and why as it was noted then; nobody's to do now
    "closed_before": Rule(frozenset(), OPEN, S.CLOSED, reason=True, dates=True),
    # that of a group that is still suspected ends in the case that an analyst opens (`conditions`)
    "merged": Rule(_HANDLERS, OPEN, S.MERGED, reason=True),
    "took": Rule(_LEGAL),
    "split": Rule(_LEGAL, reason=True),
    # requests of persons
    "answered": Rule(
        frozenset({"dpo"}), frozenset({S.RECEIVED}), S.ANSWERED, reason=True, dates=True
    ),
    # a person who deleted something was told whether a confirmed collector has it
    "told": Rule(_LEGAL, frozenset(State), machine=True),
    # whom it concerns, and what would have stopped it
    "counted": Rule(_HANDLERS, machine=True),
    "compared": Rule(_HANDLERS, machine=True),
    # containment
    "blocked": Rule(_HANDLERS, SURE, reason=True),
    "unblocked": Rule(_HANDLERS, frozenset(State), reason=True),
    "uncontained": Rule(_HANDLERS, frozenset({S.CONTAINED}), S.CONFIRMED, reason=True),
    "revoked": Rule(_HANDLERS, SURE, reason=True),
    "delivered": Rule(_HANDLERS, frozenset(State), machine=True),
    # notices and letters: two persons
    "drafted": Rule(_HANDLERS, SURE),
    "released": Rule(_LEGAL, SURE, reason=True),
    "withdrawn": Rule(_LEGAL, SURE, reason=True),
    "sent": Rule(_LEGAL, frozenset(State), machine=True, dates=True),
    "wave": Rule(_LEGAL, frozenset(State), machine=True),
    "bounced": Rule(_LEGAL, frozenset(State), machine=True),
    "receipt": Rule(_LEGAL, frozenset(State), dates=True),
    "reply": Rule(_LEGAL, frozenset(State), reason=True, dates=True),
    "reminded": Rule(_LEGAL, frozenset(State), machine=True),
    "silent": Rule(_LEGAL, frozenset(State), machine=True),
    "reappeared": Rule(_HANDLERS, frozenset(State), machine=True),
    "researcher": Rule(_LEGAL, reason=True),
    # the register itself
    "expired": Rule(frozenset({"owner", "dpo"}), OVER, machine=True),
}

#: Moments that start clocks; each is set once, by a person. The first three start none and are kept beside them.
CLOCKS: Final[dict[str, str]] = {
    "first_signal": "something was seen for the first time",
    "triage_opened": "somebody began to look",
    "threshold_decided": "the harm threshold was decided on",
    "reasonable_grounds_to_suspect": "there were grounds to suspect a breach",
    "aware_or_suspected": "discovery, or reasonable suspicion",
    "discovery_or_notified": "discovery, or being told by another",
    "detected_and_assigned": "it was brought to the person in charge",
    "aware": "a reasonable degree of certainty that personal data were compromised",
    "reasonable_grounds_to_believe": "there were reasonable grounds to believe it",
    "reason_to_believe": "there was cause to believe that it occurred",
    "determined": "the organisation determined that it occurred",
    "aware_notifiable": "aware that it is over the harm threshold",
    "statement_prepared": "the statement to the authority was ready",
    "individuals_notified": "people were told",
    "authority_told": "an authority was told",
}


def check_act(kind: str, *, by: str, role: str, machine: bool, why: str) -> Rule:
    """Return the rule of an act after the checks that need no case. Raises InputError."""
    rule = ACTS.get(kind)
    if rule is None:
        raise InputError(f"there is no act {kind!r} in a case; there are: {', '.join(ACTS)}")
    if machine and not rule.machine:
        raise InputError(
            f"{kind!r} is decided by a person; {by!r} without a role is the program itself."
            " Act under a login of your own, or enrol operators"
        )
    if not machine and not by.strip():
        raise InputError(f"{kind!r} needs the name of whoever does it")
    if role and role not in rule.roles:
        who = " or ".join(sorted(rule.roles)) or "nobody"
        raise InputError(f"{by} has the role {role}; {kind!r} is for {who}")
    if rule.reason and not why.strip():
        raise InputError(f"{kind!r} needs a reason; say it with --why")
    return rule
