"""`--engine` and `--storage`: who answers questions about all rows, and where the sealed files are read."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

import click

_Command = TypeVar("_Command", bound=Callable[..., Any])


def engine_options(command: _Command) -> _Command:
    """Add both options; the command gets them as `engine`, a Choice for `Reader.open`."""

    @functools.wraps(command)
    def chosen(*args: Any, engine: str, storage: str, **kwargs: Any) -> Any:  # noqa: ANN401  (handed on)
        from himaya.ledger.engines import Choice

        return command(*args, engine=Choice(engine, storage), **kwargs)

    who = click.option(
        "--engine",
        default="duckdb",
        metavar="ENGINE",
        help="Who answers: duckdb (default), local[2] or spark://HOST:PORT (himaya[spark]).",
    )
    where = click.option(
        "--storage",
        default="",
        metavar="URL",
        help="Read sealed files from where `himaya ledger publish` copied them.",
    )
    return cast("_Command", who(where(chosen)))
