"""`himaya regimes`: the laws that deadlines and notices are computed from, as dated data with their evidence."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from himaya.cli import ledger_options as shared
from himaya.cli.case_desk import config_option, load_config

if TYPE_CHECKING:
    from himaya.response.regimes import Limit, Notice, Party, Regime, Table

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_DUTY = {"mandatory": "mandatory", "voluntary": "voluntary", "on_order": "on order"}
#: Characters of an authority in the list.
_WIDE = 44
_NO_ADVICE = "Not legal advice: counsel confirms an entry before a date is relied on."


@click.group()
def regimes() -> None:
    """List the laws of the table, show one with its sources, check the site's own files."""


@regimes.command("list")
@config_option
@_JSON
def list_regimes(config: Path | None, *, as_json: bool) -> None:
    """List every regime: authority, duty, deadline, evidence, when it was looked up, and marks."""
    table, now = _table(config), _now()
    rows = [_row(each, table, now) for each in table.regimes]
    if as_json:
        shared.print_json({"regimes": rows})
        return
    head = ("id", "country", "authority", "duty", "deadline", "evidence", "as of", "marks")
    shared.print_table(head, [_cells(row) for row in rows])
    click.echo(_NO_ADVICE)


@regimes.command()
@click.argument("name", metavar="ID")
@config_option
@_JSON
def show(name: str, config: Path | None, *, as_json: bool) -> None:
    """Show a regime in full: what is due to whom, how each part is known, changes and sources."""
    from himaya.response.regimes.regime import tables_of

    table, now = _table(config), _now()
    regime = table.get(name)
    if as_json:
        shared.print_json({**_row(regime, table, now), **tables_of(regime)})
        return
    for line in _lines(regime, table, now):
        click.echo(shared.printable(line))
    click.echo(_NO_ADVICE)


@regimes.command()
@config_option
@_JSON
def check(config: Path | None, *, as_json: bool) -> None:
    """Check every file, also the site's own, and say which are due for review. Exit code 2 for a mistake."""
    from himaya.core.errors import ConfigError, InputError
    from himaya.response.deadlines.calendars import holidays_of
    from himaya.response.regimes import is_stale
    from himaya.response.regimes.marks import review_of
    from himaya.response.regimes.table import examine_regimes

    table, errors = examine_regimes(_directory(config))
    now = _now()
    for regime in table.regimes:
        calendar = regime.calendar
        try:
            holidays_of(calendar.holidays, calendar.subdivision, regime.as_of.year)
        except InputError as problem:
            place = table.own.get(regime.id, f"himaya:{regime.id}.toml")
            errors.append(ConfigError(f"{problem}.", file=place, key="calendar.holidays"))
    stale = [regime for regime in table.regimes if is_stale(regime, now)]
    if as_json:
        told = {"errors": [str(one) for one in errors], "stale": [one.id for one in stale]}
        shared.print_json({"regimes": len(table.regimes), **told})
    else:
        for one in stale:
            click.echo(
                f"stale: {one.id} was looked up {one.as_of}, review was due {review_of(one)}"
            )
        for error in errors:
            click.echo(shared.printable(f"himaya: {error}"), err=True)
        click.echo(
            f"{len(table.regimes)} regimes can be used, {len(stale)} are due for review,"
            f" {len(errors)} mistakes."
        )
    if errors:
        raise click.exceptions.Exit(2)


def _now() -> int:
    return time.time_ns() // 1000


def _directory(config: Path | None) -> str:
    loaded = load_config(config)
    return loaded.response.regimes if loaded else ""


def _table(config: Path | None) -> Table:
    from himaya.response.regimes import load_regimes

    return load_regimes(_directory(config))


def _row(regime: Regime, table: Table, now: int) -> dict[str, Any]:
    """Return what the list says of a regime."""
    from himaya.response.regimes import is_stale, marks
    from himaya.response.regimes.marks import day_of, review_of

    day = day_of(now)
    return {
        "id": regime.id,
        "countries": regime.countries,
        "authority_name": regime.authority.name,
        "authority": _party(regime, "authority", now),
        "people": _party(regime, "people", now),
        "evidence_of_deadline": {
            "authority": regime.mark("authority_deadline", day).evidence,
            "people": regime.mark("people_notice", day).evidence,
        },
        "version": regime.version,
        "as_of": regime.as_of.isoformat(),
        "review_by": review_of(regime).isoformat(),
        "stale": is_stale(regime, now),
        "marks": marks(regime, now),
        "own": table.own.get(regime.id, ""),
    }


