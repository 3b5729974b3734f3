"""Report data for tests: small, complete, and one full of hostile names."""

from __future__ import annotations

import msgspec

from himaya.core.policy import Budgets
from himaya.evidence.data import (
    ActorRow,
    CrawlerRow,
    DayCounts,
    FindingRow,
    GroupRow,
    MalformedRow,
    NoticeRow,
    Period,
    ReportData,
    Series,
    SurfaceRow,
    Table,
)
from himaya.evidence.scan import budget_rows

DAY = 86400.0
START = 1_747_440_000.0  # 17 May 2025, 00:00 UTC


def actor(name: str = "address:203.0.113.9", people: int = 4812, **more: object) -> ActorRow:
    finding = FindingRow("breadth", 812.0, 100.0, "812 people within one hour", START + 3600)
    row = ActorRow(name, people, people + 300, START, START + DAY, 812, people, (finding,))
    return msgspec.structs.replace(row, **more)


def series(name: str = "address:203.0.113.9", people: int = 4812) -> Series:
    return Series(name, tuple((START + i * 3600, people * (i + 1) // 24) for i in range(24)))


def data(**more: object) -> ReportData:
    full = ReportData(
        title="Who collected people from access.log",
        sources=("access.log",),
        made_at=START + 2 * DAY,
        start=START,
        end=START + 2 * DAY,
        notices=(NoticeRow("No account is logged.", "log_format ..."),),
        lines=1000,
        parsed=998,
        malformed=2,
        malformed_rows=(MalformedRow("access.log", 7, "garbage", "no request"),),
        people=5000,
        disclosures=9000,
        unattributed=12,
        surfaces=(SurfaceRow("profile", "/u/{subject}", "profile", True, 9000, 5000, 0.9),),
        actors=(actor(), actor("account:u777", 640)),
        groups=(
            GroupRow(("account:u777", "address:198.51.100.4"), 640, "one account, 40 networks"),
        ),
        crawlers=(CrawlerRow("Googlebot", "search engine", 3, 120, 64),),
        series=(series(), series("account:u777", 640)),
        actor_days=(
            DayCounts("account", ((1, 900), (20, 40), (640, 1))),
            DayCounts("address", ((2, 300), (4812, 1))),
        ),
        budgets=budget_rows(Budgets()),
        budgets_from="himaya's default budgets",
        unobserved=(Period(START, START + 60, "the gate was off"),),
        retention="A scan keeps nothing.",
        tables=(
            Table("Without and with", "People taken.", ("Scraper", "Without"), (("fast", "9"),)),
        ),
    )
    return msgspec.structs.replace(full, **more)


def hostile(text: str) -> ReportData:
    """Return data in which every foreign string is `text`."""
    return data(
        title=text,
        site=text,
        sources=(text,),
        opening=(text,),
        limits=(text,),
        retention=text,
        notices=(NoticeRow(text, text),),
        malformed_rows=(MalformedRow(text, 7, text, text),),
        surfaces=(SurfaceRow(text, text, text, True, 1, 1, 0.5, text),),
        actors=(
            actor(text, findings=(FindingRow(text, 1, 1, text, START),), claimed=text, networks=2),
        ),
        groups=(GroupRow((text, text), 1, text),),
        crawlers=(CrawlerRow(text, text, 1, 1, 1),),
        series=(series(text),),
        unobserved=(Period(START, START + 1, text, text),),
        tables=(Table(text, text, (text,), ((text,),)),),
        budgets_from=text,
        mode=text,
        policy=text,
    )
