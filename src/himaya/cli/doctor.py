"""`himaya doctor`: look at an installation and say what to fix."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from himaya.cli import ledger_options as shared
from himaya.core.errors import ConfigError, InputError

if TYPE_CHECKING:
    from himaya.config import Config
    from himaya.doctor import Check

_PATH = click.Path(path_type=Path)
_CODES = {"ok": 0, "warning": 1, "problem": 2}
_SHOWN = {"ok": "ok      ", "warning": "warning ", "problem": "PROBLEM "}


@click.command()
@click.option("--config", type=_PATH, required=True, help="The site's himaya.toml.")
@click.option("--url", default="", help="The site as visitors reach it: one request is sent there.")
@click.option(
    "--path", default="/", show_default=True, help="What is asked of --url; it should show nobody."
)
@click.option("--log", type=_PATH, help="The access log that follow reads.")
@click.option("--front-user", default="", help="The account of the front server, such as www-data.")
@click.option(
    "--days",
    default=7,
    show_default=True,
    type=click.IntRange(1, 366),
    help="How far back to look.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def doctor(
    *,
    config: Path,
    url: str,
    path: str,
    log: Path | None,
    front_user: str,
    days: int,
    as_json: bool,
) -> None:
    """Look at an installation: configuration, gate, front door, log feed, ledger, keys, alerts. Changes nothing.

    Exit code 0 when all is well, 1 with a warning, 2 with a problem.
    """
    from himaya.doctor import Asked, Scene, examine

    if url and not url.startswith(("http://", "https://")):
        raise InputError(f"--url: expected http://... or https://..., got {url!r}")
    if not path.startswith("/") or not path.isprintable() or " " in path:
        raise InputError(f"--path: expected a path such as /about, got {path!r}")
    asked = Asked(time.time(), url, path, log, front_user, days)
    try:
        loaded = _loaded(config)
    except ConfigError as why:
        _print([_unloaded(str(why))], as_json=as_json)
    else:
        with Scene(loaded, asked) as scene:
            _print([_is_loaded(str(config)), *examine(scene)], as_json=as_json)


def _loaded(config: Path) -> Config:
    from himaya.config import load

    return load(config)


def _is_loaded(file: str) -> Check:
    from himaya.doctor.check import ok

    return ok("configuration", f"{file} is valid.")


def _unloaded(why: str) -> Check:
    from himaya.doctor.check import problem

    return problem("configuration", why, "Correct it: himaya config check himaya.toml")


def _print(found: list[Check], *, as_json: bool) -> None:
    if as_json:
        shared.print_json({"level": _worst(found), "checks": found})
    else:
        for one in found:
            click.echo(shared.printable(f"{_SHOWN[one.level]} {one.name:<14} {one.said}"))
            if one.do:
                click.echo(shared.printable(f"{'':<23} -> {one.do}"))
    raise click.exceptions.Exit(_CODES[_worst(found)])


def _worst(found: list[Check]) -> str:
    return max((one.level for one in found), key=lambda level: _CODES[level])
