"""A calibration in words: the statistics, the keys, the accounts it rests on, and what it promises and does not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from himaya.cli import ledger_options as shared

if TYPE_CHECKING:
    from himaya.watch.calibration.receipt import Rate, Receipt, Setting, Threshold

_THRESHOLD_HEAD = ("cohort", "statistic", "n", "k", "threshold", "held out: over (95 %)", "drift")
_SETTING_HEAD = ("key", "now", "finds now (95 %)", "new", "finds (held out)", "promised to")


def show(receipt: Receipt) -> None:
    """Print a calibration."""
    click.echo("\n".join(map(shared.printable, _head(receipt))))
    if receipt.thresholds:
        click.echo("\nBy cohort: threshold, and its rate on accounts held out:")
        shared.print_table(_THRESHOLD_HEAD, [_threshold(one) for one in receipt.thresholds])
    if receipt.settings:
        click.echo("\nKeys: present and new value, and how many proven accounts each finds:")
        shared.print_table(_SETTING_HEAD, [_setting(one) for one in receipt.settings])
    click.echo("\n" + "\n".join(map(shared.printable, _notes(receipt))))


def show_list(told: Sequence[Mapping[str, Any]]) -> None:
    """Print the receipts on record, one line each."""
    if not told:
        click.echo("No calibration is on record.")
        return
    head = ("at", "policy", "calibrated", "rate", "from", "to", "accounts", "values", "drifted")
    rows = [_listed(one, one["receipt"]) for one in told]
    shared.print_table(head, rows)


def _listed(one: Mapping[str, Any], receipt: Mapping[str, Any]) -> tuple[str, ...]:
    values = sum(each["value"] is not None for each in receipt["settings"])
    drifted = sum(each["drift"]["verdict"] == "drifted" for each in receipt["thresholds"])
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


def _threshold(one: Threshold) -> tuple[str, ...]:
    return (
        one.cohort,
        one.statistic,
        f"{one.calibration:,}",
        f"{one.k:,}" if one.value is not None else "-",
        f"{one.value:g}" if one.value is not None else "none",
        _rate(one.realised) if one.realised is not None else "-",
        one.drift.verdict,
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
    yield from _read(receipt)
    if receipt.proven.used * 2 > receipt.accounts > 0:
        yield (
            "More than half of all accounts seen are listed as proven. A list of everybody is not a list of proven"
            " accounts: whoever collects is in it, and thresholds rise until nobody is found."
        )


def _read(receipt: Receipt) -> Iterator[str]:
    """Say what was missing in the traffic."""
    source = receipt.source
    if source.get("rows_while_enforcing"):
        yield (
            f"{source['rows_while_enforcing']:,} rows were written while a policy was enforced: what it refused"
            " is missing, so thresholds above its limits cannot come out."
        )
    if source.get("rows_of_other_surfaces"):
        yield f"{source['rows_of_other_surfaces']:,} rows are of surfaces this policy does not have."
    if source.get("unobserved"):
        yield f"{source['unobserved']:,} unobserved periods are in this time."
    if source.get("left_out"):
        yield f"{source['left_out']:,} lines were too late to be judged, and are left out."


def _refused(receipt: Receipt) -> Iterator[str]:
    """Say, once for each reason and cohort, why there is no threshold."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for one in receipt.thresholds:
        if one.why:
            reasons.setdefault((one.cohort, one.why), []).append(one.statistic)
    for (cohort, why), statistics in reasons.items():
        yield f"No threshold for {cohort} ({', '.join(statistics)}): {why}."
    held = {
        (one.cohort, one.calibration + one.hold_out)
        for one in receipt.thresholds
        if one.calibration < receipt.needs <= one.calibration + one.hold_out
    }
    for cohort, every in sorted(held):
        yield f"{cohort}: all {every:,} would be enough; --hold-out holds out fewer."
    if not receipt.thresholds:
        yield "None of the proven accounts was seen on a declared surface, so nothing can be calibrated."


def _drifted(receipt: Receipt) -> Iterator[str]:
    """Say which thresholds drifted, and which present settings find more than the rate."""
    for one in receipt.thresholds:
        drift = one.drift
        if drift.verdict == "drifted" and drift.older and drift.newer:
            yield (
                f"{one.cohort}, {one.statistic}: drifted. {_rate(drift.older)} passed the {_percent(drift.rate)}"
                f" line in the older half, {_rate(drift.newer)} in the newer one"
                f" (Fisher's exact test, p = {drift.p:.2g})."
            )
    for setting in receipt.settings:
        if setting.present_rate.ci95[0] > receipt.rate:
            yield (
                f"{setting.key} = {setting.present:g} finds {_rate(setting.present_rate)} of the proven accounts:"
                f" more than {_percent(receipt.rate)}."
            )


def _rate(rate: Rate) -> str:
    low, high = (f"{100 * share:.2g}" if share < 0.995 else "100" for share in rate.ci95)
    return f"{rate.over:,} of {rate.of:,} ({low}-{high} %)"


def _percent(rate: float) -> str:
    return f"{100 * rate:g} %"
