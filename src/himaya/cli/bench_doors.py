"""The other doors of `himaya bench`: logs, real programs, a site's own log, a site's staging host."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from himaya.cli.bench_options import BenchOptions
from himaya.core.errors import InputError

if TYPE_CHECKING:
    from himaya.bench.staging import Staging


def logs(options: BenchOptions) -> int:
    """Write the traffic of crowd and attackers as logs, with the truth beside them."""
    from himaya.bench.attackers.everybody import ALL
    from himaya.bench.logs import write_logs
    from himaya.bench.proving import Plan
    from himaya.bench.scene import Scene
    from himaya.cli.bench import asked_of

    plan = Plan(asked_of(options))
    directory = options["logs"] or Path("logs")
    wanted = [each for each in plan.attackers if each.id in plan.wanted.attackers]
    # Incidents last for months; they are in a log only when they are asked for.
    chosen = [each for each in wanted if options["only"] or not each.id.startswith("H")]
    if ALL in options["only"]:
        raise InputError("--logs lets everybody loose together anyway; name attackers, or nobody")
    scene = Scene(plan.options, plan.groups, plan.wanted.seeds[0])
    written = write_logs(scene, chosen, directory, options["log_format"])
    click.echo(
        f"{written.lines:,} lines in {written.log}; whose they are and whom they show: {written.truth}"
    )
    return 0


def live(options: BenchOptions) -> int:
    """Run real tools against real defences on loopback."""
    from himaya.bench.live.run import Options
    from himaya.bench.live.run import live as run
    from himaya.cli.bench import show

    asked = Options(
        people=options["people"] or 2000,
        seed=options["seed"],
        seconds=options["seconds"],
        tools=options["only"],
        defences=options["defences"],
        members=options["members"] or 80,
        policy=options["policy"],
    )
    result = run(asked, _say)
    show(result, options)
    return 1 if result.problems else 0


def inject(options: BenchOptions) -> int:
    """Say what collectors would have got from a site's own past traffic."""
    import msgspec

    from himaya.bench.inject import inject as mix
    from himaya.bench.inject import story
    from himaya.cli.scan import kept_facts
    from himaya.config import load

    if options["policy"] is None:
        raise InputError(
            "--inject needs --policy himaya.toml: the surfaces and budgets of your site"
        )
    config = load(options["policy"])
    injection = mix(
        options["inject"],
        config,
        facts=kept_facts(None, config),
        seed=options["seed"],
        told=lambda title: click.echo(f"playing: {title}", err=True),
    )
    if options["as_json"]:
        click.echo(msgspec.json.format(msgspec.json.encode(injection), indent=2).decode())
    else:
        _print(story(injection))
    return 0


def staging(options: BenchOptions) -> int:
    """Ask a host that agreed how many of its named test people it gives away; 1 when a probe differs."""
    from himaya.bench.staging import Staging, stage, staging_story
    from himaya.cli.ledger_options import print_json

    target, policy, people = options["target"], options["policy"], options["test_people"]
    if target is None or policy is None or people is None:
        raise InputError("--target needs --policy himaya.toml and --test-people FILE")
    asked = Staging(
        target,
        policy,
        people,
        token_file=options["token_file"],
        token_wait_s=options["token_wait"],
        forwarded=options["forwarded"],
        headers=options["header"],
    )
    if options["probe"]:
        return _probe(asked, options)
    told = stage(asked, _say)
    if options["as_json"]:
        print_json(told)
    else:
        _print(staging_story(told))
    return 0


def _probe(asked: Staging, options: BenchOptions) -> int:
    from himaya.bench.staging import Probe, probe, probe_story
    from himaya.cli.ledger_options import operator, print_json

    if options["ledger"] is None:
        raise InputError("--probe needs --ledger DIR")
    about = Probe(options["ledger"], options["key_file"], options["actor"], by=operator())
    told = probe(asked, about, _say)
    if options["as_json"]:
        print_json(told)
    else:
        _print(probe_story(told))
    return told.exit_code


def _say(text: str) -> None:
    click.echo(text, err=True)


def _print(lines: Iterable[str]) -> None:
    from himaya.cli.ledger_options import printable

    for line in lines:
        click.echo(printable(line))
