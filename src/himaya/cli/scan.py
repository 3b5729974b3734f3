"""`himaya scan LOG...`: who collected people from these access logs. No set-up is needed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from himaya.cli import ledger_options as shared
from himaya.cli.ledger_path import LedgerPath

if TYPE_CHECKING:
    from himaya.config import Config
    from himaya.core.facts import Facts
    from himaya.core.policy import Policy
    from himaya.core.salt import Salted
    from himaya.ledger import Ledger
    from himaya.watch.result import ScanResult

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("logs", metavar="LOG...", nargs=-1, required=True)
@click.option("--config", "config_file", type=_FILE, help="A himaya.toml; else routes are guessed.")
@click.option("--format", "form", default="", help="How lines are written: a name or a log_format.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--report", type=_FILE, help="Write a report, one HTML file.")
@shared.pass_option
@click.option(
    "--ledger", type=LedgerPath(file_okay=False), help="Also keep what was found, for `himaya who`."
)
@click.option(
    "--pseudonymous", is_flag=True, help="Replace names: for results that leave the house."
)
@click.option("--fail-on-findings", is_flag=True, help="Exit with 1 when anybody is found.")
@click.option(
    "--processes", type=click.IntRange(0, 64), default=0, help="Processes (0: as many as pay)."
)
def scan(  # noqa: PLR0913 - the options of the command
    *,
    logs: tuple[str, ...],
    config_file: Path | None,
    form: str,
    as_json: bool,
    report: Path | None,
    ledger: Path | None,
    pseudonymous: bool,
    fail_on_findings: bool,
    processes: int,
) -> None:
    """Say who collected people from access logs (- is standard input).

    Plain, gzip, zstd, bzip2 and xz; nginx, Apache and JSON lines; the format is found by itself. Every line is
    counted: lines = parsed + malformed. Exit code 0: done; 1: findings, with --fail-on-findings; 2: no log,
    or a mistake in the configuration.
    """
    from himaya.cli.scan_progress import progress
    from himaya.config import load
    from himaya.watch.scan import ScanOptions
    from himaya.watch.scan import scan as read

    config = load(config_file) if config_file else None
    facts = kept_facts(ledger, config)
    with _kept(ledger, config) as keeper, progress(logs) as told:
        options = ScanOptions(
            config=config,
            format=form,
            sink=keeper.append if keeper else None,
            on_policy=_activation(keeper, config) if keeper else None,
            facts=facts,
            pseudonymous=pseudonymous,
            processes=processes,
            salt=_salt(keeper, config) if keeper else None,
        )
        result = read(logs, options, told)
    _show(result, as_json=as_json, report=report)
    if fail_on_findings and result.actors:
        raise click.exceptions.Exit(1)


@contextmanager
def _kept(directory: Path | None, config: Config | None) -> Iterator[Ledger | None]:
    """Open the ledger for the time of the scan, when one is asked for."""
    if directory is None:
        yield None
        return
    from himaya.ledger import Ledger

    key_file = Path(config.ledger.key_file) if config and config.ledger.key_file else None
    shared.allow_in(directory, key_file, "scan")
    ledger = Ledger.open(directory, key_file=key_file)
    try:
        yield ledger
    finally:
        ledger.close()


def _salt(ledger: Ledger, config: Config | None) -> Salted:
    """Return what fingerprint classes go through: the site's salt; without a configuration one of the ledger's key."""
    from himaya.bootstrap.parts import class_salt
    from himaya.config import ActorConfig
    from himaya.core.salt import Salt

    if config is not None:
        return class_salt(config)
    secret = ledger.keys.digest(b"himaya fingerprint salt")
    return Salt(secret, ActorConfig().fingerprint_days).of


def _activation(ledger: Ledger, config: Config | None) -> Callable[[Policy], None]:
    """Return what notes in the ledger by which policy its rows are kept, and for how long."""
    from himaya.bootstrap.parts import retention_classes
    from himaya.config import Config
    from himaya.ledger import canaries
    from himaya.ledger.retention import choose

    def note(policy: Policy) -> None:
        kept = config or Config(surfaces=policy.surfaces)
        now = time.time()
        ledger.config_version(policy.hash(), kept.canonical, now)
        days, then = kept.retention.identified_days, kept.retention.then
        ledger.set_retention(days, then, now, kept.actor.fingerprint_days)
        choose(ledger, retention_classes(kept), now)
        canaries.keep(ledger.layout.directory, kept.canary_places)

    return note


def kept_facts(ledger: Path | None, config: Config | None) -> Facts | None:
    """Return the facts kept beside the ledger and the canaries of a configuration, if there are any."""
    from himaya.core.facts import Facts
    from himaya.facts_store import FactsStore, facts_path

    directory = ledger or (Path(config.ledger.directory) if config else None)
    kept = directory is not None and facts_path(directory).exists()
    places = config.canary_places if config is not None else {}
    if not kept and not places:
        return None
    facts = Facts()
    facts.canaries = places
    if kept and directory is not None:
        with FactsStore(facts_path(directory)) as store:
            store.load_into(facts)
    return facts


def _show(result: ScanResult, *, as_json: bool, report: Path | None) -> None:
    if report is not None:
        from himaya.evidence.report import write_scan_report

        write_scan_report(result, report)
    if as_json:
        import msgspec

        from himaya.watch.result import result_json

        text = msgspec.json.format(msgspec.json.encode(result_json(result)), indent=2)
        click.echo(text.decode())
        return
    from himaya.cli.scan_view import show

    show(result, report)
