"""May a policy be enforced? What the chain says: it was forecast, was in force before, or somebody answers for it."""

from __future__ import annotations

from typing import Literal

import msgspec

from himaya.ledger import entries as e
from himaya.ledger.chain import Chain
from himaya.ledger.keys import Keys
from himaya.ledger.schema import iso, micros
from himaya.ledger.state import State

#: Why a policy may be enforced; "" when nothing on record says that it may.
Basis = Literal["forecast", "before", "waived", ""]

#: Under which rule a policy is enforced without a forecast.
How = Literal["waived", "warned", "first"]

ENFORCE = "enforce"


def basis(state: State, policy: str) -> Basis:
    """Return why a policy, named by its hash, may be enforced.

    A policy that was enforced before in this ledger may be again: what it does is on record, and a
    rollback must not wait.
    """
    if policy in state.forecasts:
        return "forecast"
    if any(entry.mode == ENFORCE and entry.policy == policy for entry in state.configs):
        return "before"
    waiver = state.unforecast.get(policy)
    return "waived" if waiver is not None and waiver.how == "waived" else ""


def record(chain: Chain, forecast: e.Forecast, keys: Keys) -> None:
    """Append a forecast, whose `by` is not sealed yet. Raises LedgerError."""
    chain.append(msgspec.structs.replace(forecast, by=keys.seal_text(forecast.by)))


def record_without(
    chain: Chain, keys: Keys, policy: str, how: How, now: float, *, why: str = "", by: str = ""
) -> None:
    """Append that a policy is enforced without a forecast. Raises LedgerError."""
    seal = keys.seal_text
    chain.append(
        e.Unforecast(
            at=iso(micros(now)),
            policy=policy,
            how=how,
            why=seal(why) if why else "",
            by=seal(by) if by else "",
        )
    )
