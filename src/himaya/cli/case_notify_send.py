"""`himaya case notify send|receipt|bounced`: notices leave the house, and what came back."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from himaya.cli import ledger_options as shared
from himaya.cli.case_desk import Desk, desk_options, moment
from himaya.cli.case_notify_files import desk_library
from himaya.core.errors import ConfigError, InputError, ServiceError

if TYPE_CHECKING:
    from himaya.config import Config
    from himaya.ledger.reader import Reader
    from himaya.response.cases import Case
    from himaya.response.delivery.telling import Outcome, Telling
    from himaya.response.notices.drafts import Draft

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_FILE = click.Path(path_type=Path, dir_okay=False)
#: Bytes of a receipt, or of a list of bounces.
_MAX_FILE = 256 << 20


@click.command()
@desk_options
@click.argument("case_id", metavar="CASE")
@click.argument("name", metavar="NOTICE")
@click.option(
    "--wave",
    "number",
    type=click.IntRange(min=1),
    help="Which wave; an earlier one goes on where it stopped.",
)
@click.option(
    "--send/--dry-run", "really", default=False, help="Send; default: count and render only."
)
@click.option(
    "--unsure",
    is_flag=True,
    help="With --send: also those of whom the server never said whether it took them.",
)
@click.option(
    "--merge-csv",
    type=_FILE,
    help="Write the people for a mail merge instead; an export of the ledger.",
)
@click.option("--holder", default="", help="With --merge-csv: who keeps the file.")
@click.option("--until", help="With --merge-csv: when the file has to be gone, a date.")
@click.option("--why", default="", help="What it is for; it stays in the ledger's access log.")
@_JSON
def send(
    *,
    directory: Path,
    key_file: Path | None,
    config: Path | None,
    case_id: str,
    name: str,
    why: str,
    as_json: bool,
    **how: Any,  # noqa: ANN401  (where it goes)
) -> None:
    """Send a released notice to its people, one wave at a time; each is made of the person's own rows."""
    with Desk("case notify send", directory, key_file, config) as desk, desk.reader() as reader:
        found = desk.register.case(case_id)
        one = _to_people(found, name)
        told_of = shared.purpose(why or f"notice {name} of case {case_id}")
        shared.record_use(reader, "case notify send", told_of)
        telling = _telling(desk, reader, found, one)
        if how["merge_csv"]:
            told = _merge(reader, found, one, telling, how, told_of)
        elif how["really"]:
            told = _wave(desk, found, one, telling, how)
        else:
            told = _dry(telling)
    if as_json:
        shared.print_json(told)
    else:
        _print(told)
    if told.get("error"):
        raise ServiceError(_broke_off(told))


def _to_people(found: Case, name: str) -> Draft:
    from himaya.response.notices.drafts import draft_named

    one = draft_named(found, name)
    if one.party != "people":
        where = f" at {one.needs.form_url}" if one.needs.form_url else ""
        raise InputError(
            f"{name} goes to an authority: a person files it{where}, then"
            f" `himaya case notify receipt {found.id} {name}` keeps the receipt"
        )
    return one


def _telling(desk: Desk, reader: Reader, found: Case, one: Draft) -> Telling:
    """Return the notice with its people, out of the ledger, the contacts and the facts of the site."""
    from himaya.response.delivery.telling import Telling
    from himaya.response.notices import recipients as who
    from himaya.response.notices.drafts import same_texts
    from himaya.response.people.residence import residence_of
    from himaya.response.people.sources import sources_of
    from himaya.response.people.whom import people_of

    library = desk_library(desk)
    same_texts(one, library)
    people = people_of(reader, found).answer
    names = [each.subject for each in people.subjects]
    contacts = who.read_contacts(desk.settings.contacts, names)
    countries = residence_of(names, sources_of(desk.directory, desk.settings)).countries
    return Telling(one, library, who.recipients(reader, people, contacts, countries))


def _dry(telling: Telling) -> dict[str, Any]:
    """Render every notice and send none."""
    size = sum(sum(map(len, telling.rendered(person))) for person in telling.people.values())
    return {
        "dry_run": True,
        "people": len(telling.people),
        "with_address": len(telling.reached),
        "without_address": len(telling.people) - len(telling.reached),
        "languages": dict(telling.languages()),
        "characters": size,
    }


