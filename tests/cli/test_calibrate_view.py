"""A calibration in words: every figure, every reason why there is none, and nothing that was not asked."""

from __future__ import annotations

import msgspec
import pytest

from himaya.cli.calibrate_view import show, show_list
from himaya.watch.calibration.receipt import Drift, Proven, Rate, Receipt, Setting, Threshold

STEADY = Drift(rate=0.1, verdict="no drift seen")
HOUR = Threshold(
    cohort="established",
    statistic="breadth_hour",
    calibration=1000,
    hold_out=250,
    measured=1100,
    k=1000,
    least_rate=1 / 1001,
    value=37.5,
    why="",
    realised=Rate.count(0, 250),
    weeks=(),
    drift=STEADY,
)
NONE = msgspec.structs.replace(
    HOUR, cohort="paid", calibration=3, hold_out=1, value=None, why="3 are too few", realised=None
)
KEY = Setting(
    key="detectors.breadth.hour",
    present=40.0,
    value=38.0,
    cohorts=("established", "new"),
    without=("paid",),
    present_rate=Rate.count(1, 1250),
    realised=Rate.count(0, 250),
)
UNSET = msgspec.structs.replace(
    KEY, key="detectors.sharing.networks", value=None, cohorts=(), realised=None
)
RECEIPT = Receipt(
    policy="aaaa",
    calibrated="bbbb",
    rate=0.001,
    needs=999,
    start="2026-03-02T00:00:00Z",
    end="2026-03-09T00:00:00Z",
    days=7,
    source={"kind": "log", "lines": 12345},
    accounts=9000,
    seed="s1",
    hold_out=0.2,
    proven=Proven(1300, 1250, 0, 0, 0, 0, {"appeal": 250, "payment": 1000}),
    cases_known=True,
    settings=(KEY, UNSET),
    together=Rate.count(2, 250),
    thresholds=(HOUR, NONE),
)


def words(capsys, **changes) -> str:
    """Return what is printed of the receipt with these changes."""
    show(msgspec.structs.replace(RECEIPT, **changes))
    return capsys.readouterr().out


def proven(**changes) -> Proven:
    """Return what became of the accounts, with these changes."""
    return msgspec.structs.replace(RECEIPT.proven, **changes)


def cells(told: str, first: str) -> list[str]:
    """Return the cells of the row that begins so."""
    (row,) = (line for line in told.splitlines() if line.strip().startswith(first))
    return [cell.strip() for cell in row.split("  ") if cell.strip()]


def test_the_head_says_what_was_read_and_whom_it_rests_on(capsys):
    """Policy, rate, size, period and days; accounts used, by how they were proven, of those listed."""
    period = "2026-03-02T00:00:00Z to 2026-03-09T00:00:00Z (7 days)"
    head = words(capsys).splitlines()[:3]
    assert head == [
        f"Calibration of policy aaaa, nominal rate 0.1 %, from 12,345 lines, {period}.",
        "Accounts proven honest afterwards: 1,250 used (250 by appeal, 1,000 by payment) of 1,300 listed.",
        "",
    ]
    told = words(capsys, source={"kind": "ledger", "rows": 7}, days=1)
    assert "from 7 rows, " in told
    assert "(1 day)." in told


def test_a_row_has_every_figure_or_says_that_there_is_none(capsys):
    """n, k, threshold, measured rate and drift; where there is no value, no figure stands in its place."""
    told = words(capsys)
    assert cells(told, "established") == [
        "established", "breadth_hour", "1,000", "1,000", "37.5", "0 of 250 (0-1.5 %)", "no drift seen",
    ]  # fmt: skip
    assert cells(told, "paid") == [
        "paid", "breadth_hour", "3", "-", "none", "-", "no drift seen",
    ]  # fmt: skip
    assert cells(told, "detectors.breadth.hour") == [
        "detectors.breadth.hour", "40", "1 of 1,250 (0.002-0.44 %)", "38", "0 of 250 (0-1.5 %)",
        "established, new",
    ]  # fmt: skip
    assert cells(told, "detectors.sharing")[3:] == ["none", "-", "nobody"]


def test_the_promise_counts_the_keys_that_have_a_value(capsys):
    """Two keys of three have a value: the promise is for two, with what is measured together and the seed."""
    told = words(capsys, settings=(KEY, KEY, UNSET))
    assert "with a chance of at most 0.1 %" in told
    assert "2 keys together: at most 2 times that; of those held out, 2 of 250" in told
    assert "The split follows from the seed s1." in told
    told = words(capsys, settings=(UNSET,))
    assert "The promise" not in told
    assert "seed" not in told


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"proven": proven(early=3, first_early=17)}, "3 were proven before the period ended"),
        ({"proven": proven(early=3, first_early=17)}, "(the first on line 17)"),
        ({"proven": proven(in_cases=2)}, "2 stand in a case and are left out"),
        ({"proven": proven(unseen=1234)}, "1,234 were not seen in this period."),
        ({"cases_known": False}, "No cases are known"),
        ({"accounts": 2499}, "More than half of all accounts seen are listed as proven."),
        (
            {"source": {"kind": "ledger", "rows": 9, "rows_while_enforcing": 1500}},
            "1,500 rows were written while a policy was enforced",
        ),
        (
            {"source": {"kind": "ledger", "rows": 9, "rows_of_other_surfaces": 4}},
            "4 rows are of surfaces this policy does not have.",
        ),
        (
            {"source": {"kind": "ledger", "rows": 9, "unobserved": 2}},
            "2 unobserved periods are in this time.",
        ),
        ({"source": {"kind": "log", "lines": 9, "left_out": 6}}, "6 lines were too late"),
        ({"thresholds": ()}, "None of the proven accounts was seen on a declared surface"),
    ],
)
def test_what_is_missing_is_said_when_it_is(capsys, changes, said):
    """Each gap of the data has a sentence with its figure, and none where there is no such gap."""
    assert said not in words(capsys)
    assert said in words(capsys, **changes)


