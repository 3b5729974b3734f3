"""The commands by which a person decides in a case: each is one act of the register, with its reason."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypedDict, TypeVar, Unpack

import click

from himaya.cli import ledger_options as shared
from himaya.cli.case_desk import Desk, desk_options, moment
from himaya.cli.case_view import say
from himaya.core.errors import InputError

_Command = TypeVar("_Command", bound=Callable[..., Any])
_WHY = click.option("--why", required=True, help="Why; it stays in the register.")
_WHEN = click.option(
    "--when", help="When it happened (ISO 8601; UTC where no zone is named); default: now."
)
_OUTCOMES = click.Choice(["notify", "voluntary", "none"])


class _Step(TypedDict):
    directory: Path
    key_file: Path | None
    config: Path | None
    name: str
    as_json: bool


def act_options(command: _Command) -> _Command:
    """Add what every act in a case has: the ledger's options, the case, `--json`."""
    as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
    name = click.argument("name")
    return desk_options(name(as_json(command)))


def _desk(command: str, step: _Step) -> Desk:
    return Desk(command, step["directory"], step["key_file"], step["config"])


@click.command()
@act_options
def ack(**step: Unpack[_Step]) -> None:
    """Say that you look after a case: it is not escalated."""
    with _desk("case ack", step) as desk:
        found = desk.do(step["name"], "acknowledged")
        words = f"{found.id} is acknowledged by {shared.operator()}."
        say(desk, found, words, as_json=step["as_json"])


@click.command()
@act_options
@click.argument("person")
def owner(person: str, **step: Unpack[_Step]) -> None:
    """Say who answers for a case: PERSON, or a team."""
    with _desk("case owner", step) as desk:
        found = desk.do(step["name"], "owner", owner=person.strip())
        say(desk, found, f"{found.owner} answers for {found.id}.", as_json=step["as_json"])


@click.command()
@act_options
@_WHY
def note(why: str, **step: Unpack[_Step]) -> None:
    """Write something down in a case."""
    with _desk("case note", step) as desk:
        found = desk.do(step["name"], "note", why=shared.purpose(why))
        say(desk, found, f"Noted in {found.id}.", as_json=step["as_json"])


@click.command()
@act_options
@click.option("--set", "clocks", required=True, metavar="NAME[,NAME]", help="Which moments it was.")
@click.option("--when", required=True, help="When (ISO 8601; UTC where no zone is named).")
@_WHY
@click.option("--correct", is_flag=True, help="It stands in for what was set before; both stay.")
def clock(*, clocks: str, when: str, why: str, correct: bool, **step: Unpack[_Step]) -> None:
    """Set a moment that starts a clock, once, with its reason."""
    at, reason = moment(when), shared.purpose(why)
    names = [one.strip() for one in clocks.split(",")]
    with _desk("case clock", step) as desk:
        acts = [
            desk.act(step["name"], "clock", why=reason, when=at, data=_clock(one, correct=correct))
            for one in names
        ]
        found = desk.do_all(acts)
        say(desk, found, f"{found.id}: {', '.join(names)} set to {when}.", as_json=step["as_json"])


def place_of(text: str) -> str:
    """Return the country that somebody named, "" for `unknown`. Raises InputError."""
    from himaya.response.people.countries import country_of

    if not text.strip():
        raise InputError("no country is named; `--country unknown` is unknown residence")
    return "" if text.strip().lower() == "unknown" else country_of(text.upper())


def _clock(name: str, *, correct: bool) -> dict[str, Any]:
    return {"clock": name, "correct": True} if correct else {"clock": name}


@click.command()
@act_options
@_WHY
@_WHEN
def confirm(why: str, when: str | None, **step: Unpack[_Step]) -> None:
    """Say that a person looked at a case and agrees. Its groups go on spending one budget each."""
    with _desk("case confirm", step) as desk:
        found = desk.do(step["name"], "confirmed", why=shared.purpose(why), when=moment(when))
        say(desk, found, f"{found.id} is {found.state}.", as_json=step["as_json"])


@click.command()
@act_options
@click.option("--country", help="Of which people: ISO code, with a subdivision; or `unknown`.")
@click.option("--authority", type=_OUTCOMES, help="Whether its authority is told.")
@click.option("--people", type=_OUTCOMES, help="Whether its people are told.")
@click.option("--regime", default="", help="The row of the table of regimes it goes by.")
@click.option("--done", is_flag=True, help="All countries are assessed: the case goes on.")
@_WHY
def assess(
    *,
    country: str | None,
    authority: str | None,
    people: str | None,
    regime: str,
    done: bool,
    why: str,
    **step: Unpack[_Step],
) -> None:
    """Decide for one country whether its authority and its people are told, with the reason; or say `--done`."""
    given = (country, authority, people)
    if done == (None not in given) or (done and any(given)):
        raise InputError("name --country, --authority and --people, or say --done alone")
    with _desk("case assess", step) as desk:
        if done:
            found = desk.do(step["name"], "assessed", why=shared.purpose(why))
            words = f"{found.id} is {found.state}."
        else:
            where = place_of(str(country))
            if regime:
                desk.regimes.get(regime)
            found = desk.do(
                step["name"],
                "assessment",
                why=shared.purpose(why),
                country=where,
                regime=regime,
                authority=authority,
                people=people,
            )
            words = f"{found.id}: {where or 'unknown residence'} is assessed."
        say(desk, found, words, as_json=step["as_json"])


@click.command()
@act_options
@_WHY
@_WHEN
def notified(why: str, when: str | None, **step: Unpack[_Step]) -> None:
    """Say that all who were to be told have been told."""
    with _desk("case notified", step) as desk:
        found = desk.do(step["name"], "notified", why=shared.purpose(why), when=moment(when))
        say(desk, found, f"{found.id} is {found.state}.", as_json=step["as_json"])


@click.command()
@act_options
@_WHY
@click.option(
    "--without-confirmation",
    default="",
    metavar="REASON",
    help="Why it ends although no scraper confirmed the deletion.",
)
def close(why: str, without_confirmation: str, **step: Unpack[_Step]) -> None:
    """End a case: a suspected one as an error, a confirmed one when all is done. Its groups are free again."""
    data: dict[str, Any] = {}
    if without_confirmation.strip():
        data["without_confirmation"] = without_confirmation.strip()
    with _desk("case close", step) as desk:
        found = desk.do_all([desk.act(step["name"], "closed", why=shared.purpose(why), data=data)])
        say(desk, found, f"{found.id} is {found.state}.", as_json=step["as_json"])


@click.command()
@act_options
@_WHY
def reopen(why: str, **step: Unpack[_Step]) -> None:
    """Take up a closed case again, as a confirmed one. Its groups spend one budget each again."""
    with _desk("case reopen", step) as desk:
        found = desk.do(step["name"], "reopened", why=shared.purpose(why))
        say(desk, found, f"{found.id} is {found.state} again.", as_json=step["as_json"])
