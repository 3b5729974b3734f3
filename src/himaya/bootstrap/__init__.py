"""The composition root: the only place that picks implementations.

`parts` makes a ledger, an engine and a runner from a configuration, for whoever owns them; `gate` puts the
gate together.
"""

from __future__ import annotations

from himaya.bootstrap.parts import (
    class_salt,
    keep_house,
    make_alarm,
    make_anchoring,
    make_engine,
    make_runner,
    note_config,
    open_ledger,
    rebuild,
    search_settings,
    upkeep,
)

__all__ = [
    "class_salt",
    "keep_house",
    "make_alarm",
    "make_anchoring",
    "make_engine",
    "make_runner",
    "note_config",
    "open_ledger",
    "rebuild",
    "search_settings",
    "upkeep",
]
