"""Everybody who collects people, in the order of the matrix."""

from __future__ import annotations

from himaya.bench.attackers.attacker import Attacker
from himaya.bench.attackers.catalogue import (
    Enumeration,
    Farm,
    FastWalk,
    FiftyAccounts,
    Insider,
    LowAndSlow,
    MobileInterface,
    Residential,
    SearchHarvest,
    StealthBrowsers,
)
from himaya.bench.attackers.incidents import INCIDENTS
from himaya.bench.attackers.special import LocalSybils, Saboteur

CATALOGUE: tuple[Attacker, ...] = (
    FastWalk(),
    FiftyAccounts(),
    Residential(),
    LowAndSlow(),
    Enumeration(),
    SearchHarvest(),
    StealthBrowsers(),
    MobileInterface(),
    Farm(),
    Insider(),
    Saboteur(),
    LocalSybils(),
)
EVERYBODY: tuple[Attacker, ...] = (*CATALOGUE, *INCIDENTS)
INCIDENT_IDS = frozenset(each.id for each in INCIDENTS)
#: The joint run: all of the catalogue at once.
ALL = "all"
VARIANTS = ("plain", "informed", "unlinked")
