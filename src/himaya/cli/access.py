"""`himaya access`: the answer to a person who asks: as somebody who is shown, or as a viewer."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from himaya.cli import ledger_options as shared
from himaya.core.errors import InputError

if TYPE_CHECKING:
    from himaya.config import Config
    from himaya.evidence.letter import Letter
    from himaya.ledger.access import Outside, SubjectAccess
    from himaya.ledger.actor_access import ActorAccess
    from himaya.ledger.reader import Reader

_FILE = click.Path(path_type=Path, dir_okay=False)


class _Out(NamedTuple):
    """Where the answer goes: JSON on the screen, a page, a text; a signed statement."""

    as_json: bool
    html: Path | None
    text: Path | None
    statement: Path | None


@click.command()
@shared.ledger_options
@shared.open_option
@click.option("--subject", help="The person who asks, as the site names them.")
@click.option(
    "--actor", help="The viewer who asks: account:NAME, key:NAME, session:NAME, address:IP."
)
@click.option("--from", "start", help="From this date or time on (ISO 8601; UTC).")
@click.option("--to", "end", help="Before this time; a bare date includes that day.")
@click.option("--why", required=True, help="Whose request this answers. Kept in the access log.")
@click.option("--scope", is_flag=True, help="With --subject: say who may see each field.")
@click.option(
    "--name-individuals",
    is_flag=True,
    help="With --subject: name individuals, too; needs --decision and --by.",
)
@click.option("--decision", default="", help="Why individuals are named. Kept in the chain.")
@click.option("--by", "decider", default="", help="Who decided that. Kept in the chain.")
@click.option(
    "--sealing-key",
    type=click.Path(path_type=Path),
    help="Private key that opens periods sealed by retention.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--html", type=_FILE, help="Write a page to this file.")
@click.option("--text", type=_FILE, help="Write the text to this file.")
@click.option(
    "--statement",
    type=_FILE,
    help="With --subject: write a signed statement to this file (.json), and its words beside it.",
)
def access(
    *,
    directory: Path,
    key_file: Path | None,
    start: str | None,
    end: str | None,
    why: str,
    sealing_key: Path | None,
    **about: Any,  # noqa: ANN401  (the options that say about whom, and where the answer goes)
) -> None:
    """Answer a person who asks to whom they were shown, or a viewer who asks what is held about them.

    Organisations are named, individuals described. The answer says what it cannot speak for. Every use is recorded
    with its reason before the answer is given.
    """
    from himaya.ledger.archive import read_sealing_key
    from himaya.ledger.names import parse_time
    from himaya.ledger.reader import Reader

    out = _Out(**{name: about.pop(name) for name in _Out._fields})
    _check(out, **about)
    purpose = shared.purpose(why)
    period = parse_time(start), parse_time(end, end=True)
    private = read_sealing_key(sealing_key) if sealing_key else None
    with Reader.open(directory, key_file, sealing_key=private) as reader:
        if about["actor"] is not None:
            _answer_actor(reader, about["actor"], period, purpose, out)
        else:
            _answer_subject(reader, about, period, purpose, out)


def _check(
    out: _Out,
    *,
    subject: str | None,
    actor: str | None,
    scope: bool,
    name_individuals: bool,
    decision: str,
    decider: str,
) -> None:
    """Raise InputError for options that do not go together."""
    if (actor is None) == (subject is None):
        raise InputError("name either --subject or --actor")
    if actor is not None and (scope or name_individuals or out.statement):
        raise InputError("--scope, --name-individuals and --statement go with --subject")
    if name_individuals:
        shared.purpose(decision, "--decision")
        shared.purpose(decider, "--by")
    elif decision or decider:
        raise InputError("--decision and --by go with --name-individuals")
    if out.statement is not None and out.statement.suffix != ".json":
        raise InputError(f"--statement {out.statement}: the name has to end in .json")


# -- somebody who is shown -------------------------------------------------------------------


def _answer_subject(
    reader: Reader, about: dict[str, Any], period: tuple[int, int], why: str, out: _Out
) -> None:
    """Record the use and the decision, then answer."""
    from himaya.evidence.access_letter import subject_letter
    from himaya.ledger.access import Wish, subject_access
    from himaya.ledger.statement import record_naming

    name = about["subject"]
    column, number = reader.subject(name)
    command = "statement" if out.statement else "access"
    start, end = period
    shared.record_use(reader, command, why, column=column, surrogate=number, start=start, end=end)
    if about["name_individuals"]:
        decided = {"why": about["decision"].strip(), "by": about["decider"].strip()}
        record_naming(reader, number, **decided, at=time.time())
    wish = Wish(scopes=about["scope"], named=about["name_individuals"])
    config = newest_config(reader)
    with outside_of(reader, config) as outside:
        answer = subject_access(reader, name, outside, *period, wish=wish)
    site = config.site.name if config is not None else ""
    _tell(answer, subject_letter(answer, site), out)
    if out.statement is not None:
        _state(reader, answer, site, out.statement)


def _state(reader: Reader, answer: SubjectAccess, site: str, path: Path) -> None:
    """Write the signed statement and its words; that it was signed is recorded first."""
    from himaya.evidence.access_letter import statement_letter
    from himaya.evidence.letter import page_of, text_of
    from himaya.ledger.handing_out import write_private
    from himaya.ledger.schema import iso, micros
    from himaya.ledger.statement import Statement, record, signed

    now = time.time()
    stated = Statement(site=site, issued=iso(micros(int(now))), answer=answer)
    data = signed(stated, reader.keys)
    letter = statement_letter(stated, reader.keys.public, path.name)
    record(reader, data, reader.subject(answer.subject)[1], by=shared.operator(), at=now)
    write_private(path, data)
    write_private(path.with_suffix(".txt"), text_of(letter).encode())
    write_private(path.with_suffix(".html"), page_of(letter).encode())
    for suffix in (".json", ".txt", ".html"):
        click.echo(f"himaya: wrote {path.with_suffix(suffix)}", err=True)


def newest_config(reader: Reader) -> Config | None:
    """Return the newest configuration that the chain keeps, None for none that this release can read."""
    import tomllib

    from himaya.config.decode import decode
    from himaya.ledger.versions import versions

    texts = [version.text for version in versions(reader.chain, reader.keys) if version.text]
    return decode(tomllib.loads(texts[-1]))[0] if texts else None


@contextmanager
def outside_of(reader: Reader, config: Config | None) -> Iterator[Outside]:
    """Give what facts say of organisations, and the crawlers that a configuration knows by their networks."""
    from himaya.core.crawlers import Crawlers
    from himaya.core.policy import Impostor
    from himaya.facts_store import FactsStore, facts_path
    from himaya.ledger.access import Outside

    settings = config.detectors.impostor if config is not None else Impostor()
    known, path = Crawlers(settings), facts_path(reader.layout.directory.absolute())

    def crawler(address: str) -> str:
        return next((one for one in settings.crawlers if known.comes_from(one, address)), "")

    if not path.exists():
        yield Outside(lambda _: "", crawler)
        return
    with FactsStore(path) as store:
        yield Outside(_organisation(store.account), crawler)


def _organisation(account: Callable[[str], Any]) -> Callable[[str], str]:
    def organisation(name: str) -> str:
        fact = account(name)
        return fact.organisation if fact is not None else ""

    return organisation


# -- a viewer ----------------------------------------------------------------------------------


def _answer_actor(reader: Reader, name: str, period: tuple[int, int], why: str, out: _Out) -> None:
    """Record the use, then answer."""
    from himaya.evidence.access_letter import actor_letter
    from himaya.ledger.actor_access import actor_access

    column, number = reader.facet(name)
    start, end = period
    shared.record_use(
        reader, "actor-request", why, column=column, surrogate=number, start=start, end=end
    )
    directory = reader.layout.directory.absolute()
    answer = actor_access(reader, name, lambda numbers: _matters(directory, numbers), *period)
    config = newest_config(reader)
    _tell(answer, actor_letter(answer, config.site.name if config is not None else ""), out)


def _matters(ledger: Path, numbers: Collection[int]) -> int:
    """Return in how many cases and alerts any of these surrogates stands."""
    from himaya.analysis.cases import CaseStore, cases_path
    from himaya.runner.alerting.store import AlertStore, alerts_path

    found, count = set(numbers), 0
    if (path := cases_path(ledger)).exists():
        with CaseStore(path) as cases:
            count += sum(bool(found & set(each.group.members)) for each in cases.all())
    if (path := alerts_path(ledger)).exists():
        with AlertStore(path) as alerts:
            for each in alerts.alerts(everything=True):
                count += any(number in found for _, number in alerts.actors(each.id))
    return count


def _tell(answer: SubjectAccess | ActorAccess, letter: Letter, out: _Out) -> None:
    """Write or print an answer; without any wish its words are printed."""
    from himaya.evidence.letter import page_of, text_of
    from himaya.ledger.handing_out import write_private

    if out.html is not None:
        write_private(out.html, page_of(letter).encode())
    if out.text is not None:
        write_private(out.text, text_of(letter).encode())
    for path in (out.html, out.text):
        if path is not None:
            click.echo(f"himaya: wrote {path}", err=True)
    if out.as_json:
        shared.print_json(answer)
    elif not (out.html or out.text or out.statement):
        click.echo(text_of(letter), nl=False)
