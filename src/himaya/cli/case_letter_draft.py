"""`himaya case letter draft`: one command from a confirmed case to a letter and its signed annex."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

import click

from himaya.cli import ledger_options as shared
from himaya.cli.case_desk import Desk, desk_options
from himaya.core.errors import InputError

if TYPE_CHECKING:
    from himaya.response.cases import Case
    from himaya.response.letters.addressee import Addressee
    from himaya.response.letters.draft import Draft, Sender
    from himaya.response.letters.evidence import About, Evidence


class _Options(TypedDict):
    kind: str
    name: str
    directory: Path
    key_file: Path | None
    config: Path | None
    to: str
    contact: str
    established: str
    sure: str
    bases: tuple[str, ...]
    urls: tuple[str, ...]
    due: str
    language: str
    country: str
    authority: str
    start: str | None
    end: str | None
    others: bool
    out: Path
    pdf: bool
    why: str
    as_json: bool


@click.command()
@click.argument("name")
@desk_options
@click.option(
    "--kind",
    required=True,
    help="stop, deletion, confirmation (the form to sign), host, registrar or marketplace.",
)
@click.option("--to", required=True, help="Who is written to.")
@click.option("--contact", required=True, help="Where: a postal or mail address.")
@click.option(
    "--established",
    required=True,
    help="How it is known who that is: account_record, api_contract, company_record, court_order,"
    " asn_owner, abuse_contact, registrar_record, offer_page.",
)
@click.option("--sure", required=True, help="How sure that is: proven, likely or claimed.")
@click.option(
    "--basis",
    "bases",
    multiple=True,
    help="Legal basis: terms, contract, database, access, data_protection; several times.",
)
@click.option(
    "--url", "urls", multiple=True, help="Where the data is (host, registrar, marketplace)."
)
@click.option("--due", default="", help="Until when an answer is asked for: 2026-12-31.")
@click.option("--language", default="en", show_default=True, help="Language of the letter.")
@click.option("--country", default="", help="Country of the recipient, for the record.")
@click.option("--authority", default="", help="On whose authority it is written.")
@click.option("--from", "start", help="Evidence from this time on; default: that of the case.")
@click.option("--until", "end", help="Evidence before this time; a bare date includes that day.")
@click.option("--others", is_flag=True, help="Also members of its groups who are not proven.")
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="Directory for letter and annex."
)
@click.option("--pdf", is_flag=True, help="PDF of letter and annex, too (himaya[pdf]).")
@click.option("--why", required=True, help="Why; the ledger is read for it.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def draft(**options: Unpack[_Options]) -> None:
    """Draft a letter of a confirmed case, with an annex whose counts are the ledger's. A draft is never sent."""
    from himaya.cli.case_letter_files import write_files
    from himaya.cli.case_notify_files import check_out
    from himaya.response.letters.draft import check

    check_out(options["out"], pdf=options["pdf"])
    place = options["directory"], options["key_file"], options["config"]
    with Desk("case letter draft", *place) as desk:
        case = desk.register.case(options["name"])
        made = _draft(desk, case, options)
        doubts = check(made[0])
        case = _keep(desk, case, options, *made)
        files = write_files(desk, case, made[0].id, options["out"], pdf=options["pdf"])
    _print(case, made[0], doubts, files, as_json=options["as_json"])


def _draft(desk: Desk, case: Case, options: _Options) -> tuple[Draft, bytes]:
    """Return a draft and the file of its annex."""
    from himaya.cli.case_letter_files import annex_name, digest, keys_of
    from himaya.ledger.schema import iso
    from himaya.response.letters.addressee import Addressee
    from himaya.response.letters.annex import Annex, signed
    from himaya.response.letters.draft import Draft

    to = Addressee(options["to"], options["contact"], options["established"], options["sure"])
    _early(options, to)
    number = sum(act.data.get("what") == "letter" for act in case.acts("drafted")) + 1
    name, sender = f"l-{number}", _sender(desk, options)
    asked = _asked(desk, case, options)
    found = _evidence(desk, asked, options["why"])
    made = Annex(f"{case.id}/{name}", iso(desk.now), sender.site, found)
    annex = signed(made, keys_of(desk))
    return (
        Draft(
            id=name,
            case=case.id,
            kind=options["kind"],
            language=options["language"],
            country=options["country"],
            sender=sender,
            to=to,
            bases=options["bases"],
            urls=options["urls"],
            written=datetime.fromtimestamp(desk.now / 1e6, UTC).date().isoformat(),
            due=options["due"],
            annex=annex_name(case.id, name),
            annex_sha256=digest(annex),
            evidence=found,
            asked=asked,
            practice=case.practice,
            demand=_demand(case) if options["kind"] == "confirmation" else "",
        ),
        annex,
    )


