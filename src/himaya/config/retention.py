"""What must hold of `[retention]` beyond types and ranges."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from himaya.config.config import Config
from himaya.config.decode import Problem


def retention_problems(config: Config, raw: dict[str, Any]) -> Iterator[Problem]:
    """Yield what contradicts itself in how long each class of actor is kept.

    Where `confirmed_days` is not written, members of confirmed cases are kept at least as long as others.
    """
    kept, written = config.retention, raw.get("retention", {})
    if "confirmed_days" in written and kept.confirmed_days < kept.identified_days:
        yield Problem(
            ("retention", "confirmed_days"),
            f"expected at least identified_days ({kept.identified_days}), got {kept.confirmed_days}.",
            "Rows of members of confirmed cases are kept no shorter than those of others.",
        )
    if kept.ordinary == "compact":
        yield from _compact(config)


def _compact(config: Config) -> Iterator[Problem]:
    kept = config.retention
    if kept.then == "seal":
        yield Problem(
            ("retention", "ordinary"),
            'ordinary = "compact" goes with then = "delete" only.',
            "Sealed rows hold everything that a compact form would.",
        )
    if kept.compact_days <= kept.identified_days:
        yield Problem(
            ("retention", "compact_days"),
            f"expected more than identified_days ({kept.identified_days}), got {kept.compact_days}.",
            "A compact form begins where the rows end.",
        )
