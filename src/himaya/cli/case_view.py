"""`himaya case list` and `himaya case show`: what is known of a case, what was done in it, and what is missing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from himaya.cli import ledger_options as shared
from himaya.cli.case_desk import Desk, desk_options

if TYPE_CHECKING:
    from himaya.analysis.cases import Case as Found
    from himaya.ledger.reader import Reader
    from himaya.response.cases import Act, Case, Entry

#: Members whose names are shown; each is an entry in the ledger's access log.
_NAMED = 100
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_HEAD = ("id", "state", "age", "owner", "people", "members", "title")


@click.command("list")
@desk_options
@_JSON
def list_cases(
    *, directory: Path, key_file: Path | None, config: Path | None, as_json: bool
) -> None:
    """List every case: state, age since the first signal, owner, people; and what nobody looked after."""
    with Desk("case list", directory, key_file, config) as desk:
        cases = [short(desk, each) for each in desk.register.cases()]
    waiting = unhandled(directory, desk.now)
    if as_json:
        shared.print_json({"cases": cases, "unhandled": waiting})
        return
    real = [each for each in cases if not each["practice"]]
    practice = [each for each in cases if each["practice"]]
    _table(real) if real else click.echo("There is no case.")
    if practice:
        click.echo("PRACTICE, on synthetic data; none of these happened:")
        _table(practice)
    if waiting["findings"]:
        click.echo(
            f"{waiting['findings']} findings nobody looked after, the oldest {age(waiting['oldest_s'])} old:"
            " himaya alert list"
        )


@click.command()
@desk_options
@click.argument("name")
@click.option("--names", is_flag=True, help="Name the members, at most 100; needs --why.")
@click.option("--why", default="", help="Why the names are needed; it stays in the ledger's chain.")
@_JSON
def show(
    *,
    directory: Path,
    key_file: Path | None,
    config: Path | None,
    name: str,
    why: str,
    names: bool,
    as_json: bool,
) -> None:
    """Show a case: what was found, its clocks and assessments, all that was done, and what is missing next."""
    with Desk("case show", directory, key_file, config) as desk:
        found = desk.register.case(name)
        told = told_of(desk, found)
        if names:
            told["names"] = _names(desk, found, shared.purpose(why))
    if as_json:
        shared.print_json(told)
    else:
        _print(told)


def unhandled(directory: Path, now: int) -> dict[str, int]:
    """Return how many findings nobody acknowledged, and the age of the oldest, seconds."""
    from himaya.runner.alerting import AlertStore, alerts_path

    path = alerts_path(directory)
    if not path.exists():
        return {"findings": 0, "oldest_s": 0}
    with AlertStore(path) as store:
        opened = [one.opened for one in store.alerts() if one.kind in _FINDINGS]
    oldest = max(0, int(now / 1e6 - min(opened))) if opened else 0
    return {"findings": len(opened), "oldest_s": oldest}


#: Kinds of alerts that are findings about actors or people; the others are about the machine.
_FINDINGS = frozenset({"finding", "field", "surge", "exhaustion", "case"})


def age(seconds: int) -> str:
    """Return a length of time in words."""
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


# -- a case as a table of JSON ------------------------------------------------------------------------


def short(desk: Desk, found: Case) -> dict[str, Any]:
    """Return a case in one line: what the register says of it, and what the search knows of its groups."""
    from himaya.ledger.schema import iso
    from himaya.response.cases.case import first_signal

    groups = groups_of(desk.directory, found)
    counted = None if found.countries is None else sum(found.countries.values())
    first = first_signal(found)
    return {
        "id": found.id,
        "kind": found.kind,
        "state": str(found.state),
        "practice": found.practice,
        "title": found.title,
        "source": found.source,
        "owner": found.owner,
        "acknowledged": iso(found.acknowledged) if found.acknowledged else "",
        "opened": iso(found.opened),
        "first": iso(first),
        "age_s": max(0, (desk.now - first) // 1_000_000),
        "counted": counted,
        **_of_groups([each.group for each in groups]),
    }


def _of_groups(groups: list[Any]) -> dict[str, Any]:
    links = [ground.link for group in groups for ground in group.grounds if ground.link]
    return {
        # Whoever is held is in the group that was found, too.
        "members": len({one for group in groups for one in group.members}),
        "proven": len({one for group in groups for one in group.proven}),
        "people": sum(group.people for group in groups),
        "shown": sum(group.shown for group in groups),
        "links": list(dict.fromkeys(links)),
    }


def groups_of(directory: Path, found: Case) -> list[Found]:
    """Return what the search knows of the groups of a case."""
    from himaya.analysis.cases import CaseStore, cases_path

    path = cases_path(directory.absolute())
    if not found.groups or not path.exists():
        return []
    with CaseStore(path) as store:
        there = store.states()
        return [store.get(name) for name in found.groups if name in there]


def told_of(desk: Desk, found: Case) -> dict[str, Any]:
    """Return all that is shown of a case."""
    from himaya.ledger.schema import iso
    from himaya.response.cases.conditions import next_steps

    groups = groups_of(desk.directory, found)
    return {
        **short(desk, found),
        "into": found.into,
        "groups": found.groups,
        "actors": len(found.actors),
        "start": iso(found.start) if found.start else "",
        "end": iso(found.end) if found.end else "",
        "grounds": [words for each in groups for words in each.group.words()],
        "clocks": [_clock(each.name, found) for each in found.clocks.values()],
        "countries": found.countries,
        "assessments": [_assessment(found, name) for name in found.assessments],
        "log": [line(entry) for entry in found.entries],
        "next": next_steps(found),
    }


def _clock(name: str, found: Case) -> dict[str, Any]:
    from himaya.ledger.schema import iso

    one = found.clocks[name]
    return {
        "clock": name,
        "when": iso(one.when),
        "at": iso(one.at),
        "by": one.by,
        "role": one.role,
        "why": one.why,
        "corrects": one.corrects,
    }


def _assessment(found: Case, country: str) -> dict[str, Any]:
    from himaya.ledger.schema import iso

    one = found.assessments[country]
    return {
        "country": country,
        "regime": one.regime,
        "authority": one.authority,
        "people": one.people,
        "by": one.by,
        "role": one.role,
        "why": one.why,
        "at": iso(one.at),
    }


def line(entry: Entry) -> dict[str, Any]:
    """Return one entry of the timeline."""
    from himaya.ledger.schema import iso

    act = entry.act
    return {
        "number": entry.number,
        "at": iso(act.at),
        "when": iso(act.moment),
        "back_dated": act.is_back_dated,
        "by": act.by,
        "role": act.role,
        "what": act.kind,
        "why": "(removed by retention)" if entry.removed else act.why,
        "says": _says(act),
    }


#: What of an act's data stands beside its kind in the timeline.
_SAID = ("clock", "country", "authority", "people", "owner", "into", "to", "from", "id", "party")


def _says(act: Act) -> str:
    words = [
        f"{name}={act.data[name]}"
        for name in _SAID
        if isinstance(act.data.get(name), str) and (act.data[name] or name == "country")
    ]
    return " ".join([*words, *(["correction"] if act.data.get("correct") else [])])


def _names(desk: Desk, found: Case, why: str) -> list[str]:
    """Return the members' names; that they were asked for is written down first."""
    members = [actor for each in groups_of(desk.directory, found) for actor in each.group.members]
    actors = [one for one in dict.fromkeys([*members, *found.actors]) if isinstance(one, int)]
    actors = actors[:_NAMED]
    with desk.reader() as reader:
        for actor in actors:
            _note(reader, actor, why)
        names, closed = reader.identities.names(actors), reader.identities.closed(actors)
    gone = {actor: "sealed" if actor in closed else "erased" for actor in actors}
    return [names.get(actor, gone[actor]) for actor in actors]


