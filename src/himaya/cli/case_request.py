"""`himaya case request`, `himaya case answer`: what a person asks of the site, and the dated answer."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from himaya.cli import ledger_options as shared
from himaya.cli.case_desk import Desk, desk_options, moment
from himaya.core.errors import InputError

if TYPE_CHECKING:
    from himaya.evidence.letter import Letter
    from himaya.evidence.request_letter import Answer
    from himaya.ledger.access import SubjectAccess
    from himaya.ledger.reader import Reader
    from himaya.response.cases import Case

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@desk_options
@click.option("--kind", required=True, help="access, complaint or objection.")
@click.option("--subject", required=True, help="The person who asks, as the site names them.")
@click.option("--country", default="", help="Where they live: ISO 3166, such as ES or CA-QC.")
@click.option("--received", help="When it came in, if not now (ISO 8601; UTC).")
@click.option("--why", required=True, help="What they ask. Kept in the case; leave names out.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def request(
    *,
    directory: Path,
    key_file: Path | None,
    config: Path | None,
    subject: str,
    why: str,
    as_json: bool,
    **about: Any,  # noqa: ANN401  (kind, country, and when it came in)
) -> None:
    """Open a case for a person who complains, objects, or asks what was shown of them.

    The answer is due after `[response] answer_days`. The case keeps the person's number in the ledger, not the name.
    """
    from himaya.response.people.requests import new_id, opening

    reason, name = shared.purpose(why), new_id()
    with Desk("case request", directory, key_file, config) as desk:
        came = moment(about["received"]) or desk.now
        if came > desk.now:
            raise InputError("--received lies in the future")
        with desk.reader() as reader:
            column, number = reader.subject(subject)
            shared.record_use(reader, "case request", reason, column=column, surrogate=number)
        days = desk.settings.answer_days
        data = opening(about["kind"], number, about["country"], came, days)
        when = moment(about["received"])
        desk.register.add(desk.act(name, "opened", why=reason, when=when, data=data))
        case = desk.register.case(name)
        authority = desk.authority(about["country"])
    _print_request(case, authority, as_json=as_json)


def _print_request(case: Case, authority: str, *, as_json: bool) -> None:
    from himaya.ledger.schema import iso
    from himaya.response.people.requests import country_asked, due, subject_of

    country = country_asked(case)
    told = {
        "id": case.id,
        "kind": case.kind,
        "state": str(case.state),
        "received": iso(case.entries[0].act.moment),
        "due": iso(due(case)),
        "country": country,
        "authority": authority,
        "known": bool(subject_of(case)),
    }
    if as_json:
        shared.print_json(told)
        return
    click.echo(f"{case.id}: {case.kind}, {case.state}; the answer is due before {told['due']}.")
    authority = authority or "not named by our table; ask counsel"
    click.echo(shared.printable(f"Authority for {country or 'unknown residence'}: {authority}."))
    if not told["known"]:
        click.echo("The ledger does not know this name; `case answer` needs it again (--subject).")
    click.echo(f"Next: himaya case answer {case.id}")


@click.command()
@desk_options
@click.argument("name")
@click.option("--subject", default="", help="The person, where the ledger does not know the name.")
@click.option("--why", required=True, help="On what ground it is answered. Kept in the case.")
@click.option("--draft", is_flag=True, help="Show the answer; the request stays open.")
@click.option("--html", type=_FILE, help="Write a page to this file.")
@click.option("--text", type=_FILE, help="Write the text to this file.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def answer(
    *,
    directory: Path,
    key_file: Path | None,
    config: Path | None,
    name: str,
    subject: str,
    why: str,
    draft: bool,
    **out: Any,  # noqa: ANN401  (where the answer goes)
) -> None:
    """Answer a person's request from the ledger, dated; what nobody can say is in it.

    Fields, days, kinds of recipients, how sure, whether a confirmed collector took something, periods that were not
    observed or are no longer kept, and where to complain.
    """
    from himaya.evidence.letter import text_of
    from himaya.evidence.request_letter import answer_letter

    reason = shared.purpose(why)
    with Desk("case answer", directory, key_file, config) as desk:
        case = _open_request(desk, name)
        with desk.reader() as reader:
            found = _answered(desk, reader, case, subject, reason)
        site, contact = _house(desk)
        letter = answer_letter(found, site, contact)
        _write(letter, out)
        if not draft:
            digest = hashlib.sha256(text_of(letter).encode()).hexdigest()
            desk.do(name, "answered", why=reason, sha256=digest)
    _print(found, letter, out)


def _open_request(desk: Desk, name: str) -> Case:
    from himaya.response.cases import State
    from himaya.response.people.requests import is_request

    case = desk.register.case(name)
    if not is_request(case):
        raise InputError(f"case {name} is of kind {case.kind}; nobody asks for an answer in it")
    if case.state is not State.RECEIVED:
        raise InputError(f"case {name} is {case.state}; it was answered already")
    return case


def _answered(desk: Desk, reader: Reader, case: Case, subject: str, why: str) -> Answer:
    """Record the use, then return the answer as of now."""
    from himaya.evidence.request_letter import Answer
    from himaya.ledger.schema import iso
    from himaya.response.people.requests import country_asked
    from himaya.response.people.taken import taken_of

    person = _named(reader, case, subject)
    country = country_asked(case)
    return Answer(
        request=case.id,
        kind=case.kind,
        received=iso(case.entries[0].act.moment)[:10],
        answered=iso(desk.now)[:10],
        country=country,
        authority=desk.authority(country),
        access=_access(reader, person, f"{why} (request {case.id})"),
        taken=taken_of(reader, desk.register, person),
    )


def _named(reader: Reader, case: Case, subject: str) -> str:
    """Return the name of whoever asks. Raises InputError when it is erased, not known, or another one's."""
    from himaya.response.people.requests import subject_of

    number = subject_of(case)
    if subject and reader.subject(subject)[1] != number:
        raise InputError(f"request {case.id} is another person's; leave --subject out")
    name = subject or reader.identities.names([number]).get(number, "")
    if not name:
        why = "was erased since" if number else "was not in the ledger; name it with --subject"
        raise InputError(f"the name of whoever made request {case.id} {why}")
    return name


def _access(reader: Reader, person: str, why: str) -> SubjectAccess:
    from himaya.cli.access import newest_config, outside_of
    from himaya.ledger.access import subject_access

    column, number = reader.subject(person)
    shared.record_use(reader, "case answer", why, column=column, surrogate=number)
    with outside_of(reader, newest_config(reader)) as outside:
        return subject_access(reader, person, outside)


def _house(desk: Desk) -> tuple[str, str]:
    """Return what the site is called, and how its people are reached."""
    return (desk.config.site.name, desk.config.owner.contact) if desk.config else ("", "")


def _write(letter: Letter, out: dict[str, Any]) -> None:
    from himaya.evidence.letter import page_of, text_of
    from himaya.ledger.handing_out import write_private

    for path, render in ((out["html"], page_of), (out["text"], text_of)):
        if path is not None:
            write_private(path, render(letter).encode())
            click.echo(f"himaya: wrote {path}", err=True)


def _print(found: Answer, letter: Letter, out: dict[str, Any]) -> None:
    from himaya.evidence.letter import text_of

    if out["as_json"]:
        shared.print_json(found)
    elif not (out["html"] or out["text"]):
        click.echo(text_of(letter), nl=False)
