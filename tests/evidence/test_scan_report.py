"""The report of a scan."""

from __future__ import annotations

import msgspec
import pytest
from tests.evidence.samples import START, data

from himaya.core.policy import Budget, Budgets
from himaya.evidence.report import write_ledger_report, write_scan_report
from himaya.evidence.scan import scan_data
from himaya.watch.result import (
    ActorDays,
    ActorResult,
    CrawlerResult,
    FindingResult,
    GroupResult,
    MalformedSample,
    Notice,
    Point,
    ScanResult,
    SurfaceResult,
    UnobservedResult,
)


@pytest.fixture(name="result")
def _result() -> ScanResult:
    finding = FindingResult(
        detector="breadth", value=812, threshold=100, why="812 people within one hour", at=START
    )
    actor = ActorResult(
        actor="account:u777",
        people=812,
        disclosures=900,
        start=START,
        end=START + 3600,
        peak_hour=812,
        peak_day=812,
        findings=(finding,),
        networks=40,
        agents=3,
        series=(Point(START, 1), Point(START + 3600, 812)),
    )
    surface = SurfaceResult(
        id="profile",
        route="/u/{subject}",
        kind="profile",
        guessed=True,
        disclosures=900,
        people=812,
    )
    return ScanResult(
        title="Who collected people from access.log",
        inputs=("access.log",),
        lines=1000,
        parsed=999,
        malformed=1,
        start=START,
        end=START + 3600,
        people=812,
        disclosures=900,
        unattributed=3,
        surfaces=(surface,),
        actors=(actor,),
        groups=(
            GroupResult(members=("account:u777", "address:198.51.100.4"), people=812, why="x"),
        ),
        crawlers=(
            CrawlerResult(
                claimed="Googlebot", category="search", addresses=1, requests=2, people=1
            ),
        ),
        notices=(Notice(kind="guessed", text="Surfaces were guessed.", fix="himaya discover"),),
        malformed_samples=(MalformedSample(file="access.log", line=9, text="x", why="cut off"),),
        unobserved=(UnobservedResult(start=START, end=START + 60, why="silent"),),
        actor_days=(ActorDays(1, 5, "account"), ActorDays(812, 1, "account")),
        retention="A scan keeps nothing.",
    )


def test_everything_a_scan_found_is_on_the_page(result, tmp_path):
    """Surfaces, actors, groups, findings, crawlers, malformed lines, gaps and notices all appear."""
    write_scan_report(result, tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text()
    for text in (
        "/u/{subject}",
        "account:u777",
        "address:198.51.100.4",
        "812 people within one hour",
        "Seen from 40 networks with 3 agent strings.",
        "Googlebot",
        "cut off",
        "silent",
        "Surfaces were guessed.",
        "himaya discover",
        "A scan keeps nothing.",
        "999 of them",
    ):
        assert text in page, text


def test_without_configuration_the_default_budgets_are_drawn(result):
    """Without a configuration the drawn budgets are himaya's defaults, and the report says so."""
    report = scan_data(result, START)
    assert {(b.principal, b.window): b.people for b in report.budgets}["account", "day"] == 300
    assert "no configuration was given" in report.budgets_from
    assert report.mode == ""


def test_with_configuration_its_budgets_are_drawn(result):
    """With a configuration the drawn budgets are the site's own, and a missing one is not drawn."""
    own = Budgets(account=Budget(day=7), address=None, key=None, session=None, prefix=None)
    report = scan_data(
        msgspec.structs.replace(result, budgets=own, policy="abc", mode="enforce"), START
    )
    assert [(b.principal, b.window, b.people) for b in report.budgets] == [("account", "day", 7)]
    assert report.mode == "enforce"


def test_a_ledger_report_gets_its_time(tmp_path):
    """A report made from a ledger's answers is stamped with the time it was made."""
    write_ledger_report(data(made_at=None, lines=None), tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text()
    assert "Made by himaya" in page
    assert "Malformed lines" not in page
