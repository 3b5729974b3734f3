"""`himaya replay`: what a policy would have decided, or whether an exchanges file replays to itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("logs", metavar="LOG...", nargs=-1)
@click.option("--config", "config_file", type=_FILE, help="The himaya.toml to decide by.")
@click.option("--exchanges", type=_FILE, help="A file that `himaya gate --exchanges` wrote.")
@click.option("--format", "form", default="", help="How lines are written: a name or a log_format.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def replay(
    *,
    logs: tuple[str, ...],
    config_file: Path | None,
    exchanges: Path | None,
    form: str,
    as_json: bool,
) -> None:
    """Decide about the requests of LOG... by a configuration, as if it had been enforced.

    With --exchanges FILE every call a gate made is made again; without --config the answers must be
    the same, and the exit code is 1 when they are not.
    """
    from himaya.core.errors import InputError

    if bool(logs) == bool(exchanges):
        raise InputError("name either LOG... or --exchanges FILE")
    if exchanges is not None:
        answer = _of_exchanges(exchanges, config_file)
    elif config_file is None:
        raise InputError("a replay of logs needs --config: the policy to decide by")
    else:
        answer = _of_logs(logs, config_file, form)
    _print(answer, as_json=as_json)
    if answer.get("same") is False:
        raise click.exceptions.Exit(1)


def _of_logs(logs: tuple[str, ...], config_file: Path, form: str) -> dict[str, Any]:
    from himaya.cli.scan import kept_facts
    from himaya.config import load
    from himaya.watch.replay import replay_logs

    config = load(config_file)
    return replay_logs(logs, config, form=form, facts=kept_facts(None, config))


def _of_exchanges(file: Path, config_file: Path | None) -> dict[str, Any]:
    from himaya.config import load
    from himaya.watch.replay import replay_file

    policy = load(config_file).policy() if config_file else None
    return replay_file(_lines(file), str(file), policy)


def _lines(file: Path) -> Iterator[bytes]:
    from himaya.core.errors import InputError

    try:
        with file.open("rb") as lines:
            yield from lines
    except OSError as problem:
        raise InputError(f"cannot be read: {problem.strerror}", file=str(file)) from None


def _print(answer: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        import msgspec

        click.echo(msgspec.json.format(msgspec.json.encode(answer), indent=2).decode())
        return
    for sentence in _story(answer):
        click.echo(sentence)


def _story(answer: dict[str, Any]) -> Iterator[str]:
    decided = ", ".join(f"{count:,} {action}" for action, count in answer["decisions"].items())
    if "events" in answer:
        yield f"{answer['events']:,} events replayed: {decided}."
        yield f"{answer['people']:,} people, {answer['disclosures']:,} disclosures."
        if "same" in answer:
            same = "the same as" if answer["same"] else "NOT the same as"
            yield f"The answers are {same} in the file."
        return
    people, times = answer["people"], answer["disclosures"]
    yield f"{answer['lines']:,} lines from {answer['from']} to {answer['to']}: {decided}."
    yield (
        f"People shown: {people['without']:,} without the policy, {people['with']:,} with it"
        f" ({times['without']:,} and {times['with']:,} times)."
    )
    for one in answer["refused"][:20]:
        yield (
            f"{one['actor']}: first refused {one['first']} ({one['action']}), because {one['why']};"
            f" {one['people']['without']:,} people without, {one['people']['with']:,} with."
        )
    if len(answer["refused"]) > 20:
        yield f"And {len(answer['refused']) - 20:,} more actors."
