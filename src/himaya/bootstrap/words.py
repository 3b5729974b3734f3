"""What a running gate says of its parts in words."""

from __future__ import annotations

import logging

from himaya.config import Config
from himaya.core.detectors.model import ModelDetector
from himaya.core.policy import Model

log = logging.getLogger(__name__)

#: Keys of `[gate]`, and whole tables, that only a restart takes over.
_FIXED = ("listen", "upstream", "socket", "secret_file", "key_file", "log_format")
_FRONTS = ("front", "spoe_listen", "spoe_from")
_LIMITS = (
    "buffer_bytes",
    "max_header_bytes",
    "max_body_bytes",
    "max_connections",
    "max_connections_per_client",
    "connect_timeout_s",
    "read_timeout_s",
    "idle_timeout_s",
)
_TABLES = ("ledger", "groups", "feed", "alerts", "anchor", "metrics")


def say_fixed(before: Config, after: Config) -> None:
    """Warn of what was changed in a configuration and is not taken over while the gate runs."""
    changed = [
        f"gate.{key}"
        for key in (*_FIXED, *_FRONTS, *_LIMITS)
        if getattr(before.gate, key) != getattr(after.gate, key)
    ]
    changed += [name for name in _TABLES if getattr(before, name) != getattr(after, name)]
    if changed:
        log.warning("changed, but only a restart takes it over: %s", ", ".join(changed))


def model_words(settings: Model, model: ModelDetector | None) -> str:
    """Return which learned model runs, what it leads to, and what it could not judge; "" without one."""
    learned = settings.learned
    if learned is None or model is None:
        return "off" if settings.file else ""
    return (
        f"{learned.digest[:8]} of {learned.made}, {settings.action} at most; since it was loaded {model.strangers}"
        f" exchanges of cohorts it does not judge, {model.broken} scores that were no number"
    )