def _wave(
    desk: Desk, found: Case, one: Draft, telling: Telling, how: dict[str, Any]
) -> dict[str, Any]:
    from himaya.response.delivery.sender import check_server, mail_settings
    from himaya.response.delivery.telling import run_wave, wave_over
    from himaya.response.delivery.waves import Waves, waves_path

    _may_go(found, one, how["number"])
    settings = _config(desk)
    server, key = check_server(settings), f"{found.id}/{one.id}"
    sender = mail_settings(settings).mail_from
    with Waves(waves_path(desk.directory.absolute())) as waves, waves.alone():
        if how["unsure"]:
            waves.retry_unsure(key)
        members = waves.plan(key, how["number"], telling.reached, settings.response.wave)
        wave = wave_over(server, sender, waves, key)
        outcome = run_wave(telling, waves, key, wave, members, how["number"])
    return _noted(desk, found, one, telling, outcome)


def _may_go(found: Case, one: Draft, number: int | None) -> None:
    from himaya.response.notices.drafts import Stage, is_released, stage

    if not is_released(found, one):
        over = stage(found, one) is Stage.WITHDRAWN
        how = "was withdrawn; draft it again" if over else "is not released; run:"
        run = "" if over else f" himaya case notify release {found.id} {one.id} --why ..."
        raise InputError(f"{one.id} {how}{run}")
    if found.practice:
        raise InputError(f"case {found.id} is practice; nothing of it is sent to anybody")
    if number is None:
        raise InputError("--send needs --wave")


def _config(desk: Desk) -> Config:
    if desk.config is None:
        raise ConfigError("sending needs a configuration with a mail server; name it with --config")
    return desk.config


def _noted(
    desk: Desk, found: Case, one: Draft, telling: Telling, outcome: Outcome
) -> dict[str, Any]:
    """Write down what a wave came to, and, when nobody is left, that the people of the country were told."""
    import msgspec

    without = len(telling.people) - len(telling.reached)
    told = {"id": one.id, **msgspec.to_builtins(outcome), "without_address": without}
    # What a mail server says may name whom it speaks of: that it broke off is kept, its words are not.
    kept = {**told, "error": "it broke off" if outcome.error else ""}
    acts = [desk.act(found.id, "wave", data=kept)]
    done = outcome.left == 0 and not outcome.error and telling.reached
    if done and not any(act.data.get("id") == one.id for act in found.acts("sent")):
        data = {"id": one.id, "country": one.country, "party": "people", "without_address": without}
        acts.append(desk.act(found.id, "sent", data=data))
    desk.register.add_all(acts)
    return told


def _merge(
    reader: Reader, found: Case, one: Draft, telling: Telling, how: dict[str, Any], why: str
) -> dict[str, Any]:
    """Write the people of a notice for somebody who sends it: registered as an export before it is written."""
    from himaya.ledger import exports
    from himaya.ledger.handing_out import write_private
    from himaya.ledger.names import parse_time
    from himaya.response.delivery.merge import merge_rows
    from himaya.response.notices.drafts import is_released

    if not is_released(found, one):
        raise InputError(f"{one.id} is not released")
    if not how["until"]:
        raise InputError("--until is missing; a file that names people has an end")
    path: Path = how["merge_csv"]
    head, rows = merge_rows(telling)
    name = exports.register(
        reader,
        purpose=why,
        holder=how["holder"],
        until=parse_time(how["until"], end=True),
        subjects=telling.people,
        path=path.absolute(),
        by=shared.operator(),
        now=time.time(),
    )
    write_private(path, shared.csv_text(head, rows).encode())
    return {"export": name, "file": str(path), "people": len(telling.people)}


def _print(told: dict[str, Any]) -> None:
    for key, value in told.items():
        if key not in {"id", "error", "dry_run"}:
            shown = (
                ", ".join(f"{k} {v:,}" for k, v in value.items())
                if isinstance(value, dict)
                else value
            )
            click.echo(
                f"{key.replace('_', ' ')}: {shown:,}"
                if isinstance(shown, int)
                else f"{key}: {shown}"
            )
    if told.get("dry_run"):
        click.echo("Nothing was sent. To send: the same with --send --wave N")


def _broke_off(told: dict[str, Any]) -> str:
    return (
        f"{told['error']}: wave {told['wave']} broke off after {told['sent']:,} mails, {told['left']:,} are left."
        " Run the same command again; who was sent one is not sent another"
    )


