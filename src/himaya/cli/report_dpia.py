"""`himaya report dpia`: a draft of a data protection impact assessment, and its judgement by a person."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from himaya.cli import ledger_options as shared
from himaya.cli.ledger_path import LedgerPath
from himaya.core.errors import InputError, ServiceError

if TYPE_CHECKING:
    from himaya.config import Config
    from himaya.evidence.dpia.data import Draft

_PATH = click.Path(path_type=Path)


@click.command()
@click.option("--config", "file", type=_PATH, required=True, help="The site's himaya.toml.")
@click.option(
    "--ledger", "directory", type=LedgerPath(), help="The ledger, for figures and judgement."
)
@click.option("--key-file", type=_PATH, help="Key of the ledger; default: beside it, DIR.key.")
@click.option("--out", type=_PATH, help="Write the page to this file instead.")
@click.option("--judge", "text", type=_PATH, help="Record the judgement in this file (text).")
@click.option("--by", "who", default="", help="With --judge: who judges.")
@click.option("--why", default="", help="With --judge: on what occasion.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def dpia(  # noqa: PLR0913  (the options of the command)
    *,
    file: Path,
    directory: Path | None,
    key_file: Path | None,
    out: Path | None,
    text: Path | None,
    who: str,
    why: str,
    as_json: bool,
) -> None:
    """Draft an assessment from the configuration: purposes, fields and risks, retention, safeguards, incidents missed.

    It is a draft: it judges nothing. A person's judgement is recorded with --judge in the ledger's chain, and reads as
    stale once the configuration is another.
    """
    from himaya.config import load
    from himaya.evidence.dpia import markdown

    if text is not None and directory is None:
        raise InputError("--judge needs --ledger: the judgement is kept in its chain")
    config = load(file)
    if text is not None and directory is not None:
        _judge(directory, key_file, config, (text, who, why))
    made = _draft(config, directory, key_file)
    if as_json:
        shared.print_json(made)
    elif out is not None:
        _write(out, markdown(made))
        click.echo(f"Wrote {out}.")
    else:
        click.echo(markdown(made), nl=False)


def _judge(
    directory: Path, key_file: Path | None, config: Config, said: tuple[Path, str, str]
) -> None:
    """Record what a person judged."""
    from himaya.evidence.dpia import judge
    from himaya.evidence.dpia.judging import read_judgement
    from himaya.ledger.reader import Reader

    by, why = shared.purpose(said[1], "--by"), shared.purpose(said[2])
    text = read_judgement(said[0])
    with Reader.open(directory, key_file) as reader:
        shared.record_use(reader, "report dpia", why)
        judge(reader, config, text, by=by, why=why, now=time.time())


def _draft(config: Config, directory: Path | None, key_file: Path | None) -> Draft:
    from himaya.evidence.dpia import draft, judgement
    from himaya.ledger import exports
    from himaya.ledger.reader import Reader

    now = time.time()
    if directory is None:
        return draft(config, now)
    with Reader.open(directory, key_file) as reader:
        shared.record_use(reader, "report dpia", "draft of an impact assessment")
        state, status = reader.state(), reader.status(now)
        figures: dict[str, int | str] = {
            "retention chosen in the ledger": state.retention,
            "rows": int(status["rows"]),
            "holds that stand": int(status["holds"]),
            "questions on record": state.accesses,
            "erasures": len({one.id or one.at for one in state.erasures}),
            "exports not destroyed": len(state.exports) - len(state.destroyed),
            "exports overdue": len(exports.overdue(state, now)),
        }
        return draft(config, now, judgement(reader, config), figures)


def _write(out: Path, page: str) -> None:
    """Write the page for its owner alone. Raises ServiceError."""
    try:
        with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as target:
            target.write(page)
    except OSError as problem:
        raise ServiceError(f"{out}: cannot be written: {problem.strerror}") from None
