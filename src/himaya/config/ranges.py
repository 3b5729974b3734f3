"""The range of every number in the file: what is below or above it cannot be meant."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fnmatch import fnmatch
from typing import Any

import msgspec

from himaya.config.config import NOT_KEYS, Config
from himaya.config.decode import Problem
from himaya.config.locate import Path

_MOST = 10**12

#: Pattern of the key (list numbers left out), least, most. The first match counts.
RANGES: tuple[tuple[str, float, float], ...] = (
    ("site.population", 0, 10**11),
    ("surface.max_people", 1, 100_000),
    ("fields.*", 0.01, 10_000),
    ("protected.*", 0.01, 10_000),
    ("actor.jwt_leeway_s", 0, 3600),
    ("actor.fingerprint_days", 1, 366),
    ("actor.new_account_s", 0, 3660 * 86400),
    ("budgets.*", 0, 10**9),
    ("ladder.throttle_at", 0, 1),
    ("ladder.throttle_s", 0, 60),
    ("ladder.challenges_before_block", 1, 1_000_000),
    ("challenge.people", 1, 100_000),
    ("challenge.valid_s", 1, 30 * 86400),
    ("challenge.cost", 1, 100_000_000),
    ("challenge.wait_s", 0, 3600),
    ("challenge.*", 0, _MOST),
    ("detectors.misses.rate", 0.01, 0.95),
    ("detectors.misses.*odds", 10, 10**12),
    ("detectors.provenance.share", 0, 1),
    ("detectors.evidence.slots", 1024, 1 << 28),
    ("detectors.regularity.bits", 0.1, 5),
    ("detectors.canary.window_s", 60, 30 * 86400),
    ("detectors.surge.hours", 48, 52 * 168),
    ("detectors.surge.weeks", 1, 52),
    ("detectors.surge.z", 1, 1000),
    ("detectors.surge.price", 1, 100),
    ("detectors.*", 1, 10**9),
    ("assets.after", 1, 1_000_000),
    ("assets.days", 1, 366),
    ("assets.share", 0, 1),
    ("bounds.settle_s", 1, 300),
    ("bounds.*", 1, 10**9),
    ("retention.open_days", 0, 36_600),
    ("retention.*", 1, 36_600),
    ("alerts.timeout_s", 1, 3600),
    ("response.wave", 1, 10_000_000),
    ("response.smtp_port", 1, 65535),
    ("alerts.queue", 1, 100_000),
    ("alerts.smtp_port", 1, 65535),
    ("alerts.silence_s", 0, 30 * 86400),
    ("alerts.again_s", 1, 30 * 86400),
    ("alerts.escalate_s", 0, 30 * 86400),
    ("alerts.key_days", 0, 36_600),
    ("alerts.keep", 10, 1_000_000),
    ("anchor.every_hours", 1, 24 * 31),
    ("anchor.timeout_s", 1, 600),
    ("anchor.places.retain_days", 0, 36_600),
    ("response.residence_s", 1, 3600),
    ("response.answer_days", 1, 366),
    ("canaries.most", 1, 1_000_000),
    ("groups.every_s", 0, 86400),
    ("groups.alpha", 1e-12, 0.05),
    ("groups.members", 2, 1000),
    ("feed.for_s", 1, 366 * 86400),
    ("feed.shared_accounts", 1, 1_000_000),
    ("feed.shared_days", 1, 366),
    ("feed.most", 1, 100_000),
    ("feed.bouncers", 1, 10_000),
    ("feed.max_connections", 1, 10_000),
    ("response.open_most", 1, 10_000),
    ("response.escalate_s", 0, 30 * 86400),
    ("response.register_days", 0, 36_600),
    ("edge.pass_s", 1, 60),
    ("edge.per_minute", 1, 6000),
    ("edge.burst", 0, 10_000),
    ("edge.passes", 1, 100_000),
    ("gate.buffer_bytes", 1024, 1 << 30),
    ("gate.max_header_bytes", 1024, 1 << 24),
    ("gate.max_connections*", 1, 1_000_000),
    ("gate.lease_people", 0, 1000),
    ("gate.lease_s", 0.1, 10),
    ("gate.lease_weight", 0.01, 10_000),
    ("gate.lease_settle_s", 0.01, 10),
    ("gate.lease_backlog_bytes", 1024, 1 << 30),
    ("gate.*_s", 0.1, 86400),
    ("operations.max_bytes", 1024, 1 << 24),
    ("operations.max_operations", 1, 1000),
    ("operations.max_depth", 2, 50),
    ("operations.max_tokens", 10, 100_000),
    ("operations.documents", 1, 1_000_000),
    ("response.soon_hours", 1, 24 * 366),
    ("*", 0, _MOST),
)


def out_of_range(config: Config) -> Iterator[Problem]:
    """Yield a problem for every number that is not finite or out of its range."""
    for path, value in _numbers(config, ()):
        least, most = range_of(path)
        if not math.isfinite(value) or not least <= value <= most:
            want = f"at least {least:g}" if value < least else f"at most {most:g}"
            want = want if math.isfinite(value) else "a finite number"
            yield Problem(path, f"expected {want}, got {value!r}.")


def range_of(path: Path) -> tuple[float, float]:
    """Return least and most for the number at a key path."""
    key = ".".join(part for part in path if isinstance(part, str))
    return next((low, high) for pattern, low, high in RANGES if fnmatch(key, pattern))


def _numbers(value: Any, path: Path) -> Iterator[tuple[Path, float]]:  # noqa: ANN401  (any part of a configuration)
    if isinstance(value, msgspec.Struct):
        for info in msgspec.structs.fields(type(value)):
            if info.encode_name not in NOT_KEYS:
                yield from _numbers(getattr(value, info.name), (*path, info.encode_name))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _numbers(item, (*path, key))
    elif isinstance(value, tuple):
        for at, item in enumerate(value):
            yield from _numbers(item, (*path, at))
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield path, value
