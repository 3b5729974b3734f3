"""`himaya status`: how the gate is."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from himaya.control.messages import Status
from himaya.core.detectors.watched import Watched


@click.command()
@click.option(
    "--config", type=click.Path(path_type=Path), required=True, help="The site's himaya.toml."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--reference", metavar="NUMBER", help="Why was the request with this reference number refused?"
)
@click.option(
    "--check", is_flag=True, help="One line and an exit code for a monitor: 0 well, 1 not, 2 none."
)
def status(*, config: Path, as_json: bool, reference: str | None, check: bool) -> None:
    """Ask the running gate how it is; exit code 2 when none runs.

    With --check, 1 means that it runs and something is wrong: the ledger, a changed configuration, or it is off.
    """
    from himaya.config import load
    from himaya.control import Control

    socket = load(config).gate.socket
    if reference is not None:
        _why_refused(socket, reference, as_json=as_json)
        return
    with Control(socket) as control:
        told = control.status()
    if check:
        _check(told)
        return
    _print(told, _lines(told), as_json=as_json)


def _check(told: Status) -> None:
    """Print one line; exit code 1 when something is wrong."""
    from himaya.control.readiness import readiness

    found = readiness(told)
    wrong = list(found.problems)
    if told.off:
        wrong.append(f"switched off since {_time(told.off_since)}, everything passes unseen")
    if told.ledger_problem and told.ledger_writable:
        wrong.append(f"the ledger: {told.ledger_problem}")
    if told.config_problem:
        wrong.append("the changed configuration was not taken over")
    click.echo(f"himaya {found.state}, policy {found.policy}: {'; '.join(wrong) or 'all well'}")
    if wrong:
        raise click.exceptions.Exit(1)


def _why_refused(socket: str, reference: str, *, as_json: bool) -> None:
    from himaya.core.errors import InputError
    from himaya.gate.refusals import beside, find

    found = list(find(beside(socket), reference))
    if not found:
        raise InputError(f"no refusal is written down under the reference {reference}")
    lines = [
        f"{_time(one.at)}  {one.action}  surface {one.surface or '-'}  policy {one.policy or '-'}"
        + "".join(f"\n  {reason}" for reason in one.reasons)
        for one in found
    ]
    _print(found, lines, as_json=as_json)


def _print(told: object, lines: list[str], *, as_json: bool) -> None:
    import msgspec

    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(told), indent=2).decode())
    else:
        click.echo("\n".join(lines))


def _lines(told: Status) -> list[str]:
    passes = "everything passes" if told.mode == "shadow" else "decisions are carried out"
    lines = [
        f"mode        {told.mode} ({passes}), as {told.door}",
        f"policy      {told.policy}   configuration {told.config}",
        f"running     {_span(told.uptime_s)}, since {_time(told.started)}",
        f"requests    {told.requests}, refused {told.refused}",
        f"disclosed   {told.people_disclosed} times a person, in {told.disclosures} exchanges",
        f"tracked     {told.tracked} principals, {told.open_tickets} open tickets{_lent(told.engine)}",
        f"findings    {told.findings}",
        f"alerts      {told.alerts} not acknowledged, {told.alerts_waiting} messages waiting",
        *_classes(told.classes),
        f"ledger      {told.ledger}, last written {_time(told.last_flush)}, {told.pending_rows} waiting",
        f"gaps        {told.gaps}",
        *_anchor(told),
    ]
    if told.forecast:
        lines.insert(2, f"forecast    {told.forecast}")
    if told.spoe:
        lines.append(f"spoe        {_counted(told.spoe)}")
    if told.model:
        lines.append(f"model       {told.model}")
    if told.feed:
        lines.append(f"feed        {told.feed}")
    if told.canaries:
        lines.append(
            f"canaries    {told.canaries}, shown {told.canary_views} times; they count as no person"
            f" ({told.canary_views_exempt} views by exempt actors since the start)"
        )
    if told.off:
        why = f" ({told.off_why})" if told.off_why else ""
        lines.insert(0, f"OFF         since {_time(told.off_since)}{why}: everything passes unseen")
    if told.ledger_problem:
        lines.append(f"PROBLEM     the ledger: {told.ledger_problem}")
    lines += [f"PROBLEM     an alert was not sent: {problem}" for problem in told.alert_problems]
    if told.config_problem:
        lines.append(
            f"PROBLEM     the changed configuration was not taken over: {told.config_problem}"
        )
    if told.unseen_surfaces:
        lines.append(
            f"unseen      by this door, people of these surfaces: {', '.join(told.unseen_surfaces)}"
        )
    return lines


def _anchor(told: Status) -> list[str]:
    """Return how far the chain is deposited elsewhere, and which place takes no deposit."""
    problems = [f"PROBLEM     not anchored: {problem}" for problem in told.anchor_problems]
    return [f"anchor      {told.anchor}", *problems] if told.anchor else problems


def _lent(engine: dict[str, int]) -> str:
    """Return what workers have leased, "" where nothing is."""
    leases = engine.get("leases", 0)
    return f", leases {leases} (workers {engine.get('lessees', 0)})" if leases else ""


def _counted(counts: dict[str, int]) -> str:
    """Return what HAProxy's agent counted, broken connections by their status."""
    return ", ".join(f"{counts[name]} {name.replace('_', ' ')}" for name in sorted(counts))


def _classes(classes: tuple[Watched, ...]) -> list[str]:
    """Return a line for each class of actors: the people it was newly shown this hour, and whether that is usual."""
    head, lines = "this hour   people newly shown to", []
    for one in classes:
        lines.append(f"{head} {one.cohort} {one.people}, {_judged(one)}")
        head = " " * len(head)
    return lines


def _judged(one: Watched) -> str:
    if one.state == "learning":
        return f"learning: {one.known} of {one.hours} hours known"
    told = f"usual {one.usual:g} by {one.by}, limit {one.limit:g}"
    if one.state == "usual":
        return told
    price = f"; far, cold people cost {one.price:g} times as much" if one.price > 1.0 else ""
    return f"{told}: SURGING since {_time(one.since)}, until {_time(one.until)}{price}"


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds") if at else "never"


def _span(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