def _note(reader: Reader, actor: int, why: str) -> None:
    shared.record_use(reader, "case show", why, column="actor", surrogate=actor)


# -- in words -------------------------------------------------------------------------------------------


def say(desk: Desk, found: Case, words: str, *, as_json: bool) -> None:
    """Print what an act of a person changed, and what is missing next."""
    from himaya.response.cases.conditions import next_steps

    steps = next_steps(found)
    if as_json:
        shared.print_json({**short(desk, found), "next": steps})
        return
    click.echo(shared.printable(words))
    for step in steps:
        click.echo(shared.printable(f"  next: {step}"))


def _table(cases: list[dict[str, Any]]) -> None:
    rows = [{**each, "age": age(each["age_s"])} for each in cases]
    for row in rows:
        if row["counted"] is not None:
            row["people"] = row["counted"]
    shared.print_table(_HEAD, [[str(row[name]) for name in _HEAD] for row in rows])


def _print(told: dict[str, Any]) -> None:
    practice = "PRACTICE, on synthetic data; it did not happen.\n" if told["practice"] else ""
    head = f"{told['id']}  {told['state']}, opened {told['opened']}, first seen {told['first']}"
    click.echo(practice + shared.printable(head))
    for text in [*_about(told), *_what_is_known(told), *_timeline(told)]:
        click.echo(shared.printable(text))