def test_half_of_all_accounts_is_not_more_than_half(capsys):
    """2,500 seen with 1,250 proven are no list of everybody; nobody seen says nothing about it."""
    assert "More than half" not in words(capsys, accounts=2500)
    assert "More than half" not in words(capsys, accounts=0)


def test_a_reason_is_said_once_for_all_it_is_about(capsys):
    """Two statistics of one cohort that fail alike share a sentence; another cohort has its own."""
    day = msgspec.structs.replace(NONE, statistic="breadth_day")
    new = msgspec.structs.replace(NONE, cohort="new")
    told = words(capsys, thresholds=(NONE, day, new))
    assert "No threshold for paid (breadth_hour, breadth_day): 3 are too few." in told
    assert "No threshold for new (breadth_hour): 3 are too few." in told


@pytest.mark.parametrize(
    ("calibration", "hold_out", "said"), [(800, 199, True), (800, 198, False), (999, 250, False)]
)
def test_held_out_accounts_that_would_be_enough_are_told(capsys, calibration, hold_out, said):
    """Where all accounts of a cohort would do and those that calibrate do not, --hold-out is named."""
    one = msgspec.structs.replace(NONE, calibration=calibration, hold_out=hold_out)
    told = words(capsys, thresholds=(one,))
    assert ("paid: all 999 would be enough; --hold-out holds out fewer." in told) is said


def test_drift_is_told_with_both_halves_and_the_test(capsys):
    """Older and newer rate, the line they are held against, and p; without drift no such sentence."""
    drift = Drift(
        rate=0.01,
        verdict="drifted",
        older=Rate.count(1, 200),
        newer=Rate.count(30, 200),
        p=0.0000123,
    )
    told = words(capsys, thresholds=(msgspec.structs.replace(HOUR, drift=drift),))
    assert "established, breadth_hour: drifted. 1 of 200" in told
    assert "passed the 1 % line in the older half, 30 of 200" in told
    assert "(Fisher's exact test, p = 1.2e-05)." in told
    assert "Fisher" not in words(capsys)


@pytest.mark.parametrize(("over", "named"), [(1, False), (20, True), (1250, True)])
def test_a_present_value_that_surely_finds_too_many_is_named(capsys, over, named):
    """Only when the whole interval is above the nominal rate; a hundred percent are written as such."""
    one = msgspec.structs.replace(KEY, present_rate=Rate.count(over, 1250))
    told = words(capsys, settings=(one,))
    assert ("of the proven accounts: more than 0.1 %." in told) is named
    assert ("-100 %)" in told.split("promised to")[1].splitlines()[1]) is (over == 1250)


def test_nothing_seen_prints_no_table(capsys):
    """Without thresholds and settings there are sentences and no empty tables."""
    told = words(
        capsys, thresholds=(), settings=(), proven=proven(used=0, how={}), together=Rate.count(0, 0)
    )
    assert "0 used (none) of 1,300 listed" in told
    assert "By cohort" not in told
    assert "Keys:" not in told


def test_what_a_file_says_cannot_steer_a_terminal(capsys):
    """Control characters of a seed or a word of proof are written out."""
    told = words(capsys, seed="s\x1b[2J", proven=proven(how={"a\x07": 1}))
    assert "\x1b" not in told
    assert "\x07" not in told
    assert "s\\x1b[2J" in told


def test_the_receipts_on_record_are_a_line_each(capsys):
    """When, which policies, rate, period, accounts, values and drifted thresholds."""
    drifted = msgspec.structs.replace(HOUR, drift=Drift(rate=0.1, verdict="drifted"))
    receipt = msgspec.structs.replace(RECEIPT, thresholds=(drifted, NONE))
    entry = {"at": "2026-04-01T00:00:00Z", "by": "dana", "policy": "aaaa", "calibrated": "bbbb"}
    show_list([{**entry, "digest": "d", "receipt": msgspec.to_builtins(receipt)}])
    told = capsys.readouterr().out
    assert len(told.splitlines()) == 2
    assert cells(told, "2026-04-01") == [
        "2026-04-01T00:00:00Z", "aaaa", "bbbb", "0.1 %", "2026-03-02T00:00:00Z",
        "2026-03-09T00:00:00Z", "1,250", "1", "1",
    ]  # fmt: skip


def test_no_receipt_on_record_is_said(capsys):
    """An empty record is a sentence, not the head of a table."""
    show_list([])
    assert capsys.readouterr().out == "No calibration is on record.\n"
