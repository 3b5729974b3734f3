"""Which people in a ledger do not exist: canaries, kept beside it so that no answer counts them as people.

Rows about canaries stay as they are: they are evidence. The list beside the ledger only grows, since what was a canary
once was never a person.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from himaya.config.canaries import parse, render
from himaya.core.errors import InputError, LedgerError
from himaya.ledger.files import replace_file


def canaries_path(directory: Path) -> Path:
    """Return where the canaries of a ledger are kept: beside it, as `<directory>.canaries`."""
    return directory.with_name(directory.name + ".canaries")


def kept(directory: Path) -> dict[str, str]:
    """Return every canary that was ever placed, and the place of each. Raises LedgerError."""
    path = canaries_path(directory)
    try:
        return parse(path.read_bytes(), sys.maxsize, str(path))
    except FileNotFoundError:
        return {}
    except OSError as problem:
        raise LedgerError(f"{path}: cannot read the canaries: {problem.strerror}") from problem
    except InputError as problem:
        raise LedgerError(str(problem)) from problem


def keep(directory: Path, placed: Mapping[str, str]) -> None:
    """Remember canaries beside a ledger, mode 0600; the place told last counts. Raises LedgerError."""
    before = kept(directory) if placed else {}
    after = {**before, **placed}
    if after == before:
        return
    try:
        replace_file(canaries_path(directory), render(after).encode())
    except OSError as problem:
        path = canaries_path(directory)
        raise LedgerError(f"{path}: cannot keep the canaries: {problem.strerror}") from problem