def _party(regime: Regime, party: Party, now: int) -> dict[str, str]:
    from himaya.response.deadlines.calendars import local_day

    limits = regime.limits(party, local_day(now, regime.time_zone))
    duty = _DUTY[regime.notice(party).duty]
    return {"duty": duty, "deadline": "; ".join(_limit(one) for one in limits)}


def _limit(limit: Limit) -> str:
    if not limit.unit:
        return limit.text
    kind = "" if limit.kind == "statute" else f"{limit.kind} "
    return f"{kind}{limit.amount} {limit.unit.replace('_', ' ')}"


def _cells(row: dict[str, Any]) -> list[str]:
    many, words = row["countries"], [one.partition(":")[0] for one in row["marks"]]
    return [
        row["id"],
        many[0] if len(many) == 1 else f"{len(many)} countries",
        _short(row["authority_name"]),
        row["authority"]["duty"],
        row["authority"]["deadline"] or "no limit",
        row["evidence_of_deadline"]["authority"],
        row["as_of"],
        ", ".join(dict.fromkeys(words)) + (" (own)" if row["own"] else ""),
    ]


def _short(name: str) -> str:
    """Return the name of an authority as far as a column has room for it; `show` has the whole."""
    plain = name.partition(" (")[0]
    return plain if len(plain) <= _WIDE else plain[: _WIDE - 1] + "…"


def _lines(regime: Regime, table: Table, now: int) -> list[str]:
    from himaya.response.regimes import marks

    own = table.own.get(regime.id, "")
    return [
        f"{regime.id}  {regime.name} ({', '.join(regime.countries)}), {regime.time_zone}",
        *[f"  {one}" for one in marks(regime, now)],
        f"  authority: {regime.authority.name}, {regime.authority.url}",
        f"  languages: {', '.join(regime.authority.languages) or 'those of the authority'}",
        f"  law: {regime.law.name}; {regime.law.articles}; {regime.law.url}",
        *_notice("to the authority", regime.to_authority),
        *_notice("to people", regime.to_people),
        *[_version(regime, at) for at in range(len(regime.versions))],
        f"  records: {regime.records.text}" + _months(regime),
        f"  scraping ({regime.scraping.stance}): {regime.scraping.text}",
        *[f"  note: {one}" for one in regime.notes],
        *[f"  {one.status}{_since(one.since)}: {one.text}" for one in regime.changes],
        f"  looked up {regime.as_of}, version {regime.version}"
        + (f"; changed by {own}" if own else ""),
        *[f"  {group}: {_known(mark)}" for group, mark in regime.evidence.items()],
        *[
            f"  source ({one.evidence}{', unreliable' if one.unreliable else ''}): {one.url}"
            for one in regime.sources
        ],
    ]


def _notice(whom: str, notice: Notice) -> list[str]:
    from himaya.response.regimes.contents import CONTENTS

    words = [CONTENTS[key] for key in notice.contents]
    found = [f"  {whom}: {_DUTY[notice.duty]}; threshold {notice.threshold}"]
    told = (notice.threshold_text, notice.text, notice.channel, notice.form_url)
    found += [f"    {one}" for one in told if one]
    found += [f"    {_full(one)}" for one in notice.limits]
    lists = {"contents": words, "headings": notice.headings}
    return found + [f"    {name}: {'; '.join(many)}" for name, many in lists.items() if many]


def _full(limit: Limit) -> str:
    amount = f"{limit.amount} {limit.unit.replace('_', ' ')}: " if limit.unit else ""
    return f"{limit.kind}, from {limit.clock}: {amount}{limit.text}"


def _version(regime: Regime, at: int) -> str:
    version = regime.versions[at]
    limits = [
        f"{party}: {_full(one)}"
        for party, found in (("authority", version.authority), ("people", version.people))
        for one in found or ()
    ]
    return f"  from {version.valid_from} on: {version.text}; {'; '.join(limits)}"


def _months(regime: Regime) -> str:
    records = regime.records
    return f" ({records.months} months from {records.counted_from})" if records.months else ""


def _since(day: object) -> str:
    return f" (since {day})" if day else ""


def _known(mark: Any) -> str:  # noqa: ANN401  (a mark; its module is loaded late)
    return f"{mark.evidence}" if mark.verified else f"{mark.evidence}, not verified"
