"""`himaya case letter`: letters of a case: drafted, released by another person, sent, answered."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import click

from himaya.cli import ledger_options as shared
from himaya.cli.case_desk import Desk, desk_options, moment
from himaya.core.errors import InputError

if TYPE_CHECKING:
    from himaya.response.cases import Case
    from himaya.response.letters.standing import Letter

_WHY = click.option("--why", required=True, help="Why; it stays in the case's register.")
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_OUT = click.option(
    "--out", type=click.Path(path_type=Path), help="Directory for letter and annex."
)
_PDF = click.option("--pdf", is_flag=True, help="With --out: PDF of both, too (himaya[pdf]).")
_AT = click.option("--at", "when", help="When it happened, ISO 8601; an earlier time needs --why.")


class _Where(TypedDict):
    name: str
    directory: Path
    key_file: Path | None
    config: Path | None


class _Step(_Where):
    letter_id: str
    as_json: bool


@click.group()
def letter() -> None:
    """Letters to whoever took people's data, and to hosts, registrars and marketplaces."""


def _desk(command: str, where: _Where | _Step) -> Desk:
    return Desk(f"case letter {command}", where["directory"], where["key_file"], where["config"])


@letter.command()
@click.argument("name")
@desk_options
@click.option("--answer", type=click.Choice(["no", "yes", "unclear"]), required=True)
@_WHY
@_JSON
def researcher(answer: str, why: str, *, as_json: bool, **where: Unpack[_Where]) -> None:
    """Record whether the recipient does research or journalism: somebody looked, and what they found."""
    with _desk("researcher", where) as desk:
        case = desk.do(where["name"], "researcher", why=shared.purpose(why), answer=answer)
    words = f"Recorded: {answer}. Next: himaya case letter release {case.id} LETTER"
    _say({"id": case.id, "researcher": answer}, words, as_json=as_json)


@letter.command()
@click.argument("name")
@click.argument("letter_id", required=False)
@desk_options
@_OUT
@_PDF
@click.option("--why", default="", help="With a LETTER: why its recipient is looked at.")
@_JSON
def show(
    letter_id: str | None,
    out: Path | None,
    why: str,
    *,
    pdf: bool,
    as_json: bool,
    **where: Unpack[_Where],
) -> None:
    """List the letters of a case and what is overdue; with a LETTER print it, or write it anew with --out."""
    from himaya.cli.case_letter_files import read_letter, write_files
    from himaya.cli.case_notify_files import check_out
    from himaya.response.letters.standing import letter_of

    check_out(out, pdf=pdf)
    with _desk("show", where) as desk:
        case = desk.register.case(where["name"])
        if letter_id is not None:
            text = read_letter(desk, case, letter_id, shared.purpose(why))
            files = write_files(desk, case, letter_id, out, pdf=pdf) if out else []
            told = _told(letter_of(case, letter_id), desk.now)
            _print_one({"case": case.id, **told, "text": text, "files": files}, as_json=as_json)
        else:
            _print_all(case, desk.now, as_json=as_json)


@letter.command()
@click.argument("name")
@click.argument("letter_id")
@desk_options
@_WHY
@click.option("--although", is_flag=True, help="Although the recipient may do research.")
@_OUT
@_PDF
@_JSON
def release(
    why: str, out: Path | None, *, although: bool, pdf: bool, **step: Unpack[_Step]
) -> None:
    """Release a letter that somebody else drafted: roles legal and dpo. It is not sent by himaya."""
    from himaya.cli.case_letter_files import write_files
    from himaya.cli.case_notify_files import check_out

    check_out(out, pdf=pdf)
    with _desk("release", step) as desk:
        case = _step(desk, step, "released", shared.purpose(why), although=although)
        written = write_files(desk, case, step["letter_id"], out, pdf=pdf) if out else []
    _end(case, step, "Next: send it, then himaya case letter sent", written)


@letter.command()
@click.argument("name")
@click.argument("letter_id")
@desk_options
@_WHY
@_JSON
def withdraw(why: str, **step: Unpack[_Step]) -> None:
    """Withdraw a letter that was not sent; it stays in the register."""
    with _desk("withdraw", step) as desk:
        case = _step(desk, step, "withdrawn", shared.purpose(why))
    _end(case, step, "It is not sent.")


@letter.command()
@click.argument("name")
@click.argument("letter_id")
@desk_options
@click.option("--how", required=True, help="By which way: registered mail, mail, a form.")
@_AT
@click.option("--why", default="", help="Why it is written down later than it happened.")
@_JSON
def sent(how: str, when: str | None, why: str, **step: Unpack[_Step]) -> None:
    """Record that a released letter was sent."""
    with _desk("sent", step) as desk:
        case = _step(desk, step, "sent", why, moment(when), how=how)
    _end(case, step, "Next: himaya case letter delivered, reply, confirm or remind")


@letter.command()
@click.argument("name")
@click.argument("letter_id")
@desk_options
@click.option("--why", default="", help="By what it is known: a return receipt, an answer.")
@_JSON
def delivered(why: str, **step: Unpack[_Step]) -> None:
    """Record that a letter arrived."""
    with _desk("delivered", step) as desk:
        case = _step(desk, step, "delivered", why)
    _end(case, step, "Next: himaya case letter reply, confirm or remind")


