"""What `himaya attribute` prints: a sentence or a table for each part of the answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from himaya.cli import ledger_options as shared

if TYPE_CHECKING:
    from himaya.analysis.attribution import Compared
    from himaya.analysis.attribution.result import Candidate

_HEADER = (
    "rank", "candidate", "overlap", "coverage", "by chance", "nobody else", "p corrected", "first", "last", "evidence",
)  # fmt: skip
_NETWORKS = ("network", "people", "overlap", "days", "first", "last", "")


def print_words(answer: Compared) -> None:
    """Print the whole answer."""
    for sentence in _head(answer):
        click.echo(shared.printable(sentence))
    if answer.candidates:
        shared.print_table(_HEADER, [_cells(one) for one in answer.candidates])
    for one in answer.candidates:
        _print_networks(one)
    _print_versions(answer.candidates)
    if answer.marks:
        click.echo("The file has the marks of:")
        rows = [(m.name, f"{m.fits} of {m.marks}", f"1e{m.log10_p:g}") for m in answer.marks]
        shared.print_table(("actor", "fits", "p corrected"), rows)
    for gap in answer.unobserved:
        start = gap.start or "the beginning"
        click.echo(shared.printable(f"Not observed from {start} to {gap.end}: {gap.why}"))
    click.echo(shared.printable(answer.note))


def _head(answer: Compared) -> Iterator[str]:
    counted = answer.counted
    yield (
        f"{counted.rows} rows: {counted.matched} match {_people(counted.people)} the ledger knows,"
        f" {counted.unmatched} match nobody it knows, {counted.unusable} are unusable."
    )
    if counted.canaries:
        yield f"{counted.canaries} of those in the file are canaries: nobody real is meant."
    yield (
        f"{answer.shown} of {_people(counted.people)} are known to have been shown in that time; "
        f"{answer.tested} actors and cases were compared."
    )
    if not (answer.all_ours and answer.population):
        yield (
            "Chance is reckoned among people who were shown to somebody, so an actor that alone was shown nearly all of"
            " them may not stand out; --all-ours with --population widens it, where every row is this site's."
        )
    if answer.below:
        yield (
            f"{answer.below} more stand out and explain less than {answer.share:.0%} of the people; they are not named."
        )
    if answer.beyond:
        yield f"{answer.beyond} actors with fewer rows about these people were not looked at."
    rate = answer.false_rate
    yield (
        f"In simulation somebody was named for {rate.named} of {rate.files} files that came from elsewhere"
        f" ({rate.low:.1%} to {rate.high:.1%}), with the default --share and --level."
    )
    yield from _equal(answer)


def _people(number: int) -> str:
    return f"{number} {'person' if number == 1 else 'people'}"


def _equal(answer: Compared) -> Iterator[str]:
    """Say which candidates cannot be told apart."""
    ranks: dict[int, list[str]] = {}
    for one in answer.candidates:
        ranks.setdefault(one.rank, []).append(one.name)
    for rank, names in ranks.items():
        if len(names) > 1:
            yield f"Rank {rank}: {', '.join(names)} fit alike; the file cannot tell them apart."


def _cells(one: Candidate) -> tuple[str, ...]:
    name = f"{one.kind} {one.name}" + (f" ({one.members} members)" if one.kind == "case" else "")
    return (
        str(one.rank),
        name,
        f"{one.overlap} of {one.people}",
        f"{one.coverage:.1%}",
        f"{one.expected:g}",
        str(one.novelty),
        _p(one),
        one.first,
        one.last,
        " ".join(one.evidence),
    )


def _p(one: Candidate) -> str:
    return f"{one.p:.2g}" if one.log10_p > -300 else f"1e{one.log10_p:.0f}"


def _print_versions(candidates: list[Candidate]) -> None:
    """Say how far values in the file are those that a candidate was shown."""
    rows = [
        (
            one.name,
            each.field,
            f"{each.fits} of {each.varied}",
            f"{each.expected:g}",
            f"1e{each.log10_p:g}",
            each.first,
            each.last,
        )
        for one in candidates
        for each in one.versions
    ]
    if rows:
        click.echo("Of people who were shown in several versions, the file's version was shown to:")
        shared.print_table(("candidate", "field", "fits", "by chance", "p", "first", "last"), rows)


def _print_networks(one: Candidate) -> None:
    """Say from where a candidate saw the people of the file; what it rarely used is marked."""
    if not one.networks:
        return
    click.echo(shared.printable(f"{one.name} came from:"))
    rows = [
        (
            each.network or "unknown",
            str(each.people),
            str(each.overlap),
            str(each.days),
            each.first,
            each.last,
            "usual" if each.usual else "not usual",
        )
        for each in one.networks
    ]
    shared.print_table(_NETWORKS, rows)
    usual = sum(each.people for each in one.networks if each.usual)
    rest = sum(each.overlap for each in one.networks if not each.usual)
    if usual and rest:
        click.echo(
            shared.printable(
                f"{rest} of its people in the file were shown to networks that it used on fewer than 3 days;"
                " an account that somebody else took over looks like this, and so does one that travels."
            )
        )
