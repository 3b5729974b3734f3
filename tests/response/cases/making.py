"""Acts for tests of cases, in the order in which a case goes its way."""

from __future__ import annotations

from typing import Any

from himaya.response.cases import MACHINE, Act, Register, State
from himaya.response.cases.rules import WAY

AT = 1_760_000_000_000_000
MINUTE = 60_000_000


def act(kind: str, case: str = "c-1", **given: Any) -> Act:
    """Return an act of dana, with a reason, unless it says otherwise."""
    fields = {"at": AT, "by": "dana", "why": "a reason of some words", **given}
    return Act(case=case, kind=kind, **fields)


def opened(case: str = "c-1", **data: Any) -> Act:
    """Return that a case was opened by the machine."""
    return act("opened", case, by=MACHINE, data={"title": "a crew", **data})


def counted(case: str = "c-1", **countries: int) -> Act:
    """Return that the people of a case were counted."""
    return act("counted", case, by=MACHINE, data={"countries": countries})


def assessed(country: str, case: str = "c-1", outcome: str = "notify", **given: Any) -> Act:
    """Return what somebody of the role legal decided for a country."""
    data = {"country": country, "regime": "", "authority": outcome, "people": outcome}
    return act("assessment", case, **{"role": "legal", "data": data, **given})


def sent(country: str, party: str, case: str = "c-1") -> Act:
    """Return that something was sent."""
    data = {"id": f"n-{country}-{party}", "country": country, "party": party}
    return act("sent", case, by=MACHINE, data=data)


def way(case: str = "c-1") -> dict[State, list[Act]]:
    """Return the acts that bring a case with people in Spain and of unknown residence to each state."""
    told = [
        sent(country, party, case) for country in ("ES", "") for party in ("authority", "people")
    ]
    unknown = assessed("", case)
    return {
        State.SUSPECTED: [opened(case)],
        State.CONFIRMED: [act("confirmed", case)],
        State.CONTAINED: [act("contained", case)],
        State.ASSESSED: [
            counted(case, ES=12, **{"": 3}),
            assessed("ES", case),
            unknown,
            act("assessed", case),
        ],
        State.NOTIFIED: [*told, act("notified", case)],
        State.CLOSED: [
            act("compared", case, by=MACHINE),
            act("closed", case, data={"without_confirmation": "nobody is known"}),
        ],
    }


def bring(register: Register, state: State, case: str = "c-1") -> None:
    """Bring a new case to a state."""
    acts = way(case)
    if state in {State.RECEIVED, State.ANSWERED}:
        register.add(opened(case, kind="access"))
        if state is State.ANSWERED:
            register.add(act("answered", case, role="dpo"))
    elif state is State.MERGED:
        merged = act("merged", case, data={"into": "c-2"})
        register.add_all([opened("c-2"), *acts[State.SUSPECTED], merged])
    else:
        for step in WAY[: WAY.index(state) + 1]:
            register.add_all(acts[step])