@letter.command()
@click.argument("name")
@click.argument("letter_id")
@desk_options
@click.option(
    "--answer", type=click.Choice(["agreed", "partial", "refused", "silent"]), required=True
)
@_AT
@_WHY
@_JSON
def reply(answer: str, when: str | None, why: str, **step: Unpack[_Step]) -> None:
    """Record what was answered, or that nothing was. A deletion is confirmed by `himaya case letter confirm`."""
    kind = "silent" if answer == "silent" else "reply"
    with _desk("reply", step) as desk:
        case = _step(desk, step, kind, shared.purpose(why), moment(when), answer=answer)
    _end(case, step, "A later answer can be recorded, too.")


@letter.command()
@click.argument("name")
@click.argument("letter_id")
@desk_options
@click.option(
    "--file", "signed", type=click.Path(path_type=Path), required=True, help="The signed form."
)
@click.option("--scope", required=True, help="What it says was deleted, and what was kept.")
@click.option(
    "--keep", default=3650, show_default=True, type=click.IntRange(1, 3650), metavar="DAYS"
)
@_AT
@_WHY
@_JSON
def confirm(
    signed: Path, scope: str, keep: int, when: str | None, why: str, **step: Unpack[_Step]
) -> None:
    """Record a signed confirmation of deletion; the file is kept, encrypted, beside the ledger."""
    from himaya.cli.case_letter_files import attach
    from himaya.response.letters.standing import check_step, letter_of

    reason = shared.purpose(why)
    with _desk("confirm", step) as desk:
        case = desk.register.case(step["name"])
        asked = letter_of(case, step["letter_id"])
        if asked.kind != "deletion":
            raise InputError(f"letter {asked.id} is {asked.kind}; a deletion demand is confirmed")
        check_step(case, asked, "reply")
        kept, digest = attach(desk, case, signed, keep, reason)
        told = {"answer": "confirmed", "scope": scope, "sha256": digest, "attached": kept}
        case = _step(desk, step, "reply", reason, moment(when), **told)
    _end(case, step, f"The form is kept as {kept}. A later sample is compared: himaya case leak")


@letter.command()
@click.argument("name")
@click.argument("letter_id")
@desk_options
@click.option("--due", required=True, help="The new date of the answer: 2026-12-31.")
@click.option("--why", default="", help="How the reminder was sent.")
@_JSON
def remind(due: str, why: str, **step: Unpack[_Step]) -> None:
    """Record that the recipient was reminded, and until when an answer is awaited now."""
    from himaya.response.letters.standing import end_of

    with _desk("remind", step) as desk:
        if end_of(due) <= desk.now:
            raise InputError(f"--due {due} is over already")
        case = _step(desk, step, "reminded", why, due=due)
    _end(case, step, f"An answer is awaited until the end of {due} (UTC).")


def _step(desk: Desk, step: _Step, kind: str, why: str, when: int = 0, **data: object) -> Case:
    """Take one step with a letter. Raises InputError when it does not take it."""
    from himaya.response.letters.standing import check_step, letter_of

    case = desk.register.case(step["name"])
    found = letter_of(case, step["letter_id"])
    check_step(case, found, kind)
    told = {"id": found.id, "what": "letter", "party": found.party, **data}
    return desk.do(case.id, kind, why=why, when=when, **told)


def _end(case: Case, step: _Step, words: str, written: list[str] | None = None) -> None:
    from himaya.response.letters.standing import letter_of

    found = letter_of(case, step["letter_id"])
    told = {"id": case.id, "letter": found.id, "letter_state": found.state, "files": written or []}
    said = [f"Letter {found.id} of {case.id} is {found.state}. {words}", *(written or [])]
    _say(told, "\n".join(said), as_json=step["as_json"])


def _say(told: dict[str, Any], words: str, *, as_json: bool) -> None:
    if as_json:
        shared.print_json(told)
    else:
        for line in words.splitlines():
            click.echo(shared.printable(line))


def _print_all(case: Case, now: int, *, as_json: bool) -> None:
    from himaya.response.letters.standing import letters_of

    told = [_told(one, now) for one in letters_of(case).values()]
    if as_json:
        shared.print_json({"id": case.id, "state": str(case.state), "letters": told})
    elif told:
        head = ("id", "kind", "party", "state", "due", "overdue", "by", "released_by")
        shared.print_table(head, [[str(one[key]) for key in head] for one in told])
    else:
        click.echo(f"Case {case.id} has no letter. Next: himaya case letter draft {case.id}")


def _print_one(told: dict[str, Any], *, as_json: bool) -> None:
    """Print one letter: its text, or where it was written to."""
    if as_json:
        shared.print_json(told)
    elif told["files"]:
        _say({}, "\n".join(told["files"]), as_json=False)
    else:
        click.echo(told["text"], nl=False)


def _told(one: Letter, now: int) -> dict[str, Any]:
    from himaya.ledger.schema import iso

    return {
        "id": one.id,
        "kind": one.kind,
        "party": one.party,
        "language": one.language,
        "state": one.state,
        "due": iso(one.due - 1)[:10] if one.due else "",
        "overdue": one.is_overdue(now),
        "reminders": one.reminders,
        "by": one.by,
        "released_by": one.released_by,
        "sent": iso(one.sent) if one.sent else "",
        "answered": iso(one.answered) if one.answered else "",
        "bases": one.bases,
        "sha256": one.sha256,
        "annex_sha256": one.annex_sha256,
    }