def _early(options: _Options, to: Addressee) -> None:
    """Refuse what no evidence would mend, before the ledger is read."""
    from himaya.response.letters.forms import check_bases, form_of
    from himaya.response.letters.standing import end_of
    from himaya.response.letters.wording import texts

    to.check(form_of(options["kind"]).party)
    check_bases(options["bases"])
    texts(options["language"])
    end_of(options["due"])


def _demand(case: Case) -> str:
    """Return the reference of the last deletion demand of a case. Raises InputError when there is none."""
    from himaya.response.letters.standing import letters_of

    found = [one.id for one in letters_of(case).values() if one.kind == "deletion"]
    if not found:
        raise InputError(
            f"the form of confirmation goes with a deletion demand, and case {case.id} has none:"
            " draft it first, with --kind deletion"
        )
    return f"{case.id}/{found[-1]}"


def _sender(desk: Desk, options: _Options) -> Sender:
    from himaya.response.letters.draft import Sender

    if desk.config is None or not desk.config.owner.contact:
        raise InputError(
            "a letter says who writes: name [owner] contact in himaya.toml, and give --config"
        )
    site, owner = desk.config.site, desk.config.owner
    named = f"{site.name} ({site.url})" if site.url else site.name
    return Sender(named, owner.name, owner.contact, options["authority"])


def _asked(desk: Desk, case: Case, options: _Options) -> About:
    """Return whose evidence is asked for. Raises InputError when nobody of the case is sure enough."""
    from himaya.ledger.names import FOREVER, parse_time
    from himaya.response.actors import actors_of
    from himaya.response.letters.evidence import About

    found = actors_of(case, desk.directory)
    actors = found.everybody if options["others"] else found.certain
    if not actors:
        more = f"; {len(found.others)} only look alike: --others" if found.others else ""
        raise InputError(f"case {case.id} has no actor that was proven or named{more}")
    start = parse_time(options["start"]) if options["start"] else case.start
    end = parse_time(options["end"], end=True) if options["end"] else case.end or FOREVER
    return About(case.id, actors, start, end, practice=case.practice)


def _evidence(desk: Desk, asked: About, reason: str) -> Evidence:
    from himaya.response.letters.evidence import gather

    with desk.reader() as reader:
        why = f"{shared.purpose(reason)} (case {asked.case}, {len(asked.actors)} actors)"
        shared.record_use(reader, "case letter draft", why, start=asked.start, end=asked.end)
        return gather(reader, asked)


def _keep(desk: Desk, case: Case, options: _Options, made: Draft, annex: bytes) -> Case:
    """Write the draft into the register, sealed: its recipient may be a person."""
    from himaya.cli.case_letter_files import digest, keys_of
    from himaya.response.letters.forms import form_of
    from himaya.response.letters.wording import VERSION, texts
    from himaya.response.letters.writing import write
    from himaya.response.rendering import text_of

    text = text_of(write(made, released=True))
    return desk.do(
        case.id,
        "drafted",
        why=options["why"],
        id=made.id,
        what="letter",
        form=made.kind,
        party=form_of(made.kind).party,
        country=made.country,
        language=made.language,
        version=VERSION,
        text=texts(made.language).status,
        sha256=digest(text.encode()),
        annex_sha256=digest(annex),
        annex=keys_of(desk).seal_text(annex.decode()),
        bases=list(made.bases),
        due=made.due,
        people=made.evidence.people,
        rows=made.evidence.rows,
        evidence=made.evidence.digest,
        sealed=made.sealed(keys_of(desk)),
    )


def _print(case: Case, made: Draft, doubts: list[str], files: list[str], *, as_json: bool) -> None:
    told = {
        "id": case.id,
        "letter": made.id,
        "kind": made.kind,
        "people": made.evidence.people,
        "rows": made.evidence.rows,
        "annex_sha256": made.annex_sha256,
        "doubts": doubts,
        "files": files,
    }
    if as_json:
        shared.print_json(told)
        return
    said = [
        f"Letter {made.id} of {case.id} is a draft: {made.evidence.people:,} people, {made.evidence.rows:,} records.",
        *(f"  to think of: {one}" for one in doubts),
        *(f"  {one}" for one in files),
        f"Next: himaya case letter researcher {case.id}, then release {case.id} {made.id} by another person.",
    ]
    for line in said:
        click.echo(shared.printable(line))
