"""Which role may run which command: the table, and nothing else.

A key is the name under which a command asks (`ledger_options.allow`, `record_use`), with `:COLUMN` where it matters
about whom is asked. A command that is not here is refused where operators are enrolled. `WITHOUT_PASS` names every
other command of `himaya`, and why it asks for no pass.
"""

from __future__ import annotations

from typing import Final

#: owner: operators, configuration, keys, backup. analyst: findings, cases, what an actor took. legal: cases, holds,
#: letters. dpo: people's own requests, erasure, exports. auditor: whether it is all true, without names.
ROLES: Final = ("owner", "analyst", "legal", "dpo", "auditor")

#: The roles that hold halves of sealed periods; two different ones of them open a period.
OPENERS: Final = ("owner", "legal", "dpo")

#: The roles that are shown names in the log of the chain.
NAMED_IN_LOG: Final = frozenset({"legal", "dpo"})

#: The roles that are shown names of actors in answers that others read without them (audit, forecast).
NAMED_IN_FIGURES: Final = frozenset({"analyst", "legal", "dpo"})

#: Whoever may not ask who saw a person compares files of at least so many people, and is named who saw as many.
LEAST_COMPARED: Final = 20

_OWNER = frozenset({"owner"})
_DPO = frozenset({"dpo"})
_CASES = frozenset({"analyst", "legal"})
_READ_CASES = _CASES | _DPO
_LAW = frozenset({"legal", "dpo"})
_TUNING = frozenset({"owner", "analyst"})
_ALL = frozenset(ROLES)

MAY: Final[dict[str, frozenset[str]]] = {
    "who": frozenset({"analyst", "legal", "dpo"}),
    "who:subject": _LAW,
    "access": _DPO,
    "actor-request": _DPO,
    "statement": _DPO,
    "export": _DPO,
    "report dpia": frozenset({"owner", "dpo"}),
    "report surfaces": _TUNING | _DPO,
    "attribute": _CASES,
    "attribute:subject": frozenset({"legal"}),
    "forget": _DPO,
    "hold": _LAW,
    "case find": _CASES,
    "case list": _READ_CASES,
    "case show": _READ_CASES,
    "deadlines": _READ_CASES,
    "case people": _READ_CASES,
    "case compare": _READ_CASES,
    "case request": _LAW,
    "case answer": _DPO,
    "case deleted": _DPO,
    "case notify draft": _READ_CASES,
    "case notify show": _READ_CASES,
    "case notify release": _LAW,
    "case notify withdraw": _LAW,
    "case notify send": _LAW,
    "case notify receipt": _LAW,
    "case notify bounced": _LAW,
    "case verify": _ALL,
    "case open": _READ_CASES,
    "case ack": _TUNING | _READ_CASES,
    "case owner": _TUNING | _READ_CASES,
    "case note": _TUNING | _READ_CASES,
    "case attach": _READ_CASES,
    "case confirm": _READ_CASES,
    "case reopen": _READ_CASES,
    "case clock": _LAW,
    "case assess": _LAW,
    "case notified": _LAW,
    "case close": _READ_CASES,
    "case merge": _LAW,
    "case split": _LAW,
    "case expire": frozenset({"owner", "dpo"}),
    "case contain": _CASES,
    "case uncontain": _CASES,
    "case leak": _CASES,
    "case import": _CASES,
    "case claim": _READ_CASES,
    "case indicators": _READ_CASES,
    "case letter draft": _READ_CASES,
    "case letter show": _READ_CASES,
    "case letter check": _READ_CASES | {"auditor"},
    "case letter researcher": _LAW,
    "case letter release": _LAW,
    "case letter withdraw": _LAW,
    "case letter sent": _LAW,
    "case letter delivered": _READ_CASES,
    "case letter reply": _LAW,
    "case letter confirm": _LAW,
    "case letter remind": _LAW,
    "alert list": _TUNING | _CASES,
    "alert show": _CASES,
    "alert ack": _TUNING | _CASES,
    "block": _TUNING | _CASES,
    "canary make": _OWNER,
    "canary check": _TUNING,
    "forecast": _TUNING,
    "calibrate": _TUNING,
    "model": _TUNING,
    "scan": _TUNING,
    "reconcile": _TUNING | {"auditor"},
    "reconcile --names": frozenset({"analyst"}),
    "audit bound": _ALL,
    "report weekly": _ALL,
    "report classes": _ALL,
    "config history": _TUNING | {"auditor"},
    "config reload": _OWNER,
    "config rollback": _OWNER,
    "ledger verify": _ALL,
    "ledger status": _ALL,
    "ledger log": _ALL - {"analyst"},
    "ledger seal": _OWNER,
    "ledger expire": frozenset({"owner", "dpo"}),
    "ledger sealing-key": _OWNER,
    "ledger people": _ALL,
    "ledger compact": _DPO,
    "ledger erasures": _DPO | {"auditor"},
    "ledger exports": _DPO | {"auditor"},
    "ledger publish": _OWNER,
    "ledger request": _LAW,
    "ledger backup": _OWNER,
    "ledger restore": _OWNER,
    "ledger rotate-key": _OWNER,
    "anchor": frozenset({"owner", "auditor"}),
}

_SERVICE = "the service itself"
_ELSEWHERE = "opens no ledger"
_SIGNED = "what it takes in is signed by an owner"
_OWN = "runs on the operator's own machine"

WITHOUT_PASS: Final[dict[str, str]] = {
    "gate": _SERVICE,
    "follow": _SERVICE,
    "status": "asks the running gate, which shows no name",
    "off": "must work in an emergency; the gate records it",
    "on": "must work in an emergency; the gate records it",
    "doctor": "shows no name, and changes nothing",
    "demo": "makes a ledger of its own",
    "case drill": "makes a ledger of its own, of people who do not exist",
    "bench": "makes ledgers of its own, of people who do not exist",
    "replay": _ELSEWHERE,
    "model card": _ELSEWHERE,
    "facts import": "writes facts, reads no ledger",
    "audit ids": _ELSEWHERE,
    "feed key add": _ELSEWHERE,
    "feed key list": _ELSEWHERE,
    "feed key remove": _ELSEWHERE,
    "feed status": "asks the running gate, which shows no name",
    "feed write": _SERVICE,
    "alert test": _ELSEWHERE,
    "discover": _ELSEWHERE,
    "regimes list": _ELSEWHERE,
    "regimes show": _ELSEWHERE,
    "regimes check": _ELSEWHERE,
    "init caddy": _ELSEWHERE,
    "init django": _ELSEWHERE,
    "init envoy": _ELSEWHERE,
    "init haproxy": _ELSEWHERE,
    "init nginx": _ELSEWHERE,
    "init traefik": _ELSEWHERE,
    "config check": _ELSEWHERE,
    "config show": _ELSEWHERE,
    "operator add": _OWN,
    "operator sign": _OWN,
    "operator pass": _OWN,
    "operator retire": _OWN,
    "operator approve": _OWN,
    "operator enrol": _SIGNED,
    "statement check": "reads a signed file, and no ledger",
    "operator list": "shows the operators' names alone",
}


def needed(command: str, column: str = "") -> frozenset[str]:
    """Return the roles that may run a command about a column; none for a command that is not in the table.

    A variant such as `who --beside` is as its command is where it has no line of its own.
    """
    for name in (command, command.partition(" --")[0]):
        for key in (f"{name}:{column}", name):
            if key in MAY:
                return MAY[key]
    return frozenset()
