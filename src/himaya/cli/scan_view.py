"""The result of a scan on a terminal: what must be said first, the story in words, then tables."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from himaya.watch.result import ActorResult, Notice, ScanResult, iso

#: Rows of a table before the rest is counted in words.
_ROWS = 20


def show(result: ScanResult, report: Path | None) -> None:
    """Print a result; wide tables are folded, and plain text comes out of a pipe."""
    console = Console(highlight=False)
    for notice in result.notices:
        _notice(console, notice)
    for sentence in story(result):
        console.print(escape(sentence), soft_wrap=True)
    for table in _tables(result):
        console.print()
        console.print(table)
    if result.malformed_samples:
        _malformed(console, result)
    console.print()
    console.print(escape(result.retention), soft_wrap=True)
    if report is not None:
        console.print(escape(f"The report is in {report}."), soft_wrap=True)


def _notice(console: Console, notice: Notice) -> None:
    console.print(f"[bold]First:[/bold] {escape(notice.text)}", soft_wrap=True)
    for line in notice.fix.splitlines():
        console.print(f"    {escape(line)}", soft_wrap=True)
    console.print()


def story(result: ScanResult) -> Iterator[str]:
    """Yield the story: what was read, who was shown, who collected, what is not known."""
    if not result.lines:
        return
    yield (
        f"{result.lines:,} lines, {result.parsed:,} parsed and {result.malformed:,} malformed,"
        f" from {iso(result.start)} to {iso(result.end)}."
    )
    if not result.surfaces:
        return
    yield f"{result.people:,} people were shown, {result.disclosures:,} times in all."
    if result.canary_views:
        yield f"Canaries were shown {result.canary_views:,} times; they are in no figure of people."
    if result.unattributed:
        yield (
            f"{result.unattributed:,} answers of listings showed people whom the log does not"
            " name; they are in no figure here."
        )
    if not result.actors:
        yield (
            "No detector found anybody. Patient and unlinked collectors stay under any detector;"
            " they are not in this result."
        )
        return
    first = result.actors[0]
    yield (
        f"{_number(len(result.actors), 'actor')} of {result.actors_seen:,} crossed a threshold."
        f" The most people, {first.people:,}, went to {first.actor}:"
        f" {'; '.join(finding.why for finding in first.findings)}."
    )


def _number(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def _tables(result: ScanResult) -> Iterator[Table]:
    if result.surfaces:
        yield _surfaces(result)
    if result.actors:
        yield _actors(result)
    if result.groups:
        yield _groups(result)
    if result.crawlers:
        yield _crawlers(result)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for column in columns:
        right = column in {"people", "disclosures", "peak hour", "peak day", "requests"}
        table.add_column(column, justify="right" if right else "left", overflow="fold")
    return table


def _surfaces(result: ScanResult) -> Table:
    table = _table("Surfaces", "route", "kind", "people", "disclosures", "")
    for surface in result.surfaces:
        note = f"guessed, {surface.confidence:.0%} sure" if surface.guessed else ""
        if surface.unattributed:
            note += f"{', ' if note else ''}{surface.unattributed:,} answers without names"
        cells = (surface.route, surface.kind, f"{surface.people:,}", f"{surface.disclosures:,}")
        table.add_row(*map(escape, (*cells, note)))
    return table


def _actors(result: ScanResult) -> Table:
    more = len(result.actors) - _ROWS
    title = f"Actors with findings{f' (and {more:,} more)' if more > 0 else ''}"
    table = _table(title, "actor", "people", "peak hour", "peak day", "found")
    for actor in result.actors[:_ROWS]:
        table.add_row(*map(escape, _actor(actor)))
    return table


def _actor(actor: ActorResult) -> tuple[str, ...]:
    found = "\n".join(f"{one.detector}: {one.why}" for one in actor.findings)
    name = f"{actor.actor}\nclaims to be {actor.claimed}, unverified" * bool(actor.claimed)
    return (
        name or actor.actor,
        f"{actor.people:,}",
        f"{actor.peak_hour:,}",
        f"{actor.peak_day:,}",
        found,
    )


def _groups(result: ScanResult) -> Table:
    table = _table("Groups", "members", "people", "why")
    for group in result.groups[:_ROWS]:
        first, *others = group.members
        members = f"{first} with {_number(len(others), 'network')}"
        table.add_row(*map(escape, (members, f"{group.people:,}", group.why)))
    return table


def _crawlers(result: ScanResult) -> Table:
    table = _table("Crawlers, as they call themselves", "claimed", "", "requests", "people")
    for crawler in result.crawlers[:_ROWS]:
        cells = (crawler.claimed, "claimed, unverified", crawler.requests, crawler.people)
        table.add_row(*(escape(f"{c:,}" if isinstance(c, int) else c) for c in cells))
    return table


def _malformed(console: Console, result: ScanResult) -> None:
    console.print(f"\nMalformed lines (the first of {result.malformed:,})", style="italic")
    for one in result.malformed_samples:
        console.print(escape(f"{one.file}:{one.line}: {one.why}"), soft_wrap=True)
        if one.text:
            console.print(escape(f"    {one.text}"), soft_wrap=True)
