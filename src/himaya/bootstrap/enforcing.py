"""No limit goes live without a forecast: what is asked of a configuration before a gate enforces it."""

from __future__ import annotations

import logging

import msgspec

from himaya.config import Config
from himaya.core.errors import ConfigError
from himaya.ledger import Ledger
from himaya.ledger import forecasts as f
from himaya.ledger.state import State, read_state

log = logging.getLogger(__name__)


class Waiver(msgspec.Struct, frozen=True):
    """Somebody takes it upon them to enforce a policy without a forecast."""

    why: str
    by: str


def allow_enforcing(
    ledger: Ledger, config: Config, now: float, waiver: Waiver | None = None
) -> None:
    """Let a configuration be enforced when a forecast of its policy is on record.

    Without one it is recorded how it came to be enforced: the first configuration of a ledger, a waiver, or
    `gate.forecast = "warn"`. Raises ConfigError for "required", LedgerError when the chain cannot be read or written.
    """
    if config.mode != f.ENFORCE:
        return
    policy, state = config.policy().hash(), read_state(ledger.chain)
    if f.basis(state, policy):
        return
    how = _how(state, config, waiver)
    if how is None:
        raise ConfigError(
            f"no forecast of policy {policy} is on record, and this configuration requires one.",
            file=config.file,
            key="gate.forecast",
            hint=_hint(config),
        )
    why, by = (waiver.why, waiver.by) if waiver is not None else ("", "")
    f.record_without(ledger.chain, ledger.keys, policy, how, now, why=why, by=by)
    log.warning("policy %s is enforced without a forecast (%s); recorded", policy, how)


def _how(state: State, config: Config, waiver: Waiver | None) -> f.How | None:
    if waiver is not None:
        return "waived"
    if not state.configs:
        return "first"
    return "warned" if config.gate.forecast == "warn" else None


def _hint(config: Config) -> str:
    record = f"himaya forecast --config {config.file} --record --ledger {config.ledger.directory}"
    return f'Make one: {record} LOG...; or say why not: --without-forecast "REASON".'


def standing(ledger: Ledger, config: Config) -> str:
    """Return in words what is on record about enforcing a configuration, "" when nothing is enforced.

    Raises LedgerError.
    """
    if config.mode != f.ENFORCE:
        return ""
    state, policy = read_state(ledger.chain), config.policy().hash()
    forecast, without = state.forecasts.get(policy), state.unforecast.get(policy)
    if forecast is not None:
        return f"on record, of {forecast.at}: {forecast.summary}"
    return f"none: enforced without ({without.how})" if without is not None else "none on record"
