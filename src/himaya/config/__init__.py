"""The site's configuration: `load` reads `himaya.toml` into a `Config`, or says what is wrong where."""

from __future__ import annotations

from himaya.config.anchor import AnchorConfig, AnchorPlace
from himaya.config.config import Config, sees_people
from himaya.config.edge import EdgeConfig
from himaya.config.feed import FeedConfig
from himaya.config.loading import examine, load, loads, read
from himaya.config.model_file import read_model
from himaya.config.types import (
    ActorConfig,
    Alerts,
    Canaries,
    GateConfig,
    GroupsConfig,
    LedgerConfig,
    LogConfig,
    OperationsConfig,
    Owner,
    Retention,
    Site,
    SiteBudgets,
)
from himaya.config.warnings import unmatched, warnings

__all__ = [
    "ActorConfig",
    "Alerts",
    "AnchorConfig",
    "AnchorPlace",
    "Canaries",
    "Config",
    "EdgeConfig",
    "FeedConfig",
    "GateConfig",
    "GroupsConfig",
    "LedgerConfig",
    "LogConfig",
    "OperationsConfig",
    "Owner",
    "Retention",
    "Site",
    "SiteBudgets",
    "examine",
    "load",
    "loads",
    "read",
    "read_model",
    "sees_people",
    "unmatched",
    "warnings",
]
