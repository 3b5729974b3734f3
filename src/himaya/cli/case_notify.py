"""`himaya case notify`: notices to authorities and people, drafted, shown, released."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import click

from himaya.cli import ledger_options as shared
from himaya.cli.case_desk import Desk, desk_options
from himaya.cli.case_notify_files import check_out, desk_library, out_options, write_all
from himaya.cli.case_notify_send import bounced, receipt, send
from himaya.core.errors import InputError

if TYPE_CHECKING:
    from himaya.response.cases import Case
    from himaya.response.notices.drafts import Draft
    from himaya.response.notices.facts import NoticeFacts

_WHY = click.option("--why", required=True, help="Why; it stays in the register.")
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_FILE = click.Path(path_type=Path, dir_okay=False)


class _Step(TypedDict):
    directory: Path
    key_file: Path | None
    config: Path | None
    case_id: str
    name: str
    why: str
    as_json: bool


@click.group()
def notify() -> None:
    """Notices about a case: draft, show, release, send. Everything is a draft until a person releases it."""


@notify.command()
@desk_options
@click.argument("case_id", metavar="CASE")
@click.option(
    "--country", required=True, help="Country or place, such as ES; unknown: residence unknown."
)
@click.option(
    "--party", type=click.Choice(["authority", "people"]), required=True, help="Who is told."
)
@click.option(
    "--language", default="", help="Language; default: the authority's, else `response.language`."
)
@click.option(
    "--set", "sets", multiple=True, metavar="ITEM=TEXT", help="What a person says on an item."
)
@click.option(
    "--texts", type=_FILE, help="TOML with items, and a table of items per further language."
)
@click.option(
    "--needs", type=_FILE, help="TOML with what an authority asks for that our table does not know."
)
@click.option("--why", default="", help="What it is for; it stays in the ledger's access log.")
@out_options
@_JSON
def draft(  # noqa: PLR0913  (the options of the command)
    *,
    directory: Path,
    key_file: Path | None,
    config: Path | None,
    case_id: str,
    country: str,
    why: str,
    as_json: bool,
    out: Path | None,
    pdf: bool,
    **about: Any,  # noqa: ANN401  (what the notice says)
) -> None:
    """Draft a notice. Each time is a new version; from the second on an authority is told what changed."""
    check_out(out, pdf=pdf)
    with Desk("case notify draft", directory, key_file, config) as desk:
        found = desk.register.case(case_id)
        place = _place(desk, found, country, about["party"])
        facts = _gathered(desk, found, why or f"notices of case {case_id}")
        one = _draft(desk, found, place, facts, about)
        found = desk.do(case_id, "drafted", **one.data())
        files = write_all(desk, found, one, out, pdf=pdf)
    _told(desk, found, one, files, as_json=as_json)


def _place(desk: Desk, found: Case, text: str, party: str) -> str:
    """Return whose notice it is: a country of the case, "" for unknown residence; of authorities EU, too.

    Raises InputError for another one: its notice would be to nobody.
    """
    if not text.strip():
        raise InputError("no country is named; `--country unknown` is unknown residence")
    code = "" if text.strip().lower() == "unknown" else text.strip().upper()
    known = sorted({*(found.countries or {}), *found.assessments})
    led = desk.regimes.led(code, known) if party == "authority" else []
    if found.countries is None or not code or code in known or led:
        return code
    names = ", ".join(one or "unknown" for one in known) or "none"
    raise InputError(f"case {found.id} concerns nobody of {text[:40]!r}; its countries: {names}")


def _gathered(desk: Desk, found: Case, why: str) -> NoticeFacts:
    """Return the facts of a case; that the ledger was asked is written down first."""
    from himaya.response.notices.gathering import gathered
    from himaya.response.people.whom import people_of

    with desk.reader() as reader:
        shared.record_use(reader, "case notify draft", shared.purpose(why))
        return gathered(found, people_of(reader, found).answer, desk.config)


def _draft(desk: Desk, found: Case, place: str, facts: NoticeFacts, about: dict[str, Any]) -> Draft:
    from himaya.config import Config
    from himaya.response.notices.drafts import made
    from himaya.response.notices.needs import needs_by, needs_of, spoken

    response, library = (desk.config or Config()).response, desk_library(desk)
    file = about["needs"]
    lead = desk.regimes.lead(place)
    regimes = [lead] if lead else desk.regimes.regimes_for(place)
    needs = needs_of(file) if file else needs_by(regimes, desk.now)
    own = needs.languages if about["party"] == "authority" else ()
    default = next(filter(library.has, own), response.language)
    language = about["language"] or default
    said = spoken(about["texts"], about["sets"], language)
    return made(
        found, library, party=about["party"], country=place, language=language, needs=needs,
        facts=facts, said=said,
    )  # fmt: skip


def _told(desk: Desk, found: Case, one: Draft, files: list[Path], *, as_json: bool) -> None:
    """Print what was drafted, and what is next."""
    if as_json:
        shared.print_json({**_short(desk, found, one), "files": [str(path) for path in files]})
        return
    click.echo(f"{one.id} is drafted, version {one.version}: {_standing(found, one)}.")
    for path in files:
        click.echo(f"wrote {path}")
    if one.lacks():
        click.echo("Next: say what is missing with --set ITEM=TEXT, and draft it again.")
    else:
        click.echo(f"Next: himaya case notify release {found.id} {one.id} --why ...")


def _standing(found: Case, one: Draft) -> str:
    from himaya.response.notices.drafts import stage

    lacks = one.lacks()
    return f"{stage(found, one)}: missing {', '.join(lacks)}" if lacks else str(stage(found, one))


def _short(desk: Desk, found: Case, one: Draft) -> dict[str, Any]:
    from himaya.response.notices.drafts import stage

    return {
        "id": one.id,
        "party": one.party,
        "country": one.country,
        "language": one.language,
        "languages": list(one.texts),
        "version": one.version,
        "stage": str(stage(found, one)),
        "missing": one.lacks(),
        "people": _concerned(desk, one),
        "people_of_all": one.facts.people,
        "regime": one.needs.regime,
        "sha256": one.sha256,
    }


def _concerned(desk: Desk, one: Draft) -> int:
    """Return the people of a notice's place; of one to a lead authority, those of the countries it speaks for."""
    counted = one.facts.countries
    if one.country in counted:
        return counted[one.country]
    return sum(counted[country] for country in desk.regimes.led(one.country, counted))


