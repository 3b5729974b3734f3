"""`himaya case people`: whom a case concerns, counted, and the list of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from himaya.cli import ledger_options as shared
from himaya.cli.case_desk import Desk, desk_options

if TYPE_CHECKING:
    from himaya.cli.who_files import Files
    from himaya.ledger.answers import Exposed
    from himaya.response.people.categories import Categories
    from himaya.response.people.count import Counted
    from himaya.response.people.residence import Residence
    from himaya.response.people.whom import Whom

_FILE = click.Path(path_type=Path, dir_okay=False)
_HEAD = (
    *("subject", "country", "fields", "restricted", "categories"),
    *("first", "last", "times", "certainty"),
)


@click.command()
@desk_options
@click.argument("name")
@click.option("--why", required=True, help="What you ask for. Kept in the access log.")
@click.option("--csv", "csv_file", type=_FILE, help="Write the list of people to this file.")
@click.option("--purpose", default="", help="What the file is for. Needed with --csv.")
@click.option("--holder", default="", help="Who keeps the file. Needed with --csv.")
@click.option("--until", help="When the file has to be gone, a date. Needed with --csv.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def people(  # noqa: PLR0913  (the options of the command)
    *,
    directory: Path,
    key_file: Path | None,
    config: Path | None,
    name: str,
    why: str,
    csv_file: Path | None,
    purpose: str,
    holder: str,
    until: str | None,
    as_json: bool,
) -> None:
    """Count whom a case concerns: by country, category, sensitivity and risk. The count is kept in the case.

    Residence comes from `[response] residence`, then its command, the facts, and `[response] contacts`; unknown
    residence is a line of its own. With --csv the list of people is written, registered as an export.
    """
    files = _files(csv_file, purpose, holder, until)
    reason = shared.purpose(why)
    with Desk("case people", directory, key_file, config) as desk:
        counted, table = _counted(desk, name, reason, files)
        desk.do(name, "counted", why=reason, **counted.data())
        if files.named:
            _write(desk, files, *table)
    if as_json:
        shared.print_json(counted)
    else:
        _print(counted)


def _files(path: Path | None, purpose: str, holder: str, until: str | None) -> Files:
    """Return the file that is to be written, if any. Raises InputError when something is not said about it."""
    from himaya.cli.who_files import Files
    from himaya.ledger.names import parse_time

    files = Files(
        output=path,
        purpose=purpose.strip(),
        holder=holder.strip(),
        until=parse_time(until, end=True) if until else 0,
        form="csv",
    )
    files.check(about_people=True)
    return files


def _counted(
    desk: Desk, name: str, why: str, files: Files
) -> tuple[Counted, tuple[Whom, Residence, Categories]]:
    """Record the use, then ask the ledger and where its people live."""
    from himaya.response.people.categories import categories_of
    from himaya.response.people.count import count
    from himaya.response.people.residence import residence_of
    from himaya.response.people.sources import sources_of
    from himaya.response.people.whom import people_of, period_of

    case, settings = desk.register.case(name), desk.settings
    start, end = period_of(case)
    with desk.reader() as reader:
        shared.record_use(
            reader, "export" if files.named else "case people", f"{why} (case {name}){files.words()}",
            start=start, end=end,
        )  # fmt: skip
        whom = people_of(reader, case)
    categories = categories_of(Path(settings.categories) if settings.categories else None)
    names = [one.subject for one in whom.answer.subjects]
    residence = residence_of(names, sources_of(desk.directory, settings))
    weights = desk.config.policy().sensitivity if desk.config else {}
    regimes = desk.regimes
    counted = count(
        name,
        whom,
        residence,
        categories,
        weights,
        rules=lambda country: bool(regimes.regimes_for(country)),
    )
    return counted, (whom, residence, categories)


def _write(
    desk: Desk, files: Files, whom: Whom, residence: Residence, categories: Categories
) -> None:
    kept = {one.subject: " ".join(one.fields) for one in whom.answer.restricted}
    rows = [
        _row(one, residence.countries[one.subject], kept.get(one.subject, ""), categories)
        for one in whom.answer.subjects
    ]
    with desk.reader() as reader:
        files.write(reader, whom.answer, shared.csv_text(_HEAD, rows))


def _row(one: Exposed, country: str, restricted: str, categories: Categories) -> Sequence[str]:
    return (
        *(one.subject, country, " ".join(one.fields), restricted),
        *(" ".join(categories.of_all(one.fields)), one.first, one.last),
        *(str(one.times), one.certainty),
    )


def _print(counted: Counted) -> None:
    from himaya.ledger.answers import erased_words

    gone = f", among them {erased_words(counted.erased)}" if counted.erased else ""
    number = counted.unattributed
    unread = f"; up to {number:,} more could not be named" if number else ""
    head = f"Case {counted.case}: {counted.people:,} people{gone}{unread}."
    click.echo(shared.printable(head))
    _print_countries(counted)
    _print_figures("category", counted.categories)
    _print_figures("weight of the heaviest field", counted.sensitivity)
    _print_risks(counted)
    for gap in counted.unobserved:
        click.echo(shared.printable(f"Not observed from {gap.start} to {gap.end}: {gap.why}"))
    click.echo(shared.printable(counted.note))
    click.echo(f"Kept in the case. Next: himaya case compare {counted.case}")


def _print_figures(title: str, figures: dict[str, int]) -> None:
    rows = [(key, f"{value:,}") for key, value in figures.items()]
    shared.print_table((title, "people"), rows)


def _print_risks(counted: Counted) -> None:
    head = ("risk", "about", "people", "low", "medium", "high", "severity")
    rows = [
        (one.risk, one.about, f"{one.people:,}", *map(str, one.levels.values()), one.severity)
        for one in counted.risks
    ]
    shared.print_table(head, rows)


def _print_countries(counted: Counted) -> None:
    shared.print_table(
        ("country", "people", "from", "to", ""),
        [
            (
                one.country or "unknown",
                f"{one.people:,}",
                one.first[:10],
                one.last[:10],
                one.words(),
            )
            for one in counted.countries
        ],
    )
    known = ", ".join(f"{name} {number:,}" for name, number in counted.residence.items())
    again = f"; {counted.repeated:,} lines said the same again" if counted.repeated else ""
    click.echo(f"Residence known from: {known or 'nowhere'}{again}.")
