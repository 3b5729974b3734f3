"""The type of `--ledger`: a directory that has a name, so that key, cases and copies have one beside it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click


class LedgerPath(click.Path):
    """A path; one that ends without a name (`.`, `/l/..`) becomes the directory that it means."""

    def __init__(self, *, file_okay: bool = True) -> None:
        """With `file_okay=False` an existing file is refused."""
        super().__init__(path_type=Path, file_okay=file_okay)

    def convert(
        self,
        value: Any,  # noqa: ANN401  (as click has it)
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Path:
        """Return the path. Raises what click raises for a bad one."""
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        return path.resolve() if path.name in {"", ".."} else path
