"""`himaya case import`, `claim` and `indicators`: what others found or say, and what others may look for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from himaya.cli import ledger_options as shared
from himaya.cli.case_desk import Desk, desk_options, moment, owner_of
from himaya.core.errors import InputError

if TYPE_CHECKING:
    from himaya.response.exchange.found import Found
    from himaya.response.exchange.indicators import Indicators

_PATH = click.Path(path_type=Path, dir_okay=False)
_WHY = click.option("--why", required=True, help="Why; it stays in the case's register.")
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_TITLE = click.option("--title", default="", help="What the case is called.")
#: Days after which an export of indicators has to be destroyed, where nothing else is said.
_DAYS = 180


@click.command("import")
@desk_options
@click.option("--crowdsec", type=_PATH, help="Alerts as `cscli alerts list -o json` prints them.")
@click.option("--csv", "table", type=_PATH, help="Columns type, value, and maybe first, last.")
@_TITLE
@_WHY
@_JSON
def import_(  # noqa: PLR0913  (the options of the command)
    *,
    directory: Path,
    key_file: Path | None,
    config: Path | None,
    crowdsec: Path | None,
    table: Path | None,
    title: str,
    why: str,
    as_json: bool,
) -> None:
    """Open a suspected case from what another program found. Only what this ledger knows becomes an actor of it."""
    from himaya.response.exchange.alerts import read_alerts
    from himaya.response.exchange.table import read_table

    reason = shared.purpose(why)
    if (crowdsec is None) == (table is None):
        raise InputError("name one file: --crowdsec FILE or --csv FILE")
    with Desk("case import", directory, key_file, config) as desk:
        source, found = (
            ("crowdsec", read_alerts(crowdsec))
            if crowdsec is not None
            else ("csv", read_table(table or Path()))
        )
        told = _open(desk, source, found, title, reason)
    _print(told, as_json=as_json)


def _open(desk: Desk, source: str, found: Found, title: str, why: str) -> dict[str, Any]:
    """Open the case; names of the file are looked up, which the chain records, and kept as numbers alone."""
    from himaya.response.exchange.found import fresh_id, known

    if found.start > desk.now:
        raise InputError("everything in the file lies in the future; look at its times")
    with desk.reader() as reader:
        shared.record_use(reader, "case import", f"{why} ({len(found.names)} indicators)")
        ours = known(reader, found)
    case, named = fresh_id(desk.now), title or f"import from {source}: {', '.join(found.about)}"
    period = {"start": found.start, "end": min(found.end + 1, desk.now)} if found.start else {}
    data = {"title": named[:200], "source": source, "actors": ours.actors, "facets": ours.facets}
    data["owner"] = owner_of(desk)
    acts = [desk.act(case, "opened", why=why, data={**data, **period})]
    if found.start:
        acts.append(desk.act(case, "signal", why=why, when=found.start))
    desk.register.add_all(acts)
    return {
        "id": case,
        "state": "suspected",
        "entries": found.entries,
        "unusable": found.unusable,
        "indicators": len(found.names),
        "actors": len(ours.actors),
        "unknown": ours.unknown,
        "about": found.about,
        "next": f"himaya case confirm {case}",
    }


@click.command()
@desk_options
@click.option("--from", "who", required=True, help="Who says so; kept sealed.")
@click.option("--received", required=True, help="When it came in, ISO 8601.")
@click.option(
    "--notified",
    help="From when on a person decides that the site counts as told (discovery_or_notified).",
)
@_TITLE
@_WHY
@_JSON
def claim(  # noqa: PLR0913  (the options of the command)
    *,
    directory: Path,
    key_file: Path | None,
    config: Path | None,
    who: str,
    received: str,
    notified: str | None,
    title: str,
    why: str,
    as_json: bool,
) -> None:
    """Take in what somebody outside says: a suspected case with the time it came in.

    No clock of a law starts by itself: a person of role legal or dpo says with --notified, or later, from when on.
    """
    from himaya.cli.case_letter_files import keys_of

    reason, at = shared.purpose(why), moment(received)
    with Desk("case claim", directory, key_file, config) as desk:
        if at > desk.now:
            raise InputError(f"--received {received} is in the future")
        sealed = keys_of(desk).seal_text(shared.purpose(who, "--from"))
        data = {"title": title or "a claim from outside", "source": "claim", "from": sealed}
        data["owner"] = owner_of(desk)
        case = _claimed(desk, data, reason, at, moment(notified))
    told = {
        "id": case,
        "state": "suspected",
        "received": received,
        "clock": notified or "not set: a person decides from when on the site counts as told",
        "next": f"himaya case show {case}",
    }
    _print(told, as_json=as_json)


def _claimed(desk: Desk, data: dict[str, str], why: str, at: int, notified: int) -> str:
    """Open a case for a claim that came in at `at`, microseconds, with its clock where a person set one; return it."""
    from himaya.response.exchange.found import fresh_id

    case = fresh_id(desk.now)
    acts = [
        desk.act(case, "opened", why=why, data=dict(data)),
        desk.act(case, "signal", why=why, when=at),
    ]
    if notified:
        clock = {"clock": "discovery_or_notified"}
        acts.append(desk.act(case, "clock", why=why, when=notified, data=clock))
    desk.register.add_all(acts)
    return case


@click.command()
@click.argument("name")
@desk_options
@click.option("--stix", type=_PATH, help="Write a STIX 2.1 bundle here.")
@click.option("--misp", type=_PATH, help="Write an event for MISP here.")
@click.option("--holder", default="", help="Who will have the files.")
@click.option("--until", help="When they are to be destroyed (a date); default: in 180 days.")
@_WHY
@_JSON
def indicators(  # noqa: PLR0913  (the options of the command)
    *,
    name: str,
    directory: Path,
    key_file: Path | None,
    config: Path | None,
    stix: Path | None,
    misp: Path | None,
    holder: str,
    until: str | None,
    why: str,
    as_json: bool,
) -> None:
    """Write what the actors of a confirmed case came with, for others to look for. No person's data is in it."""
    from himaya.ledger.names import parse_time

    files = {"stix": stix, "misp": misp}
    if stix is None and misp is None:
        raise InputError("name a file: --stix FILE, --misp FILE, or both")
    with Desk("case indicators", directory, key_file, config) as desk:
        end = parse_time(until, end=True) if until else desk.now + _DAYS * 86_400_000_000
        told = _write(
            desk, name, files, (shared.purpose(holder, "--holder"), end, shared.purpose(why))
        )
    _print(told, as_json=as_json)


