"""`himaya calibrate`: thresholds from accounts later proven honest, with a receipt."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from himaya.cli import ledger_options as shared
from himaya.cli.ledger_path import LedgerPath
from himaya.core.errors import InputError

if TYPE_CHECKING:
    from himaya.config import Config
    from himaya.ledger.reader import Reader
    from himaya.watch.calibration.past import Calibration, Honest
    from himaya.watch.calibration.receipt import Receipt

_FILE = click.Path(path_type=Path, dir_okay=False)
_SHARE = click.FloatRange(0, 0.9)
_RATE = click.FloatRange(0.000_001, 0.5)


class Asked(msgspec.Struct, frozen=True):
    """The options of the command."""

    logs: tuple[str, ...]
    honest: Path | None
    config: Path | None
    directory: Path | None
    key_file: Path | None
    why: str
    start: str | None
    end: str | None
    form: str
    rate: float
    hold_out: float
    seed: str
    budgets: bool
    write: Path | None
    record: bool


@click.command()
@click.argument("logs", metavar="[LOG...]", nargs=-1)
@click.option("--honest", type=_FILE, help="Accounts proven honest: account,how,proven a line.")
@click.option("--config", type=_FILE, help="The himaya.toml whose thresholds are calibrated.")
@click.option(
    "--ledger",
    "directory",
    type=LedgerPath(file_okay=False),
    help="Read its rows instead of LOG; with LOG: cases, and --record.",
)
@shared.pass_option
@click.option("--key-file", type=_FILE, help="Key of the ledger; default: beside it, DIR.key.")
@click.option("--why", default="", help="What you read the ledger for. Kept in the access log.")
@click.option("--from", "start", help="The period begins here (ISO 8601; UTC); before it: warm-up.")
@click.option("--to", "end", help="The period ends before this; a bare date includes that day.")
@click.option("--format", "form", default="", help="How lines are written: a name or a log_format.")
@click.option("--rate", type=_RATE, default=0.001, show_default=True, help="The nominal rate.")
@click.option(
    "--hold-out",
    type=_SHARE,
    default=0.2,
    show_default=True,
    help="The share of accounts that measures the rate and sets no threshold.",
)
@click.option("--seed", default="", help="Of the split; default: from the ledger's key.")
@click.option("--budgets", is_flag=True, help="Also the limits of [budgets] that are set.")
@click.option("--write", type=_FILE, help="Write a himaya.toml with the new values; a new file.")
@click.option("--record", is_flag=True, help="Put the receipt on record in the ledger.")
@click.option("--list", "listing", is_flag=True, help="Print the receipts on record instead.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: the receipt.")
def calibrate(*, listing: bool, as_json: bool, **options: Any) -> None:  # noqa: ANN401  (the options above)
    """Take thresholds from accounts that were later proven honest, and say how sure they are.

    Traffic is read from LOG..., or from the ledger. Exit code 0: at least one threshold; 1: too few proven accounts
    for any at this rate; 2: something cannot be read.
    """
    from himaya.cli.calibrate_view import show, show_list

    asked = Asked(**options)
    if listing:
        told = _recorded(asked)
        shared.print_json({"calibrations": told}) if as_json else show_list(told)
        return
    receipt = _receipt(asked)
    if as_json:
        shared.print_json(receipt)
    else:
        show(receipt)
        _say_where(asked)
    if not any(one.value is not None for one in receipt.settings):
        raise click.exceptions.Exit(1)


def _say_where(asked: Asked) -> None:
    if asked.write is not None:
        click.echo(f"Written to {asked.write}; try it: himaya forecast --config {asked.write} ...")
    if asked.record:
        click.echo(f"On record in {asked.directory}.")


def _receipt(asked: Asked) -> Receipt:
    """Calibrate; then write and record what was asked for."""
    from himaya.config import load
    from himaya.watch.calibration.write import write, written

    _check(asked)
    config = load(asked.config or Path())
    receipt = _calibrated(asked, config)
    if asked.record and not receipt.thresholds:
        raise InputError("none of the proven accounts was seen: there is nothing to record")
    if asked.write is not None:
        if not any(one.value is not None for one in receipt.settings):
            raise InputError(
                f"{asked.write}: no value can be claimed at this rate; nothing written"
            )
        write(asked.write, written(config, receipt))
    if asked.record:
        _record(asked, receipt)
    return receipt


def _check(asked: Asked) -> None:
    """Raise InputError for options that do not go together."""
    if asked.honest is None or asked.config is None:
        raise InputError("--honest FILE and --config FILE are needed")
    if not asked.logs and asked.directory is None:
        raise InputError("name LOG..., or --ledger DIR to read the past from")
    if asked.record and asked.directory is None:
        raise InputError("--record needs --ledger DIR: where it is put on record")
    if not asked.seed.isprintable():
        raise InputError("--seed holds what cannot be printed in a receipt; take other letters")
    if asked.write is not None and asked.write.exists():
        raise InputError(f"{asked.write}: exists already; name a file to make")


def _calibrated(asked: Asked, config: Config) -> Receipt:
    """Read the proven accounts, the cases and the past."""
    from himaya.ledger.files import Layout
    from himaya.ledger.reader import Reader
    from himaya.watch.calibration.past import Honest, names_in_cases
    from himaya.watch.calibration.proven import read_proven

    proofs = read_proven(asked.honest or Path(), time.time())
    directory = asked.directory or Path(config.ledger.directory)
    if not Layout(directory).exists():
        if not asked.logs:
            Layout(directory).must_exist()
        return _begun(asked, config, Honest(proofs), None).logs(asked.logs, asked.form)
    with Reader.open(directory, _key(asked, config)) as reader:
        shared.allow(reader, "calibrate")
        honest = Honest(proofs, names_in_cases(reader, directory, proofs))
        calibration = _begun(asked, config, honest, reader)
        if asked.logs:
            return calibration.logs(asked.logs, asked.form)
        _note_use(asked, reader)
        return calibration.ledger(reader)


def _key(asked: Asked, config: Config) -> Path | None:
    """Return the key file: as named, else the configured one of the configured ledger."""
    if asked.key_file is None and asked.directory is None and config.ledger.key_file:
        return Path(config.ledger.key_file)
    return asked.key_file


def _begun(asked: Asked, config: Config, honest: Honest, reader: Reader | None) -> Calibration:
    """Return a calibration that has read nothing yet."""
    from himaya.cli.scan import kept_facts
    from himaya.ledger.calibrations import seed_of
    from himaya.ledger.names import parse_time
    from himaya.watch.calibration.outcome import Terms
    from himaya.watch.calibration.past import Calibration, Span
    from himaya.watch.calibration.split import PLAIN_SEED

    seed = asked.seed or (seed_of(reader.keys) if reader else PLAIN_SEED)
    terms = Terms(rate=asked.rate, hold_out=asked.hold_out, seed=seed, budgets=asked.budgets)
    span = Span(parse_time(asked.start), parse_time(asked.end, end=True))
    return Calibration(config, kept_facts(asked.directory, config), honest, terms, span)


def _note_use(asked: Asked, reader: Reader) -> None:
    """Record the use of the ledger. Raises InputError without a reason."""
    from himaya.ledger.names import parse_time

    start, end = parse_time(asked.start), parse_time(asked.end, end=True)
    purpose = shared.purpose(asked.why)
    shared.record_use(reader, "calibrate", purpose, column="actor", start=start, end=end)


def _record(asked: Asked, receipt: Receipt) -> None:
    """Append the receipt to the chain of the ledger, making the ledger when there is none."""
    from himaya.ledger import Ledger, calibrations
    from himaya.ledger.entries import Calibration as Entry
    from himaya.ledger.files import Layout
    from himaya.ledger.reader import Reader
    from himaya.ledger.schema import iso, micros
    from himaya.watch.calibration.receipt import digest_of

    directory = asked.directory or Path()
    shared.allow_in(directory, asked.key_file, "calibrate")
    if not Layout(directory).exists():
        Ledger.open(directory, key_file=asked.key_file).close()
    text = receipt.text()
    entry = Entry(
        at=iso(micros(time.time())),
        policy=receipt.policy,
        calibrated=receipt.calibrated,
        receipt=text,
        digest=digest_of(text),
        by=shared.operator(),
    )
    with Reader.open(directory, asked.key_file) as reader:
        calibrations.record(reader.chain, entry, reader.keys)


def _recorded(asked: Asked) -> list[dict[str, Any]]:
    """Return the receipts on record."""
    from himaya.ledger import calibrations
    from himaya.ledger.reader import Reader

    if asked.directory is None:
        raise InputError("--list needs --ledger DIR: where calibrations are on record")
    with Reader.open(asked.directory, asked.key_file) as reader:
        shared.allow(reader, "calibrate")
        return [
            {
                "at": one.at,
                "by": one.by,
                "policy": one.policy,
                "calibrated": one.calibrated,
                "digest": one.digest,
                "receipt": msgspec.json.decode(one.receipt),
            }
            for one in calibrations.recorded(reader.chain, reader.keys)
        ]
