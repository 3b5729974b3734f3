"""`himaya report classes`: the limit of every way in, its dates, and every gap."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from himaya import cli
from himaya.analysis.classes import Classes, Span, classes
from himaya.analysis.classes.limits import limits_of
from himaya.config import Config, loads
from himaya.ledger import Ledger
from himaya.ledger.reader import Reader

NOON = 1_772_452_800.0
HEAD = """
mode = "{mode}"
[owner]
name = "Office"
contact = "office@people.example"
[retention]
identified_days = 31
[budgets]
account = {{ day = 100 }}
key = {{ {key} }}
address = {{ hour = 20, day = 50.5 }}
prefix = {{}}
session = {{}}
[budgets.tier.gold]
account = {{ month = 9000 }}
[[surface]]
id = "profile"
route = "/u/{{subject}}"
"""


def text(mode: str = "enforce", key: str = "day = 10") -> str:
    """Return a configuration with a budget for keys, or none."""
    return HEAD.format(mode=mode, key=key)


def keep(ledger: Ledger, config: Config, at: float, mode: str | None = None) -> None:
    """Put a configuration in force at a time."""
    policy = config.policy().hash()
    ledger.config_version(policy, config.canonical, at, config.mode if mode is None else mode)


@pytest.fixture(name="answer")
def _answer(tmp_path: Path) -> Classes:
    """Return what four versions add up to: a log read, shadow, enforced, and enforced without a limit for keys."""
    with closing(Ledger.open(tmp_path / "l")) as ledger:
        keep(ledger, loads(text("shadow")), NOON, "")
        keep(ledger, loads(text("shadow")), NOON + 60)
        keep(ledger, loads(text()), NOON + 120)
        keep(ledger, loads(text(key="")), NOON + 180)
    with Reader.open(tmp_path / "l") as reader:
        return classes(reader)


def spans(answer: Classes, access: str) -> list[Span]:
    """Return the limits of one class."""
    return [span for span in answer.spans if span.access == access]


def test_a_limit_goes_on_where_nothing_changed_for_its_class(answer: Classes) -> None:
    """Each span is contiguous with the next; a change for keys alone begins nothing for accounts."""
    read, shadow, enforced = spans(answer, "with an account")
    assert (read.since, read.until) == ("2026-03-02T12:00:00Z", shadow.since)
    assert (enforced.since, enforced.until, enforced.gap) == ("2026-03-02T12:02:00Z", "", "")
    assert enforced.limit == "account 100 a day; address 20 an hour, 50.5 a day"
    assert "a log was read" in read.gap
    assert "shadow" in shadow.gap
    assert len(spans(answer, "with an API key")) == 4


def test_a_class_without_a_limit_of_its_own_is_a_gap(answer: Classes) -> None:
    """An API key that only an address holds, and ways of showing people that nobody declared."""
    last = spans(answer, "with an API key")[-1]
    assert last.gap == "no limit of its own (key): only address"
    assert answer.gaps == (
        "with an API key",
        "by lists",
        "by look-ups",
        "by GraphQL operations",
        "by batches",
    )
    assert spans(answer, "by profiles")[-1].limit.endswith("profile (unread: 1)")


def test_every_tier_is_a_class() -> None:
    """A tier has its own budgets and nothing of the others."""
    found = {one.access: one for one in limits_of(loads(text()))}
    gold = found["with an account of tier gold"]
    assert gold.limit.startswith("account 9000 a month; ")
    assert gold.gap == ""


def test_without_any_budget_there_is_no_limit() -> None:
    """A class that no budget holds says so."""
    bare = text(key="").replace("{ hour = 20, day = 50.5 }", "{}").replace("{ day = 100 }", "{}")
    found = {one.access: one for one in limits_of(loads(bare))}
    assert found["without an account"].gap == "no limit: no budget holds for whoever comes this way"
    assert found["with an account"].limit == ""


def test_the_command_prints_a_table_and_the_gaps(tmp_path: Path) -> None:
    """Words for people, JSON for programs; an empty ledger says that nothing was in force."""
    with closing(Ledger.open(tmp_path / "l")) as ledger:
        empty = CliRunner().invoke(
            cli.group, ["report", "classes", "--ledger", str(tmp_path / "l")]
        )
        keep(ledger, loads(text(key="")), NOON)
    assert "nothing was in force" in empty.output
    said = CliRunner().invoke(cli.group, ["report", "classes", "--ledger", str(tmp_path / "l")])
    assert (
        "GAP with an API key, from 2026-03-02T12:00:00Z on, still: no limit of its own"
        in said.output
    )
    told = CliRunner().invoke(
        cli.group, ["report", "classes", "--ledger", str(tmp_path / "l"), "--json"]
    )
    assert "with an API key" in json.loads(told.output)["gaps"]
