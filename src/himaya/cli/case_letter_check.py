"""`himaya case letter check`: whether an annex is as it was signed, and whether its counts are still the ledger's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from himaya.cli import ledger_options as shared
from himaya.cli.ledger_path import LedgerPath
from himaya.core.errors import InputError

if TYPE_CHECKING:
    from himaya.cli.case_desk import Desk
    from himaya.response.letters.annex import Annex
    from himaya.response.letters.checking import Checked
    from himaya.response.letters.evidence import About

_PATH = click.Path(path_type=Path)
#: Bytes of an annex that are read.
_MOST = 64 << 20
#: Figures that differ which are printed; --json has all of them.
_SHOWN = 20


@click.command()
@click.argument("file", metavar="ANNEX", type=_PATH)
@click.option("--public", default="", help="The key of the site (hex), as the site names it.")
@click.option(
    "--ledger", "directory", type=LedgerPath(), help="The ledger it came from: count anew."
)
@click.option("--key-file", type=_PATH, help="Key of the ledger; default: beside it, DIR.key.")
@click.option("--config", type=_PATH, help="Configuration; default: himaya.toml, if there is one.")
@shared.pass_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check(
    *,
    file: Path,
    public: str,
    directory: Path | None,
    key_file: Path | None,
    config: Path | None,
    as_json: bool,
) -> None:
    """Check the signature of an annex and, with --ledger, its counts; exit 1 when one does not hold."""
    from himaya.config.bounded import read_bounded
    from himaya.response.letters.annex import checked

    if directory is not None:
        shared.allow_in(directory, key_file, "case letter check")
    data = read_bounded(file, _MOST)
    told: dict[str, Any] = {"problem": ""}
    try:
        annex = checked(data, public)
    except InputError as problem:
        told = {"problem": f"{file}: {problem}"}
    else:
        told |= {"letter": annex.letter, "made": annex.made, "site": annex.site}
        if directory is not None:
            told |= _beside(annex, data, directory, key_file, config)
    if as_json:
        shared.print_json(told)
    else:
        for line in _words(told, named=bool(public) or directory is not None):
            click.echo(shared.printable(line))
    raise click.exceptions.Exit(1 if told["problem"] or told.get("verdict") == "other" else 0)


def _beside(
    annex: Annex, data: bytes, directory: Path, key_file: Path | None, config: Path | None
) -> dict[str, Any]:
    """Return how an annex stands to the ledger. Raises InputError when the register has no such letter."""
    import msgspec

    from himaya.cli.case_desk import Desk
    from himaya.response.letters.checking import check_annex

    with Desk("case letter check", directory, key_file, config) as desk:
        problem, asked = _asked(desk, annex, data)
        if problem:
            return {"problem": problem}
        with desk.reader() as reader:
            shared.record_use(reader, "case letter check", f"the annex of letter {annex.letter}")
            found: Checked = check_annex(reader, annex, asked)
    told: dict[str, Any] = msgspec.to_builtins(found)
    return told


def _asked(desk: Desk, annex: Annex, data: bytes) -> tuple[str, About]:
    """Return what is wrong, "" nothing, and what was asked for. Raises InputError where that is not on record."""
    from himaya.cli.case_letter_files import digest, keys_of
    from himaya.response.letters.draft import opened
    from himaya.response.letters.evidence import About
    from himaya.response.letters.standing import letter_of

    case, _, name = annex.letter.rpartition("/")
    letter = letter_of(desk.register.case(case), name)
    if letter.annex_sha256 != digest(data):
        return f"it is not the annex of letter {annex.letter} in this register", About("", ())
    asked = opened(letter.sealed, keys_of(desk)).asked if letter.sealed else None
    if asked is None:
        raise InputError(
            f"whose rows letter {annex.letter} counts is not on record: retention took its text away, or an earlier"
            " himaya drafted it"
        )
    return "", asked


def _words(told: dict[str, Any], *, named: bool) -> list[str]:
    if told["problem"]:
        return [told["problem"]]
    lines = [
        f"The annex is as it was signed: letter {told['letter']} of {told['site']}, made {told['made']}."
    ]
    if "verdict" in told:
        lines += _verdict(told)
    elif not named:
        lines.append("Whose key that is, is not checked: name the site's key with --public.")
    return lines


def _verdict(told: dict[str, Any]) -> list[str]:
    said = {
        "same": "Its counts and its digest are those of the ledger.",
        "retention": f"Retention removed {told['removed']:,} of its rows, all of days before {told['before']};"
        " later days have the same rows.",
        "erased": f"The ledger has the same rows; since {told['erased']:,} erasures some of the people have other"
        " numbers, so counts of people and the digest are not the same.",
        "other": "Its counts are not those of the ledger, and neither retention nor erasure explains it:",
    }[told["verdict"]]
    different = [
        f"  {one['what']}: {one['annex']} in the annex, {one['ledger']} in the ledger"
        for one in told["differences"]
    ]
    more = len(different) - _SHOWN
    return [said, *different[:_SHOWN], *([f"  and {more:,} more: --json"] if more > 0 else [])]
