"""docs/acceptance.md claims nothing that no test shows."""

from __future__ import annotations

import re
from typing import NamedTuple

import pytest
from tools import acceptance

PAGE = acceptance.PAGE.read_text()
KNOWN = acceptance.collect()
IDS = [line for line, _ in acceptance.lines()]
DAY = "2026-03-02"


class Shown(NamedTuple):
    """A row of the page's tables."""

    state: str
    tests: list[str]
    result: str


def _rows(page: str) -> dict[str, Shown]:
    cells = re.findall(
        r"^\| ([A-Z]+\d*-\w+) \| [^|]+ \| ([a-z ]+) \| ([^|]*) \| ([^|]*) \|$", page, re.MULTILINE
    )
    return {line: Shown(state, re.findall(r"`(\w+)`", tests), result.strip())
            for line, state, tests, result in cells}  # fmt: skip


ROWS = _rows(PAGE)


def _passed(*without: str) -> dict[str, bool]:
    return {test: True for test in KNOWN if test not in without}


def test_the_page_lists_every_line():
    """Every id of the catalogue stands on the page once, in order, with the number of each group."""
    assert list(ROWS) == IDS
    count = {prefix: sum(i.startswith(f"{prefix}-") for i in IDS) for prefix in acceptance.GROUPS}
    assert count == {"JS23": 29, "CS24": 18, "MUSA": 10, "REG": 17, "MET": 13, "L": 12}


def test_tests_on_the_page_exist():
    """Each test that the page names is a test of the room, and so is its twin."""
    named = [test for one in ROWS.values() for test in one.tests]
    assert set(named) <= set(KNOWN)
    assert {acceptance.twin_of(test) for test in named} <= set(KNOWN)


@pytest.mark.parametrize("line", IDS)
def test_nothing_is_claimed_without_a_test_and_its_twin(line):
    """A covered line has tests named after it, a part has none, and both passed with their twins."""
    shown, named = ROWS[line], acceptance.tests_of(line, KNOWN)
    assert (shown.state == "covered") == bool(named)
    assert not (named and line in acceptance.PARTS)
    if shown.state == "not covered":
        assert shown.tests == []
    else:
        assert shown.tests == list(named or acceptance.PARTS[line].tests)
        assert re.fullmatch(r"passed \d{4}-\d\d-\d\d", shown.result)


def test_every_test_of_the_room_has_its_place():
    """A test stands on the page, is the twin of one that does, or tests the rig; no twin is alone."""
    shown = {test for one in ROWS.values() for test in one.tests}
    twins = {acceptance.twin_of(test) for test in shown}
    rig = {test for test in KNOWN if "rig" in _file_of(test)}
    assert set(KNOWN) == shown | twins | rig


def _file_of(test: str) -> str:
    files = acceptance.TESTS.glob("test_*.py")
    return next(path.name for path in files if f"def {test}(" in path.read_text())


def test_the_page_is_what_the_tool_writes():
    """The page is the tool's, word for word: nobody wrote on it, and only days change."""
    (day,) = {one.result.removeprefix("passed ") for one in ROWS.values() if one.result}
    assert acceptance.render(_passed(), day) == PAGE


def test_a_line_without_a_passing_twin_is_not_covered():
    """A missing twin, a twin that fails and a test that fails each take the claim away."""
    test = "test_reg_3_one_budget_over_routes"
    twin = acceptance.twin_of(test)
    assert twin == "test_reg_3_twin_one_budget_over_routes"
    for results in ({**_passed(), test: False}, {**_passed(), twin: False}, _passed(twin)):
        assert _rows(acceptance.render(results, DAY))["REG-3"].state == "not covered"
    assert _rows(acceptance.render(_passed(), DAY))["REG-3"].state == "covered"


def test_a_part_without_a_passing_twin_is_not_covered():
    """The same holds for parts."""
    twin = acceptance.twin_of(acceptance.PARTS["MUSA-B1"].tests[0])
    assert _rows(acceptance.render(_passed(twin), DAY))["MUSA-B1"].state == "not covered"


def test_results_are_read_from_a_run(tmp_path):
    """A failure, an error and a skipped test did not pass; the day is the run's, without a time."""
    told = tmp_path / "results.xml"
    told.write_text(
        '<testsuites><testsuite timestamp="2026-03-02T09:15:00.412+00:00">'
        '<testcase name="test_a"/><testcase name="test_b"><failure/></testcase>'
        '<testcase name="test_c"><error/></testcase><testcase name="test_d"><skipped/></testcase>'
        "</testsuite></testsuites>"
    )
    results, day = acceptance.read_results(told)
    assert results == {"test_a": True, "test_b": False, "test_c": False, "test_d": False}
    assert day == DAY