def _about(told: dict[str, Any]) -> list[str]:
    owner = told["owner"] or "nobody"
    ack = f"acknowledged {told['acknowledged']}" if told["acknowledged"] else "not acknowledged"
    lines = [f"{told['title'] or 'no title'}; owner: {owner}; {ack}"]
    if told["into"]:
        lines.append(f"it went on in case {told['into']}")
    if told["members"]:
        lines.append(
            f"{told['members']} members were shown {told['people']} different people"
            f" ({told['shown']} views of a new person in all); {told['proven']} are proven and spend the group's"
            " budget, where one is set."
        )
    if told["actors"]:
        lines.append(f"{told['actors']} further actors are in it.")
    return lines + [f"  {words}" for words in told["grounds"]]


def _what_is_known(told: dict[str, Any]) -> list[str]:
    lines = []
    for one in told["clocks"]:
        note = f", corrects entry {one['corrects']}" if one["corrects"] else ""
        who = _who(one)
        lines.append(
            f"  clock {one['clock']}: {one['when']}, set {one['at']} by {who}{note}: {one['why']}"
        )
    for country, people in (told["countries"] or {}).items():
        lines.append(f"  {country or 'unknown residence'}: {people} people")
    for one in told["assessments"]:
        country = one["country"] or "unknown residence"
        lines.append(
            f"  assessed {country}: authority {one['authority']}, people {one['people']},"
            f" by {_who(one)}: {one['why']}"
        )
    return lines


def _timeline(told: dict[str, Any]) -> list[str]:
    lines = []
    for one in told["log"]:
        dated = f" (back-dated: happened {one['when']})" if one["back_dated"] else ""
        says = f" {one['says']}" if one["says"] else ""
        lines.append(f"  {one['at']}  {_who(one)}  {one['what']}{says}{dated}: {one['why']}")
    lines += [f"  {name}" for name in told.get("names", [])]
    return lines + [f"  next: {step}" for step in told["next"]]


def _who(one: dict[str, Any]) -> str:
    return f"{one['by']} ({one['role']})" if one["role"] else str(one["by"])


# -- what the search found -------------------------------------------------------------------------------


def of_group(found: Found) -> dict[str, Any]:
    """Return what the search knows of a group, as it prints it."""
    from himaya.ledger.schema import iso, micros

    return {
        "id": found.id,
        "state": str(found.state),
        "opened": iso(micros(found.opened)),
        "first": iso(micros(found.group.first)),
        **_of_groups([found.group]),
    }


def print_groups(groups: list[Found]) -> None:
    """Print a table of groups."""
    head = ("id", "state", "opened", "members", "proven", "people", "shown")
    rows = [of_group(each) for each in groups]
    shared.print_table(head, [[str(row[name]) for name in head] for row in rows])
