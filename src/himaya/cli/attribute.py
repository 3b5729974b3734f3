"""`himaya attribute`: compare a file that somebody found with what was disclosed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

import click

from himaya.cli import ledger_options as shared
from himaya.core.errors import InputError

if TYPE_CHECKING:
    from himaya.analysis.attribution import Compared, FileRows, Terms
    from himaya.analysis.attribution.reading import Form


class _Options(TypedDict):
    file: Path
    directory: Path
    key_file: Path | None
    key: tuple[str, ...]
    key_pattern: str
    form: Form | None
    start: str | None
    end: str | None
    all_ours: bool
    population: int | None
    share: float
    level: float
    case: str
    sealing_key: Path | None
    why: str
    as_json: bool


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@shared.ledger_options
@click.option(
    "--key",
    required=True,
    multiple=True,
    help="Column with the site's own id of a person; several are tried in order.",
)
@click.option(
    "--key-pattern",
    default="",
    help="Where the id stands in it, such as /u/{subject}; default: it is all of it.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "tsv", "jsonl"]),
    help="How FILE is written; default: by its name.",
)
@click.option("--from", "start", help="Rows from this date or time on (ISO 8601; UTC).")
@click.option(
    "--until", "end", help="Rows before the file was there; a bare date includes that day."
)
@click.option(
    "--all-ours",
    is_flag=True,
    help="Every row is about a person of this site: whoever matches nobody was shown to nobody.",
)
@click.option(
    "--population",
    type=click.IntRange(min=1),
    help="With --all-ours: people the site shows; default: [site] population in the chain.",
)
@click.option(
    "--share",
    type=click.FloatRange(0, 1),
    default=0.2,
    show_default=True,
    help="Least share of our people in FILE that a candidate explains beyond chance.",
)
@click.option(
    "--level",
    type=click.FloatRange(0, 0.5, min_open=True),
    default=0.01,
    show_default=True,
    help="Greatest corrected p-value of a candidate.",
)
@click.option(
    "--case", default="", help="The case this belongs to; its log says that you compared."
)
@click.option("--why", required=True, help="What you compare it for. Kept in the access log.")
@click.option(
    "--sealing-key",
    type=click.Path(path_type=Path),
    help="Private key that opens periods sealed by retention.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def attribute(**options: Unpack[_Options]) -> None:
    """Say which rows of FILE are people the ledger knows, which actors or cases were shown them, and when.

    A lead, never a verdict. Rows of FILE that match nobody are counted, and neither kept nor written anywhere.
    Every use is recorded with its reason before FILE is compared.
    """
    answer = _ask(options)
    if options["as_json"]:
        shared.print_json(answer)
    else:
        from himaya.cli.attribute_view import print_words

        print_words(answer)


def _ask(options: _Options) -> Compared:
    """Record the use, then return the answer."""
    from himaya.analysis.attribution import compare, gather
    from himaya.ledger.archive import read_sealing_key
    from himaya.ledger.reader import Reader

    purpose, rows, terms = shared.purpose(options["why"]), _rows(options), _terms(options)
    private = read_sealing_key(options["sealing_key"]) if options["sealing_key"] else None
    with Reader.open(options["directory"], options["key_file"], sealing_key=private) as reader:
        if options["case"]:
            _note(options, purpose)
        shared.record_use(reader, "attribute", purpose, start=terms.start, end=terms.end)
        return compare(reader, gather(rows, reader.identities), terms)


def _rows(options: _Options) -> FileRows:
    from himaya.analysis.attribution import FileRows, Wanted, form_of

    form = options["form"] or form_of(options["file"])
    wanted = Wanted(keys=options["key"], pattern=options["key_pattern"])
    return FileRows(options["file"], wanted, form)


def _terms(options: _Options) -> Terms:
    from himaya.analysis.attribution import Terms
    from himaya.ledger.names import parse_time

    start, end = parse_time(options["start"]), parse_time(options["end"], end=True)
    if start >= end:
        raise InputError("--from is not before --until")
    return Terms(
        start=start,
        end=end,
        level=options["level"],
        share=options["share"],
        population=options["population"] or 0,
        all_ours=options["all_ours"],
    )


def _note(options: _Options, why: str) -> None:
    """Write into the log of a case that somebody compared a file. Raises InputError when there is none."""
    import time

    from himaya.analysis.cases import CaseStore, cases_path

    with CaseStore(cases_path(options["directory"].absolute())) as store:
        store.note(options["case"], "compared", why=why, by=shared.operator(), at=time.time())
