"""`himaya who`: whose data an actor, a case or a list of actors was shown, who else was there, or who saw somebody."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
import msgspec

from himaya.cli import ledger_options as shared
from himaya.cli.case_desk import config_option, load_config
from himaya.cli.engine_options import engine_options
from himaya.cli.names_file import names_in
from himaya.core.errors import InputError

if TYPE_CHECKING:
    from himaya.cli.who_files import Files
    from himaya.config import Config
    from himaya.ledger.affected import Affected, Asked
    from himaya.ledger.answers import WhoActor, WhoBeside, WhoSubject
    from himaya.ledger.engines import Choice
    from himaya.ledger.reader import Reader

    Answer = Affected | WhoActor | WhoBeside | WhoSubject
    _Found = tuple[tuple[int, ...], tuple[int, ...], str]

_Command = TypeVar("_Command", bound=Callable[..., Any])
_FILE = click.Path(path_type=Path, dir_okay=False)
_MANY = ("case", "group", "actors")
_ABOUT = ("actor", "subject", *_MANY, "proven", "beside")


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for: exactly one of the first five. `key_file` and `config` say where the register of cases is."""

    actor: str | None
    subject: str | None
    case: str | None
    group: str | None
    actors: Path | None
    proven: bool
    beside: bool
    key_file: Path | None = None
    config: Path | None = None


def about_options(command: _Command) -> _Command:
    """Add the options that say about whom."""
    each = (
        click.option(
            "--actor", help="account:NAME, key:NAME, session:NAME, address:IP or prefix:NET."
        ),
        click.option("--subject", help="The person, as the site names them."),
        click.option(
            "--case", help="All members of a case together; `himaya case list` names cases."
        ),
        click.option("--group", help="All rows that were charged to the budget of this group."),
        click.option("--actors", type=_FILE, help="All actors of a file together, one a line."),
        click.option("--proven", is_flag=True, help="With --case: its proven members alone."),
        click.option(
            "--beside", is_flag=True, help="With --actor: its networks, and who else was there."
        ),
    )
    for option in reversed(each):
        command = option(command)
    return command


def file_options(command: _Command) -> _Command:
    """Add the options that write files naming people."""
    each = (
        click.option("--output", type=_FILE, help="Write the JSON or CSV to this file instead."),
        click.option("--parquet", type=_FILE, help="Write the people to this Parquet file."),
        click.option(
            "--salted", type=_FILE, help="Write keyed hashes of the people to this CSV file."
        ),
        click.option(
            "--salt-file", type=_FILE, help="The salt of --salted; default: FILE.salt, new."
        ),
        click.option("--purpose", default="", help="What a file is for. Needed for files."),
        click.option("--holder", default="", help="Who keeps a file. Needed for files."),
        click.option("--until", help="When a file has to be gone, a date. Needed for files."),
    )
    for option in reversed(each):
        command = option(command)
    return command


@click.command()
@shared.ledger_options
@engine_options
@about_options
@config_option
@click.option("--from", "start", help="From this date or time on (ISO 8601; UTC).")
@click.option("--to", "end", help="Before this time; a bare date includes that day.")
@click.option("--why", required=True, help="What you ask for. Kept in the access log.")
@click.option(
    "--sealing-key",
    type=click.Path(path_type=Path),
    help="Private key that opens periods sealed by retention.",
)
@shared.open_option
@click.option("--json", "form", flag_value="json", help="Print JSON.")
@click.option("--csv", "form", flag_value="csv", help="Print CSV, the rest on standard error.")
@file_options
def who(  # noqa: PLR0913  (the options of the command)
    *,
    directory: Path,
    key_file: Path | None,
    config: Path | None,
    start: str | None,
    end: str | None,
    why: str,
    sealing_key: Path | None,
    form: str | None,
    engine: Choice,
    **more: Any,  # noqa: ANN401  (the options that say about whom, and which files)
) -> None:
    """Say whose data an actor, a case or a list of actors was shown, or to whom a person's data was shown.

    The answer is exact for what was observed and is kept; it names what it cannot speak for. Every use is
    recorded with its reason before the answer is printed.
    """
    from himaya.cli import who_view as view
    from himaya.cli.who_files import Files
    from himaya.ledger.archive import read_sealing_key
    from himaya.ledger.names import parse_time
    from himaya.ledger.reader import Reader

    about = {name: more.pop(name) for name in _ABOUT}
    asked = Question(**about, key_file=key_file, config=config)
    _check(asked)
    files = Files.of(form, **more)
    files.check(about_people=asked.subject is None and not asked.beside)
    period = parse_time(start), parse_time(end, end=True)
    private = read_sealing_key(sealing_key) if sealing_key else None
    with Reader.open(directory, key_file, sealing_key=private, engine=engine) as reader:
        answer, people = _ask(reader, asked, files, period, shared.purpose(why))
        text = view.text(answer, form)
        if people is not None:
            files.about(reader, asked.actor).write(reader, people, text)
    view.show(answer, "" if files.output else text, form, brief=bool(files.named))


