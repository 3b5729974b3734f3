"""`himaya case leak`: a file that was found later is compared with the people of every confirmed case."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from himaya.cli import ledger_options as shared
from himaya.cli.case_desk import Desk, desk_options, moment
from himaya.core.errors import InputError

if TYPE_CHECKING:
    from himaya.response.cases import Case
    from himaya.response.letters.reappearance import Match


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@desk_options
@click.option(
    "--key", "keys", multiple=True, required=True, help="Column with the site's own id of a person."
)
@click.option("--key-pattern", default="", help="Where the id stands in it, such as /u/{subject}.")
@click.option(
    "--format", "form", type=click.Choice(["csv", "tsv", "jsonl"]), help="Default: by name."
)
@click.option("--case", "only", help="Compare with this case alone.")
@click.option("--seen", help="When the file was seen, ISO 8601; default: now.")
@click.option("--why", required=True, help="What it is compared for. Kept in the access log.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def leak(  # noqa: PLR0913  (the options of the command)
    *,
    file: Path,
    directory: Path,
    key_file: Path | None,
    config: Path | None,
    keys: tuple[str, ...],
    key_pattern: str,
    form: str | None,
    only: str | None,
    seen: str | None,
    why: str,
    as_json: bool,
) -> None:
    """Say which confirmed cases a found FILE fits; their confirmations of deletion are contradicted by it.

    A closed case that it fits is opened again. Rows of FILE are neither kept nor written anywhere.
    """
    from himaya.analysis.attribution import FileRows, Wanted, form_of
    from himaya.analysis.attribution.reading import Form

    reason, read_as = shared.purpose(why), msgspec.convert(form or form_of(file), Form)
    rows = FileRows(file, Wanted(keys=keys, pattern=key_pattern), read_as)
    with Desk("case leak", directory, key_file, config) as desk:
        at = moment(seen) or desk.now
        if at > desk.now:
            raise InputError(f"--seen {seen} is in the future")
        cases = _cases(desk, only)
        found = _compare(desk, rows, cases, reason)
        told = [_note(desk, desk.register.case(one.case), one, file, at, reason) for one in found]
    _print(told, as_json=as_json)


def _cases(desk: Desk, only: str | None) -> list[Case]:
    """Return the cases that somebody confirmed, or the one of them that is named. Raises InputError.

    A case whose reasons retention removed is not opened again, so nothing is compared with it.
    """
    every = [desk.register.case(only)] if only is not None else desk.register.cases()
    sure = [one for one in every if one.last("confirmed") and not one.practice]
    found = [one for one in sure if one.state != "merged" and one.last("expired") is None]
    if only is not None and not found:
        raise InputError(
            f"case {only} is {every[0].state}; a file is compared with a real case that somebody"
            " confirmed, that did not go on in another one and whose reasons are still kept"
        )
    if not found:
        raise InputError("no case was ever confirmed; there is nothing to compare with")
    return found


def _compare(desk: Desk, rows: Any, cases: list[Case], why: str) -> list[Match]:  # noqa: ANN401  (imported late)
    from himaya.analysis.attribution import gather
    from himaya.ledger.operators.roles import LEAST_COMPARED
    from himaya.response.actors import actors_of
    from himaya.response.letters.reappearance import Theirs, compare

    theirs = [
        Theirs(one.id, actors_of(one, desk.directory).everybody, one.start, one.end)
        for one in cases
    ]
    with desk.reader() as reader:
        shared.record_use(reader, "case leak", why)
        people = gather(rows, reader.identities).people(reader.canaries())[0]
        if len(people) < LEAST_COMPARED:
            raise InputError(
                f"{len(people)} people of the file are known here; fewer than {LEAST_COMPARED} say nothing of a case"
            )
        return compare(reader, people, theirs)


def _note(desk: Desk, case: Case, match: Match, file: Path, seen: int, why: str) -> dict[str, Any]:
    """Write down that a file fits a case, and open a closed one again; return what is printed."""
    from himaya.response.letters.reappearance import contradicted

    told = {**msgspec.structs.asdict(match), "reopened": False, "contradicted": []}
    if match.matches:
        letters = contradicted(case, seen)
        with file.open("rb") as read:
            digest = hashlib.file_digest(read, "sha256").hexdigest()
        if case.state == "closed":
            desk.do(
                case.id, "reopened", why=f"a found file has {match.overlap} of its people: {why}"
            )
            told["reopened"] = True
        figures: dict[str, Any] = {"people": match.people, "overlap": match.overlap, "p": match.p}
        desk.do(
            case.id, "reappeared", why=why, sha256=digest, seen=seen, letters=letters, **figures
        )
        told["contradicted"] = letters
    return {**told, "state": str(desk.register.case(case.id).state)}


def _print(told: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        shared.print_json({"cases": told})
        return
    head = (
        "case",
        "people",
        "overlap",
        "chance",
        "p",
        "matches",
        "reopened",
        "contradicted",
        "state",
    )
    rows = [[_word(one[name]) for name in head] for one in told]
    shared.print_table(head, rows)
    click.echo("A lead, not a verdict: it says whose rows fit the file, not who published it.")


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3g}"
    return ", ".join(value) if isinstance(value, list) else str(value)
