"""`himaya attribute`: compare a file that somebody found with what was disclosed."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

import click

from himaya.cli import ledger_options as shared
from himaya.core.errors import InputError

if TYPE_CHECKING:
    from himaya.analysis.attribution import Compared, FileRows, MarksWanted, Terms
    from himaya.analysis.attribution.people import Hashed
    from himaya.analysis.attribution.reading import Form
    from himaya.ledger.attachments import Attachments


class _Options(TypedDict):
    file: Path | None
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
    attach: int | None
    attached: str
    expire: bool
    sealing_key: Path | None
    why: str
    as_json: bool


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
@shared.ledger_options
@shared.open_option
@click.option(
    "--key",
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
@click.option(
    "--attach",
    type=click.IntRange(1, 3650),
    metavar="DAYS",
    help="Keep FILE so long, encrypted, beside the ledger.",
)
@click.option("--attached", default="", metavar="ID", help="Compare a kept file instead of FILE.")
@click.option("--expire", is_flag=True, help="Only remove kept files whose time is over.")
@click.option("--why", default="", help="What you compare it for; needed. Kept in the access log.")
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
    if options["expire"]:
        _expire(options)
        return
    _check(options)
    answer, kept = _ask(options)
    if options["as_json"]:
        shared.print_json(answer)
    else:
        from himaya.cli.attribute_view import print_words

        print_words(answer)
    if kept:
        click.echo(f"kept, encrypted, as {kept} for {options['attach']} days", err=True)


def _check(options: _Options) -> None:
    """Raise InputError where options do not go together."""
    if (options["file"] is None) == (not options["attached"]):
        raise InputError("name FILE, or a kept one with --attached ID")
    if not options["key"]:
        raise InputError("--key is missing: the column with the site's own id of a person")
    if options["attached"] and options["attach"]:
        raise InputError("--attach keeps FILE; the one named by --attached is kept already")
    if options["attached"] and not options["form"]:
        raise InputError("--attached needs --format csv, tsv or jsonl")


def _ask(options: _Options) -> tuple[Compared, str]:
    """Record the use, then return the answer, and the id under which the file is kept, "" for none.

    A file of few people asks who saw them, so it is for those who may ask that.
    """
    import msgspec

    from himaya.analysis.attribution import compare, gather
    from himaya.ledger.archive import read_sealing_key
    from himaya.ledger.attachments import Attachments
    from himaya.ledger.operators.roles import LEAST_COMPARED
    from himaya.ledger.reader import Reader

    purpose, terms = shared.purpose(options["why"]), _terms(options)
    hashed = _hashed(options)
    private = read_sealing_key(options["sealing_key"]) if options["sealing_key"] else None
    with Reader.open(options["directory"], options["key_file"], sealing_key=private) as reader:
        shared.record_use(reader, "attribute", purpose, start=terms.start, end=terms.end)
        kept = Attachments(reader.layout, reader.chain, reader.keys)
        rows = _rows(options, kept)
        if options["case"]:
            _note(options, purpose)
        found = gather(rows, reader.identities, hashed)
        if not shared.may("who", "subject"):
            terms = msgspec.structs.replace(terms, least=LEAST_COMPARED)
            if found.number < LEAST_COMPARED:
                shared.allow(reader, "attribute", "subject")
        answer = compare(reader, found, terms)
        return answer, _attach(options, kept, purpose)


def _attach(options: _Options, kept: Attachments, why: str) -> str:
    """Keep the file, if that is wanted; return its id."""
    if options["attach"] is None or options["file"] is None:
        return ""
    days, by = options["attach"], shared.operator()
    return kept.attach(options["file"], days, time.time(), why=why, by=by, case=options["case"])


def _expire(options: _Options) -> None:
    """Remove kept files whose time is over, and say how many."""
    from himaya.ledger.attachments import Attachments
    from himaya.ledger.reader import Reader

    with Reader.open(options["directory"], options["key_file"]) as reader:
        shared.allow(reader, "attribute")
        gone = Attachments(reader.layout, reader.chain, reader.keys).expire(time.time())
    click.echo(f"{gone} kept {'file' if gone == 1 else 'files'} removed.")


def _rows(options: _Options, kept: Attachments) -> FileRows:
    from functools import partial

    from himaya.analysis.attribution import FileRows, Wanted, form_of

    columns = tuple(_columns(options).values())
    wanted = Wanted(keys=options["key"], columns=columns, pattern=options["key_pattern"])
    if options["file"] is None:
        name, form = options["attached"], options["form"] or "csv"
        return FileRows(Path(name), wanted, form, partial(kept.open, name))
    return FileRows(options["file"], wanted, options["form"] or form_of(options["file"]))


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
    """Write into a case that somebody compared a file. Raises InputError when there is none."""
    from himaya.cli.case_desk import Desk

    where = (options["directory"], options["key_file"], options["config"])
    with Desk("attribute", *where) as desk:
        desk.do(options["case"], "note", why=f"compared a file with the ledger: {why}")
