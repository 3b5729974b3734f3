"""A forecast in words: one table of cohorts, then people, those who stand out, and what it cannot tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import click

from himaya.cli import ledger_options as shared

Told = Mapping[str, Any]

_COLUMNS = {
    "throttled": "slowed",
    "challenged": "challenged",
    "redacted": "cut short",
    "blocked": "refused",
    "restricted_unfound": "last three, of who stands out by nothing",
}
_SHOWN = 10


def show(told: Told) -> None:
    """Print a forecast."""
    click.echo(_headline(told))
    if told["actors"]:
        for name in told["policies"]:
            click.echo(f"\nUnder the {name} policy, actors (share; 95 % interval):")
            shared.print_table(("who", "actors", *_COLUMNS.values()), list(_rows(told, name)))
    for part in (_people(told), _standing_out(told), _first(told), _notes(told)):
        sentences = [shared.printable(sentence) for sentence in part]
        if sentences:
            click.echo("\n" + "\n".join(sentences))


def summary(told: Told) -> str:
    """Return a forecast in one sentence without names: what the chain keeps."""
    rate, people = told["all"]["new"]["restricted_unfound"], told["all"]["people"]
    return (
        f"{_range(rate)} of {rate['of']} actors who stand out by nothing would be restricted"
        f" (95 %: {_percent(rate['ci95'])}); people {people['without']} without,"
        f" {_range(people['new'])} with"
    )


def _headline(told: Told) -> str:
    from himaya.watch.cohorts import in_words

    read = f"{told['lines']:,} lines" if told["source"] == "log" else f"{told['rows']:,} rows"
    against = f" against {told['policies']['old']}" if "old" in told["policies"] else ""
    cohorts = ", ".join(f"{one['actors']:,} {in_words(one['cohort'])}" for one in told["cohorts"])
    return (
        f"Forecast of policy {told['policies']['new']}{against}, from {read},"
        f" {told['from']} to {told['to']}: {told['actors']:,} actors ({cohorts})."
    )


def _rows(told: Told, policy: str) -> Iterator[list[str]]:
    from himaya.watch.cohorts import in_words

    for one in told["cohorts"]:
        cells = [_cell(one[policy][name]) for name in _COLUMNS]
        yield [in_words(one["cohort"]), f"{one['actors']:,}", *cells]
    cells = [_cell(told["all"][policy][name]) for name in _COLUMNS]
    yield ["all", f"{told['actors']:,}", *cells]


def _cell(rate: Told) -> str:
    if not rate["of"]:
        return "-"
    return f"{_range(rate)} ({_percent(rate['share'])}; {_percent(rate['ci95'])})"


def _range(ends: Told) -> str:
    """Return the two ends of what challenges leave open, one figure when they are equal."""
    low, high = sorted((ends["nobody_solves"], ends["browsers_solve"]))
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _percent(pair: list[float]) -> str:
    low, high = (f"{100 * share:.2g}" if share < 0.995 else "100" for share in pair)
    return f"{low} %" if low == high else f"{low}-{high} %"


def _people_words(people: Told) -> str:
    parts = [f"{people['without']:,} without a policy"]
    parts += [
        f"{_range(ends)} under the {name} one" for name, ends in people.items() if name != "without"
    ]
    return ", ".join(parts)


def _people(told: Told) -> Iterator[str]:
    yield f"People shown: {_people_words(told['all']['people'])}."
    for one in told["known"]:
        yield f"Case {one['case']} ({one['actors']} actors): {_people_words(one['people'])}."


def _standing_out(told: Told) -> Iterator[str]:
    from himaya.watch.cohorts import in_words

    for one in told["stand_out"][:_SHOWN]:
        why = "; ".join(f"{name}: {words}" for name, words in one["findings"].items())
        people = _people_words(one["people"])
        yield f"Stands out: {one['actor']} ({in_words(one['cohort'])}): {people}; {why}"
    more = told["stand_out_in_all"] - min(_SHOWN, len(told["stand_out"]))
    if more > 0:
        yield f"And {more:,} more that stand out."


def _first(told: Told) -> Iterator[str]:
    for one in told["first_restricted"][:_SHOWN]:
        yield (
            f"Restricted without standing out: {one['actor']}, first {one['at']}"
            f" ({one['action']}), because {one['why']}."
        )
    if len(told["first_restricted"]) > _SHOWN:
        yield "And more; --json has them."


def _notes(told: Told) -> Iterator[str]:
    """Say what the figures rest on."""
    if not told["actors"]:
        yield "Nobody was seen on a declared surface, so this forecasts nothing."
        return
    solvers = (
        "everybody with a browser's agent solves at once"
        if told["source"] == "log"
        else "everybody without an API key solves at once (the ledger keeps no agents)"
    )
    yield f"Two figures: nobody solves a challenge; {solvers}. What is true lies between."
    if told.get("left_out"):
        yield f"{told['left_out']:,} lines were too late to be judged, and are left out."
    if told.get("rows_while_enforcing"):
        yield (
            f"{told['rows_while_enforcing']:,} rows were written while a policy was enforced: what it"
            " refused is not among them, so whoever it refused is under-counted here."
        )
    if told.get("rows_of_other_surfaces"):
        yield f"{told['rows_of_other_surfaces']:,} rows are of surfaces this policy does not have."
    if told.get("unobserved"):
        yield f"{len(told['unobserved'])} unobserved periods are in this time; --json names them."
    if told["exchanges_of_actors_beyond_bound"]:
        yield f"{told['exchanges_of_actors_beyond_bound']:,} requests are of actors past the bound."
    if told.get("recorded"):
        yield f"On record in {told['recorded']}, for policy {told['policies']['new']}."