@click.command()
@desk_options
@click.argument("case_id", metavar="CASE")
@click.argument("name", metavar="NOTICE")
@click.option("--number", required=True, help="Number of the authority's receipt.")
@click.option("--file", type=_FILE, help="The receipt itself; its SHA-256 is kept, not the file.")
@click.option(
    "--when", required=True, help="When it was filed (ISO 8601; UTC where no zone is named)."
)
@click.option("--partial", is_flag=True, help="It was a first part; the rest follows.")
@click.option("--why", default="", help="Reason; needed when it was filed earlier than now.")
@_JSON
def receipt(  # noqa: PLR0913  (the options of the command)
    *,
    directory: Path,
    key_file: Path | None,
    config: Path | None,
    case_id: str,
    name: str,
    number: str,
    file: Path | None,
    when: str,
    why: str,
    partial: bool,
    as_json: bool,
) -> None:
    """Keep an authority's receipt: that a notice was filed, when, and under which number."""
    from himaya.config.bounded import read_bounded

    with Desk("case notify receipt", directory, key_file, config) as desk:
        digest = hashlib.sha256(read_bounded(file, _MAX_FILE)).hexdigest() if file else ""
        told = {"number": number, "sha256": digest, "when": when}
        told = _filed(desk, case_id, name, why, told, partial=partial)
    if as_json:
        shared.print_json(told)
    else:
        click.echo(f"{name} was filed, receipt {shared.printable(number)}.")


def _filed(
    desk: Desk, case_id: str, name: str, why: str, receipt: dict[str, str], *, partial: bool
) -> dict[str, str]:
    """Write down that a notice was filed, where nothing says so yet, and its receipt; both or neither."""
    from himaya.response.notices.drafts import draft_named, is_released

    found = desk.register.case(case_id)
    one = draft_named(found, name)
    if not is_released(found, one):
        raise InputError(f"{name} is not released; only what was released is filed")
    at = moment(receipt["when"])
    said: dict[str, str] = {"id": name, "country": one.country, "party": one.party}
    kept = {**said, "number": receipt["number"], "sha256": receipt["sha256"]}
    acts = [desk.act(case_id, "receipt", why=why, when=at, data=dict(kept))]
    if not any(act.data.get("id") == name for act in found.acts("sent")):
        known = sorted({*(found.countries or {}), *found.assessments})
        data = {**said, "version": one.version, "countries": desk.regimes.led(one.country, known)}
        data |= {"partial": True} if partial else {}
        acts.insert(0, desk.act(case_id, "sent", why=why, when=at, data=data))
    desk.register.add_all(acts)
    return {**said, **receipt}


@click.command()
@desk_options
@click.argument("case_id", metavar="CASE")
@click.argument("name", metavar="NOTICE")
@click.option(
    "--file", type=_FILE, required=True, help="CSV with a column `email`: mail that came back."
)
@_JSON
def bounced(
    *,
    directory: Path,
    key_file: Path | None,
    config: Path | None,
    case_id: str,
    name: str,
    file: Path,
    as_json: bool,
) -> None:
    """Write down whose notice came back. The register keeps how many, the file beside the ledger which numbers."""
    from himaya.config.bounded import read_bounded
    from himaya.response.delivery.merge import bounced_addresses
    from himaya.response.delivery.waves import Waves, waves_path

    with Desk("case notify bounced", directory, key_file, config) as desk, desk.reader() as reader:
        found = desk.register.case(case_id)
        one = _to_people(found, name)
        data = read_bounded(file, _MAX_FILE)
        addresses = bounced_addresses(data, str(file))
        shared.record_use(
            reader, "case notify bounced", f"mail of notice {name} of case {case_id} that came back"
        )
        reached = _telling(desk, reader, found, one).reached
        numbers = {n for n, person in reached.items() if person.address.casefold() in addresses}
        known = {reached[n].address.casefold() for n in numbers}
        with Waves(waves_path(desk.directory.absolute())) as waves:
            fresh = waves.bounced(f"{case_id}/{name}", numbers)
        told: dict[str, Any] = {
            "id": name,
            "bounced": fresh,
            "unknown": len(addresses - known),
            "sha256": hashlib.sha256(data).hexdigest(),
        }
        desk.do(case_id, "bounced", **told)
    if as_json:
        shared.print_json(told)
    else:
        click.echo(
            f"{fresh:,} came back; {told['unknown']:,} addresses are of nobody who was told."
        )
