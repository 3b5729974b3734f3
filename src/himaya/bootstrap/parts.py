"""The composition root: from a configuration to a ledger, an engine, a runner; `bootstrap_gate` makes the gate."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path

from himaya.analysis.groups import Settings
from himaya.anchoring import Anchoring, places_of
from himaya.bootstrap.case_findings import cases_from_findings
from himaya.bootstrap.case_upkeep import expire_register, unacknowledged
from himaya.bootstrap.deadlines import near_deadlines
from himaya.bootstrap.letters import overdue_letters
from himaya.bootstrap.matters import all_matters
from himaya.config import Config
from himaya.core.disclosure import Disclosures
from himaya.core.engine import Engine
from himaya.core.errors import ConfigError, LedgerError
from himaya.core.facts import Facts
from himaya.core.lease import Terms
from himaya.core.salt import Salt, Salted
from himaya.facts_store import FactsStore, facts_path
from himaya.gate.challenge_secret import load_secret, secret_path
from himaya.ledger import Ledger, canaries, retention
from himaya.ledger import entries as e
from himaya.ledger.attachments import Attachments
from himaya.ledger.chain import Chain
from himaya.ledger.keys import Keys
from himaya.ledger.operators.periods import seal_periods
from himaya.ledger.publish import publish
from himaya.ledger.reader import Reader
from himaya.ledger.schema import micros
from himaya.ledger.state import State
from himaya.ledger.storage import Storage
from himaya.ledger.together import together
from himaya.runner import Alarms, Runner
from himaya.runner.alerting import Alarm, channels_of, conditions

log = logging.getLogger(__name__)

#: Windows reach back thirty days, and one bucket.
_MEMORY_S = 31 * 86400


def open_ledger(
    config: Config, now: float, *, mode: str = "", allow: Callable[[Ledger], None] | None = None
) -> Ledger:
    """Open the ledger of a site for writing and note which configuration is in force. Raises LedgerError.

    `mode` is the configuration's where a gate decides by it, of which there is one; else "". `allow` may refuse it
    before it is noted.
    """
    place = config.ledger
    key_file = Path(place.key_file) if place.key_file else None
    ledger = Ledger.open(Path(place.directory), key_file=key_file, gate=bool(mode))
    try:
        if allow is not None:
            allow(ledger)
        note_config(ledger, config, now, mode)
    except BaseException:
        ledger.close()
        raise
    return ledger


def note_absence(ledger: Ledger, now: float) -> float | None:
    """Record the time since the last stop as unobserved, and return its beginning: no gate stood before the site.

    A stop that was not clean is recorded by the ledger itself. None where nobody wrote before.
    """
    stopped = ledger.closed_at
    if stopped is not None and now > stopped:
        ledger.note_gap(stopped, now, "the gate was not running")
        return stopped
    return ledger.lost_at


def note_config(ledger: Ledger, config: Config, now: float, mode: str = "") -> None:
    """Write into the chain which configuration and which retention are in force from now on.

    Its canaries are kept beside the ledger: no answer counts them as people. Raises LedgerError.
    """
    ledger.config_version(config.policy().hash(), config.canonical, now, mode)
    kept, classes = config.retention, config.actor.fingerprint_days
    ledger.set_retention(kept.identified_days, kept.then, now, classes)
    retention.choose(ledger, retention_classes(config), now)
    canaries.keep(Path(config.ledger.directory), config.canary_places)


def make_engine(config: Config) -> Engine:
    """Return an engine with the site's policy, its canaries, and the facts told so far."""
    facts = Facts()
    facts.canaries = config.canary_places
    path = facts_path(Path(config.ledger.directory))
    if path.exists():
        with FactsStore(path) as store:
            count = store.load_into(facts)
        log.info("%d facts loaded", count)
    return Engine(config.policy(), facts)


def class_salt(config: Config, *, make: bool = True) -> Salted:
    """Return what fingerprint classes go through before anything is stored.

    The site's key file is read when the first class comes, and made where it is missing; without `make` a missing one
    raises ConfigError then, as one that cannot be read does.
    """

    @cache
    def salt() -> Salt:
        path = secret_path(config)
        if not (make or path.exists()):
            why = (
                f"the secret {path} is missing; without it no fingerprint class can be recognised."
            )
            raise ConfigError(why, key="gate.key_file")
        return Salt(load_secret(config), config.actor.fingerprint_days)

    return lambda raw, at: salt().of(raw, at) if raw else ""


def search_settings(config: Config, salt: Salted | None = None) -> Settings:
    """Return what the search for groups goes by under a configuration; `salt`: rows hold salted classes."""
    groups = config.groups
    return Settings(
        alpha=groups.alpha,
        members=groups.members,
        new_s=float(config.actor.new_account_s),
        population=config.site.population,
        authorised=groups.authorised,
        salt=salt,
    )


