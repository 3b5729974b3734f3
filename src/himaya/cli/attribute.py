"""`himaya attribute`: compare a file that somebody found with what was disclosed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

import click

from himaya.cli import ledger_options as shared
from himaya.core.errors import InputError

if TYPE_CHECKING:
    from himaya.analysis.attribution import Compared, FileRows, MarksWanted, Terms
    from himaya.analysis.attribution.people import Hashed
    from himaya.analysis.attribution.reading import Form


class _Options(TypedDict):
    file: Path
    directory: Path
    key_file: Path | None
    key: tuple[str, ...]
    key_pattern: str
    columns: tuple[str, ...]
    config: Path | None
    marks: Path | None
    renderings: Path | None
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
    "--column",
    "columns",
    multiple=True,
    metavar="FIELD=COLUMN",
    help="Column with values of a field that a surface lists under `version`; needs --config.",
)
@click.option(
    "--marks",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Key file of marks: with it, columns are read as renderings; needs --renderings.",
)
@click.option(
    "--renderings",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The site's list of renderings: CSV with id, field, first, second.",
)
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The site's himaya.toml: where its secret is.",
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

    purpose, terms = shared.purpose(options["why"]), _terms(options)
    rows, hashed = _rows(options), _hashed(options)
    private = read_sealing_key(options["sealing_key"]) if options["sealing_key"] else None
    with Reader.open(options["directory"], options["key_file"], sealing_key=private) as reader:
        if options["case"]:
            _note(options, purpose)
        shared.record_use(reader, "attribute", purpose, start=terms.start, end=terms.end)
        return compare(reader, gather(rows, reader.identities, hashed), terms)


def _rows(options: _Options) -> FileRows:
    from himaya.analysis.attribution import FileRows, Wanted, form_of

    form = options["form"] or form_of(options["file"])
    columns = tuple(_columns(options).values())
    wanted = Wanted(keys=options["key"], columns=columns, pattern=options["key_pattern"])
    return FileRows(options["file"], wanted, form)


def _columns(options: _Options) -> dict[str, str]:
    """Return the column of each field. Raises InputError."""
    pairs = [text.partition("=") for text in options["columns"]]
    if bad := [field for field, sign, column in pairs if not (field and sign and column)]:
        raise InputError(f"--column {bad[0]}: write FIELD=COLUMN")
    return {field: column for field, _, column in pairs}


def _hashed(options: _Options) -> dict[str, Hashed]:
    """Return what makes hashes of the values of each field. Raises InputError and ConfigError."""
    from functools import partial

    from himaya.analysis.attribution.marked import digest_of
    from himaya.config import load
    from himaya.core.version import hash_of
    from himaya.gate.challenge_secret import load_secret, secret_path

    columns = _columns(options)
    if not columns:
        return {}
    if options["marks"]:
        return dict.fromkeys(columns, digest_of)
    if options["config"] is None:
        raise InputError("--column needs --config: the site's secret keys the versions of rows")
    config = load(options["config"])
    if not secret_path(config).exists():
        raise InputError(
            f"the site's secret {secret_path(config)} is missing; no version can be compared"
        )
    secret = load_secret(config)

    def made(field: str, subject: str, value: str) -> str:
        return hash_of(secret, subject, field, value)

    return {field: partial(made, field) for field in columns}


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
        marks=_marks(options),
    )


def _marks(options: _Options) -> MarksWanted | None:
    """Return the key of marks and the list of renderings. Raises InputError."""
    from himaya.analysis.attribution import MarksWanted

    key, renderings = options["marks"], options["renderings"]
    if (key is None) != (renderings is None):
        raise InputError("--marks and --renderings go together")
    if key is None or renderings is None:
        return None
    try:
        return MarksWanted(key.read_bytes(), renderings)
    except OSError as problem:
        raise InputError(f"cannot be read: {problem.strerror}", file=str(key)) from problem


def _note(options: _Options, why: str) -> None:
    """Write into the log of a case that somebody compared a file. Raises InputError when there is none."""
    import time

    from himaya.analysis.cases import CaseStore, cases_path

    with CaseStore(cases_path(options["directory"].absolute())) as store:
        store.note(options["case"], "compared", why=why, by=shared.operator(), at=time.time())