def _write(
    desk: Desk, name: str, files: dict[str, Path | None], said: tuple[str, int, str]
) -> dict[str, Any]:
    """Register and write the files; `said` is who has them, until when (microseconds), and what for."""
    from himaya.ledger.handing_out import write_private
    from himaya.response.exchange import misp, stix

    holder, end, why = said
    site = desk.config.site.name if desk.config and desk.config.site.name else "a site"
    found = _gather(desk, name, why, {path: holder for path in files.values() if path}, end)
    makers = {"stix": stix.bundle, "misp": misp.event}
    written = []
    for form, path in files.items():
        if path is not None:
            write_private(path, makers[form](found, site))
            written.append(str(path))
    return {
        "id": name,
        "practice": found.practice,
        "indicators": len(found.found),
        "left out, shared with others": found.shared,
        "files": written,
    }


def _gather(desk: Desk, name: str, why: str, holders: dict[Path, str], end: int) -> Indicators:
    """Return the indicators of a case; that they leave is recorded, and each file is registered as an export."""
    from himaya.ledger import exports
    from himaya.response.actors import actors_of
    from himaya.response.cases.rules import SURE
    from himaya.response.exchange.indicators import indicators as gather

    case = desk.register.case(name)
    if case.state not in SURE:
        raise InputError(
            f"case {name} is {case.state}; indicators of a confirmed case are given away"
        )
    actors = actors_of(case, desk.directory)
    most = desk.config.feed.shared_accounts if desk.config else 3
    with desk.reader() as reader:
        shared.record_use(reader, "case indicators", f"{why} (case {name})")
        found = gather(reader, actors, name, most_others=most - 1, practice=case.practice)
        for path, holder in holders.items():
            exports.register(
                reader,
                purpose=why,
                holder=holder,
                until=end,
                subjects=found.named,
                path=path.absolute(),
                by=shared.operator(),
                now=desk.now / 1e6,
            )
    return found


def _print(told: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        shared.print_json(told)
        return
    for name, value in told.items():
        words = ", ".join(map(str, value)) if isinstance(value, list) else value
        click.echo(shared.printable(f"{name}: {words}"))
