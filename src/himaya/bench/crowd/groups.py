"""The groups of the honest crowd, in their order; `docs/bench_crowd.md` is their table."""

from __future__ import annotations

from himaya.bench.crowd.group import Group
from himaya.bench.crowd.machines import Researcher, SearchEngine
from himaya.bench.crowd.members import NoScript, Power, Regular, ScreenReader
from himaya.bench.crowd.newcomers import Newcomer
from himaya.bench.crowd.shared import Campus, CarrierNat, Mobile, Office
from himaya.bench.crowd.strangers import Tor, Viral, Visitor
from himaya.bench.crowd.workers import Recruiter, Support

GROUPS: tuple[Group, ...] = (
    Regular(),
    Power(),
    Recruiter(),
    Newcomer(),
    Visitor(),
    Office(),
    Campus(),
    Mobile(),
    CarrierNat(),
    NoScript(),
    ScreenReader(),
    Tor(),
    Support(),
    Viral(),
    SearchEngine(),
    Researcher(),
)
