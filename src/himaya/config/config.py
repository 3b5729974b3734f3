"""One loaded configuration: the tables of the file, the policy they make, and their hash."""

from __future__ import annotations

import hashlib
from typing import Literal

import msgspec

from himaya.config.anchor import AnchorConfig
from himaya.config.edge import EdgeConfig
from himaya.config.feed import FeedConfig
from himaya.config.response import Response
from himaya.config.types import (
    ActorConfig,
    Alerts,
    Canaries,
    GateConfig,
    GroupsConfig,
    LedgerConfig,
    LogConfig,
    MetricsConfig,
    OperationsConfig,
    Owner,
    Retention,
    Site,
    SiteBudgets,
)
from himaya.core.policy import (
    AssetPolicy,
    Bounds,
    Budgets,
    ChallengePolicy,
    Detectors,
    Distance,
    Ladder,
    Policy,
    Reserve,
)
from himaya.core.surface import Surface

#: Encoded names of fields that loading sets; they are no keys of the file. No bare key of TOML has a bracket in it.
NOT_KEYS = frozenset({"<file>", "<activated>", "learned", "canary_places"})


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything `himaya.toml` says, with defaults filled in.

    Paths are absolute once loaded: a relative one stands against the directory of the file.
    `file`, `activated` and `canary_places` (canaries and the place of each) are set by loading and are no keys of
    the file.
    """

    mode: Literal["shadow", "enforce"] = "shadow"
    site: Site = Site()
    owner: Owner = Owner()
    actor: ActorConfig = ActorConfig()
    surfaces: tuple[Surface, ...] = msgspec.field(default=(), name="surface")
    fields: dict[str, float] = {}
    protected: dict[str, float] = msgspec.field(default_factory=lambda: Policy().protected)
    budgets: SiteBudgets = SiteBudgets()
    distance: Distance = Distance()
    reserve: Reserve = Reserve()
    assets: AssetPolicy = AssetPolicy()
    ladder: Ladder = Ladder()
    challenge: ChallengePolicy = ChallengePolicy()
    detectors: Detectors = Detectors()
    bounds: Bounds = Bounds()
    retention: Retention = Retention()
    alerts: Alerts = Alerts()
    anchor: AnchorConfig = AnchorConfig()
    response: Response = Response()
    groups: GroupsConfig = GroupsConfig()
    gate: GateConfig = GateConfig()
    feed: FeedConfig = FeedConfig()
    operations: OperationsConfig = OperationsConfig()
    metrics: MetricsConfig = MetricsConfig()
    edge: EdgeConfig = EdgeConfig()
    ledger: LedgerConfig = LedgerConfig()
    log: LogConfig = LogConfig()
    canaries: Canaries = Canaries()
    file: str = msgspec.field(default="", name="<file>")
    activated: str = msgspec.field(default="", name="<activated>")
    canary_places: dict[str, str] = {}

    @property
    def tiers(self) -> dict[str, Budgets]:
        """Return the budgets of each named tier."""
        return self.budgets.tier

    @property
    def canonical(self) -> str:
        """Return the activated text: every key in a fixed order, defaults written out, no comments.

        It is itself a valid `himaya.toml` with the same policy, and what the ledger keeps.
        """
        from himaya.config.canonical import render  # noqa: PLC0415  (render knows Config)

        return self.activated or render(self)

    @property
    def hash(self) -> str:
        """Return the first 16 hex digits of the SHA-256 of the canonical text."""
        return hashlib.sha256(self.canonical.encode()).hexdigest()[:16]

    @property
    def open_days(self) -> int:
        """Return how many days rows stay readable here where operators are enrolled, before they are sealed."""
        return self.retention.open_days or _longest_days(self.budgets)

    @property
    def short_memory(self) -> str:
        """Return why a restart of the gate gives budgets back, "" where rows stay readable for the longest window."""
        longest = _longest_days(self.budgets)
        for key in ("identified_days", "open_days"):
            days = getattr(self.retention, key)
            if 0 < days < longest:
                return (
                    f"retention.{key} = {days} is shorter than the longest window of the budgets ({longest} days):"
                    " a gate that starts again counts nobody who was shown before"
                )
        return ""

    @property
    def appeal(self) -> str:
        """Return where a refused person can write to; "" when nobody is named."""
        return self.gate.appeal or self.owner.contact

    def policy(self) -> Policy:
        """Return what the engine decides by."""
        return Policy(
            mode=self.mode,
            surfaces=self.surfaces,
            sensitivity=self.fields,
            protected=self.protected,
            budgets=_plain(self.budgets),
            tiers=self.tiers,
            surface_budgets=self.budgets.surface,
            distance=self.distance,
            reserve=self.reserve,
            assets=self.assets,
            new_account_s=self.actor.new_account_s,
            ladder=self.ladder,
            challenge=self.challenge,
            detectors=self.detectors,
            bounds=self.bounds,
            canaries=self.canaries.sha256,
        )

    def unseen_surfaces(self, *, sees_body: bool = True) -> tuple[str, ...]:
        """Return the ids of surfaces whose people cannot be seen, in the order of the file.

        They are left out by name of every exact or bounded claim. `sees_body` is False for doors that
        see no response (nginx `auth_request`, logs): JSON and links do not help there.
        """
        return tuple(s.id for s in self.surfaces if not sees_people(s, sees_body=sees_body))


def _longest_days(budgets: SiteBudgets) -> int:
    """Return the longest window that any budget has, in days, rounded up; a month is 30 (`core.window`)."""
    kinds = (
        getattr(b, n) for b in (budgets, *budgets.tier.values()) for n in Budgets.__struct_fields__
    )
    every = [budget for budget in (*kinds, *budgets.surface.values()) if budget is not None]
    return 30 if any(budget.month is not None for budget in every) else 1


def _plain(budgets: SiteBudgets) -> Budgets:
    return Budgets(**{name: getattr(budgets, name) for name in Budgets.__struct_fields__})


def sees_people(surface: Surface, *, sees_body: bool = True) -> bool:
    """Tell whether the people of a surface can be named at all.

    The path may name the one person of a profile, a picture or a look-up; the people of a
    listing stand in the response only.
    """
    sources = set(surface.people)
    if {"header", "app", "query"} & sources or (sees_body and {"json", "links"} & sources):
        return True
    return surface.kind != "listing" and "{subject}" in surface.route