def _check(asked: Question) -> None:
    """Raise InputError unless exactly one thing is asked for."""
    given = [n for n in ("actor", "subject", *_MANY) if getattr(asked, n) is not None]
    if len(given) != 1:
        raise InputError("name either --actor or --subject, or one of --case, --group and --actors")
    if asked.beside and asked.actor is None:
        raise InputError("--beside goes with --actor")
    if asked.proven and asked.case is None:
        raise InputError("--proven goes with --case")


def _ask(
    reader: Reader, asked: Question, files: Files, period: tuple[int, int], why: str
) -> tuple[Answer, Affected | None]:
    """Record the use; return the answer and, where files are to be written, the people for these."""
    from himaya.ledger.affected import affected, named

    if any(getattr(asked, name) is not None for name in _MANY):
        many = _many(reader, asked)
        count = f", {many.actors} actors" if many.actors else ""
        _record(reader, files, f"{why} ({many.about}{count})", period)
        answer = affected(reader, many, *period)
        return answer, answer if files.named else None
    alone = _alone(reader, asked, files, period, why)
    if not files.named or asked.actor is None:
        return alone, None
    return alone, affected(reader, named(reader, [asked.actor], asked.actor), *period)


def _alone(
    reader: Reader, asked: Question, files: Files, period: tuple[int, int], why: str
) -> Answer:
    """Return the answer about one actor or one person; that it was asked for is recorded first."""
    from himaya.ledger.beside import who_beside

    if asked.actor is None:
        name = asked.subject or ""
        _record(reader, files, why, period, reader.subject(name))
        return reader.who_subject(name, *period)
    _record(reader, files, why, period, reader.facet(asked.actor), beside=asked.beside)
    if asked.beside:
        return who_beside(reader, asked.actor, *period)
    return reader.who_actor(asked.actor, *period)


def _record(
    reader: Reader,
    files: Files,
    why: str,
    period: tuple[int, int],
    about: tuple[str, int] = ("", 0),
    *,
    beside: bool = False,
) -> None:
    """Write down who asks and why, and which files leave the house. Raises LedgerError."""
    command = "export" if files.named else "who --beside" if beside else "who"
    start, end = period
    shared.record_use(
        reader, command, f"{why}{files.words()}", column=about[0], surrogate=about[1], start=start, end=end
    )  # fmt: skip


def _many(reader: Reader, asked: Question) -> Asked:
    """Return the actors of a case, a group or a file. Raises InputError."""
    from himaya.ledger.affected import Asked, named

    if asked.case is not None:
        return _members(reader, asked.case, asked)
    if asked.group is not None:
        return Asked(f"group {asked.group}", group=asked.group)
    path = asked.actors or Path()
    names = [name for name, _ in names_in(path)]
    return named(reader, names, f"the actors of {path.name}")


def _members(reader: Reader, name: str, asked: Question) -> Asked:
    """Return the members of a case: as the register has it, or, before it was taken over, as its group."""
    from himaya.ledger.affected import members

    directory = reader.layout.directory
    settings = load_config(asked.config)
    found = _of_register(reader, name, asked.key_file, settings) or _of_group(directory, name)
    certain, others, state = found
    actors = certain if asked.proven else (*certain, *others)
    words = "proven members" if asked.proven else "members"
    return members(actors, f"the {words} of case {name} ({state})")


def _of_register(
    reader: Reader, name: str, key_file: Path | None, config: Config | None
) -> _Found | None:
    """Return the proven and the other actors of a case of the register, and its state; None where it has none."""
    from himaya.bootstrap.matters import has_register

    if not has_register(reader.layout.directory, reader.state(), config):
        return None
    from himaya.bootstrap.register import read_cases
    from himaya.response.actors import actors_of

    cases = read_cases(reader.layout.directory, key_file, config)
    case = next((one for one in cases if one.id == name), None)
    if case is None:
        return None
    actors = actors_of(case, reader.layout.directory)
    return actors.certain, actors.others, str(case.state)


def _of_group(directory: Path, name: str) -> _Found:
    """Return the same of a group. Raises InputError when there is none of that name."""
    from himaya.analysis.cases import CaseStore, cases_path

    path = cases_path(directory.absolute())
    if not path.exists():
        raise InputError(f"there is no case {name}: {path} does not exist")
    with CaseStore(path) as store:
        found = store.get(name)
    proven = tuple(one for one in found.group.proven if isinstance(one, int))
    others = (one for one in found.group.members if isinstance(one, int))
    return proven, tuple(one for one in others if one not in proven), str(found.state)
