"""`himaya demo --incident`: the story of an incident, its commands run by this command line itself."""

from __future__ import annotations

import contextlib
import io
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from himaya.core.errors import HimayaError

if TYPE_CHECKING:
    from himaya.demo.incident.hands import Done


def tell_incident(out: Path | None, people: int) -> int:
    """Tell the story in `out`, or a temporary directory, and return its exit code. Raises HimayaError."""
    from himaya.demo.incident.story import Options, tell

    place = out or Path(tempfile.mkdtemp(prefix="himaya-incident-"))
    return tell(Options(place.absolute(), people), run, click.echo)


def run(words: Sequence[str]) -> Done:
    """Run `himaya` with these words in this process and return what it printed, as the installed command would."""
    from himaya.cli import group
    from himaya.demo.incident.hands import Done

    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = group.main(list(words), standalone_mode=False)
        except click.ClickException as problem:
            problem.show()
            code = 2
        except HimayaError as problem:
            click.echo(f"himaya: {problem}", err=True)
            code = 2
        except SystemExit as end:
            code = end.code
    return Done(code if isinstance(code, int) else 0, out.getvalue(), err.getvalue())
