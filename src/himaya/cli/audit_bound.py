"""`himaya audit bound`: nobody obtained more than the covering budgets plus what challenges bought."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from himaya.cli import ledger_options as shared

if TYPE_CHECKING:
    from himaya.analysis.bound import Audit
    from himaya.analysis.bound.result import Broken, Inequality, Leased, Part


@click.command()
@shared.counted_options("Judge rows")
def bound(
    *,
    directory: Path,
    key_file: Path | None,
    start: str | None,
    end: str | None,
    population: int | None,
    why: str,
    as_json: bool,
) -> None:
    """Recompute the bound from the ledger alone, and print it with its numbers.

    Says what is outside of it, and names every row that breaks it. The exit code is 1 when a row does. Every use is
    recorded with its reason before the answer is printed.
    """
    answer = _ask(directory, key_file, (start, end), population or 0, why)
    if as_json:
        shared.print_json(_json(answer))
    else:
        for sentence in _story(answer):
            click.echo(shared.printable(sentence))
        _print_tables(answer)
    if not answer.holds:
        raise click.exceptions.Exit(1)


def _ask(
    directory: Path,
    key_file: Path | None,
    period: tuple[str | None, str | None],
    population: int,
    why: str,
) -> Audit:
    """Record the use, then return the answer."""
    from himaya.analysis.bound import audit_bound
    from himaya.ledger.names import parse_time
    from himaya.ledger.reader import Reader

    start, end = parse_time(period[0]), parse_time(period[1], end=True)
    purpose = shared.purpose(why)
    with Reader.open(directory, key_file) as reader:
        shared.record_use(reader, "audit bound", purpose, start=start, end=end)
        answer = audit_bound(reader, start, end, population=population)
    return _unnamed(answer) if shared.hides_names() else answer


def _unnamed(answer: Audit) -> Audit:
    """Return an answer for a role that is shown no names: the figures of every excess and peak stay."""
    from msgspec.structs import replace

    hidden = shared.HIDDEN
    return replace(
        answer,
        named=tuple(replace(one, actor=hidden, principal=hidden) for one in answer.named),
        peaks=type(answer.peaks)(replace(one, principal=hidden) for one in answer.peaks),
    )


def _json(answer: Audit) -> dict[str, Any]:
    import msgspec

    told: dict[str, Any] = msgspec.to_builtins(answer)
    told["inequality"]["holds"] = answer.inequality.holds
    return told


def _story(answer: Audit) -> Iterator[str]:
    if not answer.judged:
        yield f"No row could be judged of {answer.rows:,}: the bound says nothing here."
    else:
        yield (
            f"{answer.judged:,} of {answer.rows:,} rows judged, from {answer.period.start}"
            f" to {answer.period.end}."
        )
        yield from _inequality(answer.inequality)
        yield _beside(answer)
    if answer.broken:
        more = f"; the first {len(answer.named)} excesses" if answer.broken > 1 else ""
        yield f"BROKEN by {answer.broken:,} rows{more}:"
    elif answer.judged:
        yield "No row breaks it: nobody obtained more than the covering budgets plus what was bought."


def _inequality(told: Inequality) -> Iterator[str]:
    for part in told.parts:
        yield f"  {_part(part)}"
    if told.leased.restarts:
        yield f"  {_leases(told.leased)}"
    sign = "<=" if told.holds else ">"
    unnamed = f" + {told.unattributed:,} nobody could name" if told.unattributed else ""
    divided = f" / {told.lightest:g}" if told.lightest != 1.0 else ""
    leased = told.leased.people
    terms = f"{told.budget:,g} + {told.bought:,g}" + (f" + {leased:,g}" if leased else "")
    sum_ = f"({terms}){divided}" if divided else terms
    words = "budgets + bought + leased" if leased else "budgets + bought"
    yield (f"People obtained: {told.people:,}{unnamed} {sign} {words}: {sum_} = {told.bound:,g}.")
    yield f"Covered by: {told.rule}."


def _leases(leased: Leased) -> str:
    return (
        f"leases that a restart lost sight of: {leased.principals:,} principals x {leased.restarts:,} restarts"
        f" x at most {leased.workers:,} workers x {leased.lease:,} people: {leased.people:,g}"
    )


def _part(part: Part) -> str:
    rows = f"{part.rows:,} rows limited by {', '.join(part.kinds)}"
    return (
        f"{rows}: covered by {part.principals:,} x {part.by}, budget {part.budget:,g},"
        f" {part.people:,} people"
    )


def _beside(answer: Audit) -> str:
    bound_ = answer.inequality.bound
    if answer.meaningful is None:
        return "The site's population is not known; tell it with --population to see what the bound is worth."
    share = f"{bound_ / answer.population:.1%}"
    if answer.meaningful:
        return f"The site shows {answer.population:,} people: the bound is {share} of them."
    return (
        f"The site shows {answer.population:,} people: the bound is not meaningful, since it is"
        f" {share} of them (everybody could be obtained within it)."
    )


def _print_tables(answer: Audit) -> None:
    if answer.named:
        shared.print_table(_BROKEN, [_broken(one) for one in answer.named])
    if answer.peaks:
        click.echo("Nearest to its limit, of every kind:")
        rows = [
            (p.kind, f"{p.principals}", p.principal, p.at, p.window, *_figures(p))
            for p in answer.peaks
        ]
        shared.print_table(
            ("kind", "principals", "nearest", "at", "window", "people", "limit", "bought"), rows
        )
    _print_outside(answer)


_BROKEN = ("time", "surface", "actor", "principal", "window", "people", "limit", "bought", "source")


def _broken(one: Broken) -> tuple[str, ...]:
    figures = _figures(one)
    return (one.at, one.surface, one.actor, one.principal, one.window, *figures, one.source)


def _figures(one: Any) -> tuple[str, str, str]:  # noqa: ANN401  (a peak or an excess)
    return f"{one.value:,g}", f"{one.limit:,g}", f"{one.bought:,g}"


def _print_outside(answer: Audit) -> None:
    click.echo("Outside of the bound, or less sure:")
    for each in answer.outside:
        how = "judged" if each.judged else "not judged"
        click.echo(f"  {each.rows:,} rows, {each.people:,} people, {each.what} ({how}): {each.why}")
    for surface in answer.unseen_surfaces:
        click.echo(shared.printable(f"  surface {surface}: its people cannot be seen"))
    for gap in answer.unobserved:
        words = f"  not observed from {gap.start} to {gap.end}: {gap.why}"
        click.echo(shared.printable(words))
    if answer.canaries:
        click.echo(f"  {answer.canaries:,} canaries were shown; they are in no number of people")
    click.echo(f"  {answer.retention}")
    click.echo("The ledger cannot know:")
    for sentence in answer.cannot_know:
        click.echo(f"  {sentence}")
