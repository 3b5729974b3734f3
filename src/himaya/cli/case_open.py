"""`himaya case open`: a case by hand, by a leak sample, or by somebody else's report."""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import click

from himaya.cli import ledger_options as shared
from himaya.cli.case_desk import Desk, bounds, desk_options, moment, owner_of
from himaya.cli.case_view import say
from himaya.cli.names_file import names_in
from himaya.core.errors import InputError

if TYPE_CHECKING:
    from himaya.response.cases import Act

#: Days for which a leak sample or another file of a case is kept, unless said otherwise.
DAYS = 365


class _Options(TypedDict):
    directory: Path
    key_file: Path | None
    config: Path | None
    title: str
    why: str
    groups: tuple[str, ...]
    actors: tuple[str, ...]
    file: Path | None
    start: str | None
    end: str | None
    first_signal: str | None
    owner: str
    leak: str
    days: int
    report: bool
    as_json: bool


@click.command("open")
@desk_options
@click.option("--title", required=True, help="What it is about, in a few words, without names.")
@click.option("--why", required=True, help="Why it is opened; it stays in the register.")
@click.option(
    "--group", "groups", multiple=True, help="A group that was found; its case ends here."
)
@click.option("--actor", "actors", multiple=True, metavar="ACTOR", help="Such as account:u1.")
@click.option(
    "--actors",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="A file with one actor a line.",
)
@click.option("--from", "start", help="When the taking began (ISO 8601; UTC).")
@click.option("--to", "end", help="When it ended; a bare date includes that day.")
@click.option("--first-signal", metavar="TIME", help="When something was first seen of it.")
@click.option("--owner", default="", help="Who answers for it.")
@click.option("--leak", default="", metavar="ID|FILE", help="A leak sample that shows it.")
@click.option(
    "--days",
    type=click.IntRange(1, 3650),
    default=DAYS,
    show_default=True,
    help="How long a sample given as FILE is kept, encrypted.",
)
@click.option("--report", is_flag=True, help="Somebody outside reported it; --why says who.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def open_case(**options: Unpack[_Options]) -> None:
    """Open a case by hand. It is suspected until somebody confirms it."""
    why, first = shared.purpose(options["why"]), moment(options["first_signal"])
    name = f"c-{secrets.token_hex(5)}"
    with Desk("case open", options["directory"], options["key_file"], options["config"]) as desk:
        data = _data(desk, options, why)
        acts = [desk.act(name, "opened", why=why, data=data)]
        ended, seen = _ended(desk, name, options["groups"], why)
        if first or seen:
            acts.append(desk.act(name, "signal", why=why, when=first or seen))
        acts += ended
        if options["leak"]:
            acts.append(_leak(desk, name, options, why))
        found = desk.do_all(acts)
        say(desk, found, f"{found.id} is open.", as_json=options["as_json"])


def _data(desk: Desk, options: _Options, why: str) -> dict[str, Any]:
    """Return what the opening says of the case; actors are surrogates. Raises InputError."""
    start, end = bounds(options["start"], options["end"])
    source = "leak" if options["leak"] else "report" if options["report"] else "hand"
    owner = options["owner"].strip() or owner_of(desk)
    return {
        "source": source,
        "title": options["title"].strip(),
        "owner": owner,
        "groups": list(dict.fromkeys(options["groups"])),
        "actors": actors_of(desk, list(options["actors"]), options["file"], why, "case open"),
        "start": start,
        "end": end,
    }


def actors_of(desk: Desk, names: list[str], file: Path | None, why: str, command: str) -> list[int]:
    """Return the surrogates of actors named by hand and in a file; that they were asked for is recorded first.

    Raises InputError for one that the ledger does not know, with its line.
    """
    from himaya.ledger.schema import Kind

    places = [(name, "", 0) for name in names]
    if file is not None:
        places += [(name, str(file), line) for name, line in names_in(file)]
    if not places:
        return []
    with desk.reader() as reader:
        shared.record_use(reader, command, why)
        numbers = reader.identities.numbers(Kind.ACTOR, [name for name, _, _ in places])
    for (name, where, line), number in zip(places, numbers, strict=True):
        if not number:
            raise InputError(f"the ledger knows no actor {name!r}", file=where, line=line)
    return list(dict.fromkeys(numbers))


def _ended(desk: Desk, name: str, groups: tuple[str, ...], why: str) -> tuple[list[Act], int]:
    """Return the acts that end the cases of groups in the new one, and the first signal of them, 0: none.

    Raises InputError for a group that has no suspected case of its own.
    """
    from himaya.response.cases.case import first_signal

    acts, seen = [], []
    for group in dict.fromkeys(groups):
        case = next(
            (one for one in desk.register.cases() if group in one.groups and one.is_open), None
        )
        if case is None or case.groups != [group]:
            raise InputError(
                f"there is no open case of the group {group} alone; `himaya case list`"
            )
        if str(case.state) != "suspected":
            raise InputError(f"case {case.id} of the group {group} is {case.state}; go on in it")
        acts.append(desk.act(case.id, "merged", why=why, data={"into": name}))
        seen.append(first_signal(case))
    return acts, min(seen, default=0)


def _leak(desk: Desk, name: str, options: _Options, why: str) -> Act:
    """Return the act that a leak sample belongs to the case: one that is kept, or a file that is kept from now on."""
    from himaya.ledger.state import read_state

    with desk.reader() as reader:
        kept = read_state(reader.chain).attachments
    entry = kept.get(options["leak"])
    if entry is not None:
        data = {"id": entry.id, "sha256": entry.sha256, "what": "leak"}
        return desk.act(name, "attached", why=why, data=data)
    return attaching(desk, name, Path(options["leak"]), options["days"], why, what="leak")


def attaching(desk: Desk, name: str, file: Path, days: int, why: str, *, what: str = "file") -> Act:
    """Keep an encrypted copy of a file and return the act that it belongs to a case.

    `sha256` is that of the file itself. Raises InputError.
    """
    from himaya.ledger.attachments import Attachments

    try:
        with file.open("rb") as source:
            digest = hashlib.file_digest(source, "sha256").hexdigest()
    except OSError as problem:
        raise InputError(f"cannot be read: {problem.strerror}", file=str(file)) from problem
    with desk.reader() as reader:
        shared.record_use(reader, "case attach", why)
        kept = Attachments(reader.layout, reader.chain, reader.keys)
        by = shared.operator()
        number = kept.attach(file, days, desk.now / 1e6, why=why, by=by, case=name)
    data = {"id": number, "sha256": digest, "what": what, "days": days}
    return desk.act(name, "attached", why=why, data=data)
