"""A calibration in words: the statistics, the keys, the accounts it rests on, and what it promises and does not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from himaya.cli import ledger_options as shared

if TYPE_CHECKING:
    from himaya.watch.calibration.receipt import Rate, Receipt, Row, Setting

_ROW_HEAD = ("cohort", "statistic", "n", "k", "threshold", "held out: over (95 %)", "drift")
_SETTING_HEAD = ("key", "now", "finds now (95 %)", "new", "finds (held out)", "promised to")


def show(receipt: Receipt) -> None:
    """Print a calibration."""
    click.echo("\n".join(map(shared.printable, _head(receipt))))
    if receipt.rows:
        click.echo("\nBy cohort: threshold, and its rate on accounts held out:")
        shared.print_table(_ROW_HEAD, [_row(row) for row in receipt.rows])
    if receipt.settings:
        click.echo("\nKeys: present and new value, and how many proven accounts each finds:")
        shared.print_table(_SETTING_HEAD, [_setting(one) for one in receipt.settings])
    click.echo("\n" + "\n".join(map(shared.printable, _notes(receipt))))


def show_list(told: Sequence[Mapping[str, Any]]) -> None:
    """Print the receipts on record, one line each."""
    head = ("at", "policy", "calibrated", "rate", "from", "to", "accounts", "values", "drifted")
    rows = [_listed(one, one["receipt"]) for one in told]
    shared.print_table(head, rows)


def _listed(one: Mapping[str, Any], receipt: Mapping[str, Any]) -> tuple[str, ...]:
    values = sum(setting["value"] is not None for setting in receipt["settings"])
    drifted = sum(row["drift"]["verdict"] == "drifted" for row in receipt["rows"])
    return (
        one["at"],
        one["policy"],
        one["calibrated"],
        f"{100 * receipt['rate']:g} %",
        receipt["start"],
        receipt["end"],
        f"{receipt['proven']['used']:,}",
        str(values),
        str(drifted),
    )


def _head(receipt: Receipt) -> Iterator[str]:
    proven = receipt.proven
    ways = ", ".join(f"{count:,} by {how}" for how, count in proven.how.items()) or "none"
    size = receipt.source.get("lines", receipt.source.get("rows", 0))
    what = "lines" if receipt.source["kind"] == "log" else "rows"
    yield (
        f"Calibration of policy {receipt.policy}, nominal rate {_percent(receipt.rate)}, from {size:,} {what},"
        f" {receipt.start} to {receipt.end} ({receipt.days:,} day{'s' * (receipt.days != 1)})."
    )
    yield f"Accounts proven honest afterwards: {proven.used:,} used ({ways}) of {proven.listed:,} listed."
    if proven.early:
        yield (
            f"{proven.early:,} were proven before the period ended and are left out (the first on line"
            f" {proven.first_early}): a proof speaks of what came before it. --to ends the period earlier."
        )
    if proven.in_cases:
        yield f"{proven.in_cases:,} stand in a case and are left out, whatever the file says."
    if not receipt.cases_known:
        yield "No cases are known (no ledger, or none in it), so nobody was left out because of one."
    if proven.unseen:
        yield f"{proven.unseen:,} were not seen in this period."


def _row(row: Row) -> tuple[str, ...]:
    told = row.threshold is not None
    return (
        row.cohort,
        row.statistic,
        f"{row.calibration:,}",
        f"{row.k:,}" if told else "-",
        f"{row.threshold:g}" if row.threshold is not None else "none",
        _rate(row.realised) if row.realised is not None else "-",
        row.drift.verdict,
    )


def _setting(one: Setting) -> tuple[str, ...]:
    return (
        one.key,
        f"{one.present:g}",
        _rate(one.present_rate),
        f"{one.value:g}" if one.value is not None else "none",
        _rate(one.realised) if one.realised is not None else "-",
        ", ".join(one.cohorts) or "nobody",
    )


def _notes(receipt: Receipt) -> Iterator[str]:
    yield from _refused(receipt)
    yield from _drifted(receipt)
    values = sum(one.value is not None for one in receipt.settings)
    if values:
        yield (
            f"The promise: an honest account of a cohort passes one threshold within such a period with a chance of at"
            f" most {_percent(receipt.rate)}, if it is like those proven. {values} keys together: at most"
            f" {values} times that; of those held out, {_rate(receipt.together)} pass any."
        )
        yield "The split follows from the seed " + receipt.seed + "."
    if receipt.source.get("rows_while_enforcing"):
        yield (
            f"{receipt.source['rows_while_enforcing']:,} rows were written while a policy was enforced: what it refused"
            " is missing, so thresholds above its limits cannot come out."
        )
    if receipt.proven.used * 2 > receipt.accounts > 0:
        yield (
            "More than half of all accounts seen are listed as proven. A list of everybody is not a list of proven"
            " accounts: whoever collects is in it, and thresholds rise until nobody is found."
        )


def _refused(receipt: Receipt) -> Iterator[str]:
    """Say, once for each reason and cohort, why there is no threshold."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for row in receipt.rows:
        if row.why:
            reasons.setdefault((row.cohort, row.why), []).append(row.statistic)
    for (cohort, why), statistics in reasons.items():
        yield f"No threshold for {cohort} ({', '.join(statistics)}): {why}."
    held = {
        (row.cohort, row.calibration + row.hold_out)
        for row in receipt.rows
        if row.calibration < receipt.needs <= row.calibration + row.hold_out
    }
    for cohort, every in sorted(held):
        yield f"{cohort}: all {every:,} would be enough; --hold-out holds out fewer."
    if not receipt.rows:
        yield "None of the proven accounts was seen on a declared surface, so nothing can be calibrated."


def _drifted(receipt: Receipt) -> Iterator[str]:
    for row in receipt.rows:
        drift = row.drift
        if drift.verdict == "drifted" and drift.older and drift.newer:
            yield (
                f"{row.cohort}, {row.statistic}: drifted. {_rate(drift.older)} passed the {_percent(drift.rate)}"
                f" line in the older half, {_rate(drift.newer)} in the newer one"
                f" (Fisher's exact test, p = {drift.p:.2g})."
            )
    for one in receipt.settings:
        if one.present_rate.ci95[0] > receipt.rate:
            yield (
                f"{one.key} = {one.present:g} finds {_rate(one.present_rate)} of the proven accounts: more than"
                f" {_percent(receipt.rate)}."
            )


def _rate(rate: Rate) -> str:
    low, high = (f"{100 * share:.2g}" if share < 0.995 else "100" for share in rate.ci95)
    return f"{rate.over:,} of {rate.of:,} ({low}-{high} %)"


def _percent(rate: float) -> str:
    return f"{100 * rate:g} %"
