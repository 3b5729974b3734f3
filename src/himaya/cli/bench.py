"""`himaya bench`: honest crowds, collectors, historic incidents and other defences, scored in people."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from himaya.cli.bench_options import BenchOptions, bench_options
from himaya.cli.bench_used import door_of, refuse_unused

if TYPE_CHECKING:
    from himaya.bench.proving import Asked
    from himaya.bench.score.result import Result


@click.command()
@bench_options
def bench(**options: Unpack[BenchOptions]) -> int:
    """Measure how many people each kind of collector obtains, and what honest people pay for it.

    Without options the whole matrix is played on a virtual clock: 20,000 people, 3 days, 3 seeds, every
    attacker and incident against himaya, no defence, and the rules in use elsewhere. Nothing leaves this machine.
    """
    from himaya.cli import bench_doors as doors

    door = door_of(options)
    refuse_unused(door)
    others = {
        "target": doors.staging,
        "inject": doors.inject,
        "live": doors.live,
        "logs": doors.logs,
    }
    return others.get(door, _virtual)(options)


def _virtual(options: BenchOptions) -> int:
    """Play the matrix; the exit code is 1 when something from a file could not be run."""
    from himaya.bench.proving import Plan, prove
    from himaya.cli.bench_progress import progress

    plan = Plan(asked_of(options))
    with progress(plan.cells()) as told:
        result = prove(plan, processes=options["processes"], told=told)
    show(result, options)
    return 1 if result.problems else 0


def asked_of(options: BenchOptions) -> Asked:
    """Return what the options ask of the virtual matrix."""
    import msgspec

    from himaya.bench.proving import Asked

    names = {"intensities": "intensity"}
    told: dict[str, object] = {**options}
    wanted = {name: told[names.get(name, name)] for name in Asked.__struct_fields__}
    return msgspec.convert(wanted, Asked)


def show(result: Result, options: BenchOptions) -> None:
    """Print a result as asked, and write its report."""
    import msgspec

    from himaya.evidence import bench_page, bench_table

    if options["report"]:
        _write(options["report"], bench_page.render_bench(result))
    if options["as_json"]:
        click.echo(msgspec.json.format(msgspec.json.encode(result), indent=2).decode())
    elif options["markdown"]:
        click.echo(bench_table.bench_markdown(result))
    else:
        _print_tables(result)


def _write(path: Path, page: str) -> None:
    from himaya.core.errors import ServiceError

    try:
        path.write_text(page, encoding="utf-8")
    except OSError as problem:
        raise ServiceError(f"{path}: cannot be written: {problem.strerror}") from problem
    click.echo(f"report: {path}", err=True)


def _print_tables(result: Result) -> None:
    import sys

    from rich.console import Console

    from himaya.evidence import bench_table

    console = Console(width=None if sys.stdout.isatty() else 160)
    for table in bench_table.bench_tables(result):
        console.print(table)
    for each in result.incidents:
        console.print(
            f"{each.id} {each.title}\n  then: {each.then}\n  {each.simulated}\n  scaling: {each.scaling}"
        )
    for problem in result.problems:
        click.echo(f"not run: {problem.what}: {problem.problem}", err=True)