def lease_terms(config: Config) -> Terms:
    """Return what the authority lends to workers under a configuration."""
    gate = config.gate
    return Terms(gate.lease_people, gate.lease_s, gate.lease_weight, gate.lease_never)


def make_runner(
    config: Config,
    ledger: Ledger | None,
    maintain: Callable[[float], None] | None = None,
    alarm: Alarms | None = None,
) -> Runner:
    """Return the runner: rows to the ledger, findings and gaps to the alarm, and upkeep now and then."""
    runner = Runner(ledger, alerts=alarm, maintain=maintain)
    runner.canaries = config.canary_places
    if ledger is not None:
        runner.urgent = lambda: ledger.is_behind
    return runner


def make_alarm(config: Config, clock: Callable[[], float] = time.time) -> Alarm:
    """Return the alarm of a process that keeps the ledger, or tells who does; `start` begins. Raises ConfigError."""
    alerts, directory = config.alerts, Path(config.ledger.directory)
    looked_at = [
        conditions.disk(directory, alerts.free_mb),
        conditions.keys(conditions.key_files(config), alerts.key_days),
        unacknowledged(config),
        overdue_letters(config),
        near_deadlines(config),
    ]
    if config.response.open_from:
        looked_at.append(cases_from_findings(config))
    return Alarm(config, channels_of(config), conditions=looked_at, clock=clock)


def retention_classes(config: Config) -> e.Classes:
    """Return how long a configuration keeps rows of each class of actor."""
    kept = config.retention
    return e.Classes(
        at="",
        ordinary=kept.ordinary,
        compact_days=kept.compact_days,
        confirmed_days=kept.confirmed_days,
        backup_days=kept.backup_days,
    )


def keep_house(ledger: Ledger, config: Config, now: float) -> None:
    """Seal finished days, then what is older than the open window, execute the retention, complete waiting erasures.

    What was kept beside the ledger of people whose erasure is complete now goes with it. While another writer is at
    it, nothing is done. Raises LedgerError, ServiceError.
    """
    ledger.seal(now)
    if not ledger.sealing_lock.attempt():
        return
    try:
        _end_rows(ledger, config, now)
    finally:
        ledger.sealing_lock.release()


def _end_rows(ledger: Ledger, config: Config, now: float) -> None:
    kept, by_actor = config.retention, retention_classes(config)
    named = config.ledger.key_file
    under = State(days=kept.identified_days, classes=by_actor)
    directory = ledger.layout.directory
    matters = all_matters(directory, under, Path(named) if named else None, config)
    seal_periods(ledger, now, config.open_days, matters)
    done = retention.execute(
        ledger,
        now,
        kept.identified_days,
        kept.then,
        config.actor.fingerprint_days,
        by_actor,
        matters,
    )
    Attachments(ledger.layout, ledger.chain, ledger.keys).expire(now)
    with suppress(LedgerError):  # a full disk, or somebody who reads: the next upkeep does it
        ledger.empty_map_log()
    forget_facts(ledger.layout.directory, done.forgotten)


def forget_facts(directory: Path, people: Iterable[tuple[str, str]]) -> None:
    """Erase what is kept beside a ledger about people, each as column and name. Raises ServiceError."""
    gone, path = list(people), facts_path(directory)
    if gone and path.exists():
        with FactsStore(path) as store:
            for column, name in gone:
                store.forget(**{column: name})


def make_anchoring(config: Config, chain: Chain, keys: Keys) -> Anchoring:
    """Return what deposits the head of the chain at the places of a configuration. Raises ConfigError."""
    every_s = config.anchor.every_hours * 3600.0
    return Anchoring(chain, keys, places_of(config), every_s=every_s)


def upkeep(ledger: Ledger, config: Config, anchoring: Anchoring, now: float) -> None:
    """Keep house, also in the register of cases, deposit the head of the chain, and bring `[ledger] storage` up to it.

    Raises LedgerError, or what the storage says; a failed part does not stop the next one.
    """
    try:
        keep_house(ledger, config, now)
        expire_register(config, now)
    finally:
        anchoring.keep(now)
        if config.ledger.storage:
            publish(ledger.layout, ledger.chain, Storage(config.ledger.storage))


def rebuild(recall: Callable[[Disclosures], None], reader: Reader, now: float) -> int:
    """Count the rows of the last month again, so that a restart gives nobody a fresh budget.

    `recall` is that of the engine, or of its authority. Returns how many rows were counted. Rows of
    people who were erased count as people still.
    """
    count = 0
    for told, rows in together(reader.rows(micros(now - _MEMORY_S))):
        recall(told)
        count += rows
    return count