@notify.command()
@desk_options
@click.argument("case_id", metavar="CASE")
@click.argument("name", metavar="[NOTICE]", required=False)
@out_options
@_JSON
def show(  # noqa: PLR0913  (the options of the command)
    *,
    directory: Path,
    key_file: Path | None,
    config: Path | None,
    case_id: str,
    name: str | None,
    out: Path | None,
    pdf: bool,
    as_json: bool,
) -> None:
    """Show a notice as text, or list all of a case. One to people is shown as one to nobody."""
    from himaya.response.notices.drafts import draft_named, drafts, is_released, shown
    from himaya.response.rendering import text_of

    check_out(out, pdf=pdf)
    with Desk("case notify show", directory, key_file, config) as desk:
        found = desk.register.case(case_id)
        if name is None:
            _list(desk, found, drafts(found), as_json=as_json)
            return
        one = draft_named(found, name)
        files = write_all(desk, found, one, out, pdf=pdf)
        pages = list(shown(found, one, desk_library(desk), released=is_released(found, one)))
    texts = {page.language: text_of(page) for page in pages}
    if as_json:
        told = {**_short(desk, found, one), "texts": texts, "files": [str(path) for path in files]}
        shared.print_json(told)
        return
    for text in texts.values():
        click.echo(text)


def _list(desk: Desk, found: Case, known: list[Draft], *, as_json: bool) -> None:
    rows = [_short(desk, found, one) for one in known]
    if as_json:
        shared.print_json({"case": found.id, "notices": rows})
    elif rows:
        head = ("id", "stage", "people", "missing")
        shared.print_table(
            head,
            [[r["id"], r["stage"], f"{r['people']:,}", ", ".join(r["missing"])] for r in rows],
        )
    else:
        click.echo(f"Case {found.id} has no notice.")


@notify.command()
@desk_options
@click.argument("case_id", metavar="CASE")
@click.argument("name", metavar="NOTICE")
@_WHY
@_JSON
def release(**step: Unpack[_Step]) -> None:
    """Release a notice: from now on it may be sent. Where operators are enrolled, not by whoever drafted it."""
    _decide("release", "released", step)


@notify.command()
@desk_options
@click.argument("case_id", metavar="CASE")
@click.argument("name", metavar="NOTICE")
@_WHY
@_JSON
def withdraw(**step: Unpack[_Step]) -> None:
    """Take a notice back: it is not sent any more."""
    _decide("withdraw", "withdrawn", step)


def _decide(command: str, kind: str, step: _Step) -> None:
    from himaya.response.notices.drafts import draft_named, same_texts

    case, place = step["case_id"], (step["directory"], step["key_file"], step["config"])
    with Desk(f"case notify {command}", *place) as desk:
        one = draft_named(desk.register.case(case), step["name"])
        if kind == "released":
            same_texts(one, desk_library(desk))
        found = desk.do(case, kind, why=step["why"], id=one.id, sha256=one.sha256)
    if step["as_json"]:
        shared.print_json(_short(desk, found, one))
        return
    click.echo(f"{one.id} is {kind} by {shared.operator()}.")
    if kind == "released":
        click.echo(f"Next: {_next(found, one)}")


def _next(found: Case, one: Draft) -> str:
    """Return what is to be done with a released notice."""
    if one.party == "people":
        return f"himaya case notify send {found.id} {one.id} --wave 1, then the same with --send"
    where = f" at {one.needs.form_url}" if one.needs.form_url else ""
    return f"file it{where}, then himaya case notify receipt {found.id} {one.id} --number ... --when ... --why ..."


for _command in (send, receipt, bounced):
    notify.add_command(_command)
