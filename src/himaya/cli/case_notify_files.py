"""Files of a notice that a person looks at: HTML, text and on demand PDF. They name no data subject."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from himaya.core.errors import InputError

if TYPE_CHECKING:
    from himaya.cli.case_desk import Desk
    from himaya.response.cases import Case
    from himaya.response.notices.drafts import Draft
    from himaya.response.notices.texts import Library

_Command = TypeVar("_Command", bound=Callable[..., Any])


def out_options(command: _Command) -> _Command:
    """Add `--out DIR` and `--pdf`."""
    where = click.option(
        "--out", type=click.Path(path_type=Path, file_okay=False), help="Write HTML and text there."
    )
    as_pdf = click.option("--pdf", is_flag=True, help="With --out: PDF, too (himaya[pdf]).")
    return where(as_pdf(command))


def desk_library(desk: Desk) -> Library:
    """Return the texts of the site. Raises InputError."""
    from himaya.response.notices.texts import Library

    return Library(desk.config.response.templates if desk.config else "")


def check_out(out: Path | None, *, pdf: bool) -> None:
    """Raise HimayaError for files that could not be written, before anything is done."""
    if not pdf:
        return
    if out is None:
        raise InputError("--pdf goes with --out")
    from himaya.response.rendering.pdf import loaded

    loaded()


def write_all(desk: Desk, case: Case, one: Draft, out: Path | None, *, pdf: bool) -> list[Path]:
    """Write a notice in each of its languages (0600), and return the files; none without `out`. Raises HimayaError."""
    from himaya.ledger.handing_out import write_private
    from himaya.response.notices.drafts import is_released, shown
    from himaya.response.rendering import html_of, text_of

    if out is None:
        return []
    written = []
    for page in shown(case, one, desk_library(desk), released=is_released(case, one)):
        forms = {"html": html_of(page).encode(), "txt": text_of(page).encode()}
        if pdf:
            from himaya.response.rendering.pdf import pdf_of

            forms["pdf"] = pdf_of(page)
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
        for end, data in forms.items():
            path = out / f"{one.id}.{page.language}.{end}"
            write_private(path, data)
            written.append(path)
    return written
