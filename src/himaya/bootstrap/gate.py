"""One gate from its configuration: the parts, the door, and what happens at reload and at the end."""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from himaya.bootstrap.enforcing import Waiver, allow_enforcing, standing
from himaya.bootstrap.groups import GroupWatch
from himaya.bootstrap.parts import (
    keep_house,
    make_engine,
    make_runner,
    note_absence,
    note_config,
    open_ledger,
    rebuild,
)
from himaya.config import Config, load
from himaya.control import Status
from himaya.core.detectors.model import ModelDetector
from himaya.core.disclosure import Disclosures
from himaya.core.errors import ConfigError, HimayaError, LedgerError
from himaya.core.facts import Fact
from himaya.core.policy import Model
from himaya.exchanges import ExchangeWriter
from himaya.facts_store import FactsStore, facts_path
from himaya.gate.actor_from import ActorFinder
from himaya.gate.auth_request import AuthRequest, refuse_unread
from himaya.gate.authority import Authority
from himaya.gate.challenge import Challenges
from himaya.gate.challenge_secret import load_secret
from himaya.gate.door import Door
from himaya.gate.inbound import Refusal
from himaya.gate.limits import Limits
from himaya.gate.listener import Listener
from himaya.gate.process import GateProcess
from himaya.gate.proxy import Proxy
from himaya.gate.refusals import Refusals, beside
from himaya.gate.reply import plain_reply
from himaya.gate.spoe.listener import SpoeListener, check_place
from himaya.gate.upstream import Target, UpstreamPool
from himaya.gate.verdicts import Verdicts
from himaya.ledger import Ledger
from himaya.ledger.reader import Reader

log = logging.getLogger(__name__)

Mode = Literal["proxy", "authority"]


class Options(msgspec.Struct, frozen=True):
    """What the command line says beside the configuration; "" and None leave it to the file."""

    config: Path
    mode: Mode = "proxy"
    listen: str = ""
    upstream: str = ""
    ledger: Path | None = None
    exchanges: Path | None = None
    waiver: Waiver | None = None


class Gate:
    """The parts of a running gate. Made and opened by `run`."""

    def __init__(self, options: Options, clock: Callable[[], float] = time.time) -> None:
        """Load the configuration, open the ledger, fill the windows. Raises HimayaError."""
        self._options = options
        self._clock = clock
        self._started = clock()
        self._problem = ""
        self.config = self._load()
        secret = load_secret(self.config)
        self._secret = secret
        self._front_secret = _front_secret(self.config, options.mode)
        self._spoe_counts: dict[str, int] = {}
        _check_spoe(self.config, options.mode)
        target = Target.parse(self.config.gate.upstream)
        finder = ActorFinder(self.config.actor, secret)
        self._sessions = Path(f"{self.config.gate.socket}.sessions")
        writer = ExchangeWriter(options.exchanges) if options.exchanges else None
        self._ledger = open_ledger(
            self.config, self._started, mode=self.config.mode, allow=self._allow
        )
        try:
            self._forecast = standing(self._ledger, self.config)
            note_absence(self._ledger, self._started)
            engine = make_engine(self.config)
            self._runner = make_runner(self.config, self._ledger, self._keep_house)
            refusals = Refusals(beside(self.config.gate.socket))
            self.authority = Authority(
                engine, self._runner, writer=writer, refusals=refusals, clock=clock
            )
            self._refusals = refusals
            self._groups = GroupWatch(self.config, self.authority, clock)
            self.authority.also = self._groups.take
            self._recall(finder)
        except BaseException:
            self._ledger.close()
            raise
        self._door = Door(
            self.authority,
            finder,
            self._challenges(secret),
            source=options.mode,
            sees_body=options.mode == "proxy",
            site_host=urlsplit(self.config.site.url).netloc,
        )
        self._limits = Limits.of(self.config.gate)
        self._target = target

    async def run(self, ready: Callable[[str], None]) -> None:
        """Serve until a signal says stop. Raises ServiceError when a socket cannot be had."""
        self._door.finder.bindings.load(self._sessions)
        pool, further = None, {}
        refusal: Refusal = plain_reply
        if self._options.mode == "proxy":
            pool = UpstreamPool(self._target, self._limits)
            handle = Proxy(self._door, pool, self._limits).handle
        else:
            refusal = refuse_unread
            verdicts = Verdicts(self._door, self._limits)
            handle = AuthRequest(
                self._door, self._limits, self._front_secret, verdicts=verdicts
            ).handle
            further = self._spoe(verdicts)
        process = GateProcess(
            self.authority,
            Listener(handle, self._limits, refusal),
            self,
            socket=Path(self.config.gate.socket),
            pool=pool,
            further=further,
        )
        await process.run(self.config.gate.listen, ready)

    def _spoe(self, verdicts: Verdicts) -> dict[str, SpoeListener]:
        """Return the listener for HAProxy by its address; nothing where none is configured."""
        gate = self.config.gate
        if gate.spoe_listen:
            listener = SpoeListener(verdicts, self._limits, gate.spoe_from)
            self._spoe_counts = listener.counts
            return {gate.spoe_listen: listener}
        return {}

    # -- what the process asks for ---------------------------------------------------------------

    def status(self) -> Status:
        """Return how the gate is."""
        authority, runner, stats = self.authority, self._runner, self.authority.engine.stats()
        return Status(
            mode=self.config.mode,
            door=self._options.mode,
            policy=authority.engine.policy.hash(),
            config=self.config.hash,
            config_problem=self._problem,
            off=authority.off,
            off_since=authority.off_since,
            off_why=authority.off_why,
            started=self._started,
            uptime_s=max(0.0, self._clock() - self._started),
            tracked=stats["principals"],
            open_tickets=stats["open"],
            people_disclosed=runner.people,
            disclosures=runner.disclosures,
            requests=authority.requests,
            refused=authority.refused,
            findings=runner.findings,
            last_flush=runner.last_flush,
            pending_rows=runner.pending,
            ledger=self.config.ledger.directory,
            ledger_problem=runner.problem or runner.maintenance_problem or self._groups.problem,
            gaps=runner.gaps,
            unseen_surfaces=self.config.unseen_surfaces(sees_body=self._door.sees_body),
            forecast=self._forecast,
            model=_model_words(self.config.detectors.model, authority.engine.watchers.model),
            engine=stats,
            canaries=len(self.config.canary_places),
            canary_views=runner.canary_views,
            canary_views_exempt=authority.engine.watchers.canary.exempted,
            classes=authority.engine.classes(),
            spoe=self._spoe_counts,
        )

    def reload(self) -> None:
        """Take the configuration over again, without dropping a connection.

        Raises ConfigError, and then the old one stays in force: a mistake in the file, or a policy without a
        forecast where one is required. Sockets, upstream and ledger stay as they are until a restart.
        """
        try:
            config = self._load()
            finder = ActorFinder(config.actor, self._secret, self._door.finder.bindings)
            self._check_forecast(config)
        except HimayaError as problem:
            self._problem = str(problem)
            raise
        self._say_fixed(config)
        self._problem = ""
        self.config = config
        self.authority.place(config.canary_places)
        self._runner.canaries = config.canary_places
        self.authority.reload(config.policy())
        self._door.finder = finder
        self._door.site_host = urlsplit(config.site.url).netloc
        challenges = self._door.challenges
        challenges.policy, challenges.appeal = config.challenge, config.appeal
        challenges.site = config.site.name or challenges.site
        self._note_reload(config)

    def keep(self, facts: list[Fact]) -> None:
        """Make facts durable beside the ledger. Raises ServiceError."""
        with FactsStore(facts_path(Path(self.config.ledger.directory))) as store:
            store.put(facts)

    def close(self) -> None:
        """Settle, write and seal what is left."""
        self._door.finder.bindings.save(self._sessions)
        self._groups.close()
        self.authority.stop("the gate stopped")
        self._refusals.flush()
        self._runner.close(self._clock())
        try:
            self._ledger.close()
        except LedgerError as problem:
            log.warning("the ledger was not closed cleanly: %s", problem)

    # -- making it -------------------------------------------------------------------------------

    def _load(self) -> Config:
        config, options = load(self._options.config), self._options
        gate, ledger = config.gate, config.ledger
        if options.listen:
            gate = msgspec.structs.replace(gate, listen=options.listen)
        if options.upstream:
            gate = msgspec.structs.replace(gate, upstream=options.upstream)
        if options.ledger is not None:
            ledger = msgspec.structs.replace(ledger, directory=str(options.ledger.absolute()))
        return msgspec.structs.replace(config, gate=gate, ledger=ledger)

    def _challenges(self, secret: bytes) -> Challenges:
        config = self.config
        return Challenges(
            secret,
            config.challenge,
            config.site.name,
            config.appeal,
            remember=config.bounds.clearances,
        )

    def _recall(self, finder: ActorFinder) -> None:
        key = self.config.ledger.key_file

        def again(row: Disclosures) -> None:
            finder.recall(row.actor)
            self.authority.recall(row)

        with Reader.open(Path(self.config.ledger.directory), Path(key) if key else None) as reader:
            self._groups.restore(reader)
            count = rebuild(again, reader, self._started)
        if count:
            log.info("%d rows of the last month counted again", count)
        # What is remembered now lives long: the collector need not look at it again and again.
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 50)

    def _keep_house(self, now: float) -> None:
        keep_house(self._ledger, self.config, now)

    def _say_fixed(self, config: Config) -> None:
        before, after = self.config, config
        fixed = (
            "listen",
            "upstream",
            "socket",
            "secret_file",
            "key_file",
            "spoe_listen",
            "spoe_from",
        )
        changed = [
            f"gate.{key}" for key in fixed if getattr(before.gate, key) != getattr(after.gate, key)
        ]
        if before.ledger != after.ledger:
            changed.append("ledger")
        if before.groups != after.groups:
            changed.append("groups")
        if changed:
            log.warning("changed, but only a restart takes it over: %s", ", ".join(changed))

    def _allow(self, ledger: Ledger) -> None:
        allow_enforcing(ledger, self.config, self._started, self._options.waiver)

    def _check_forecast(self, config: Config) -> None:
        """Ask whether a changed configuration may be enforced; a chain that fails stops it only where it must not."""
        try:
            allow_enforcing(self._ledger, config, self._clock())
        except LedgerError as problem:
            if config.gate.forecast == "required":
                raise
            log.warning("whether there is a forecast cannot be told or recorded: %s", problem)

    def _note_reload(self, config: Config) -> None:
        try:
            note_config(self._ledger, config, self._clock(), config.mode)
            self._forecast = standing(self._ledger, config)
        except LedgerError as problem:
            log.warning("the new configuration is in force, but not in the ledger: %s", problem)
        log.info(
            "configuration taken over: mode %s, policy %s", config.mode, config.policy().hash()
        )


def _model_words(settings: Model, model: ModelDetector | None) -> str:
    """Return which learned model runs, what it leads to, and what it could not judge; "" without one."""
    learned = settings.learned
    if learned is None or model is None:
        return "off" if settings.file else ""
    return (
        f"{learned.digest[:8]} of {learned.made}, {settings.action} at most; since it was loaded {model.strangers}"
        f" exchanges of cohorts it does not judge, {model.broken} scores that were no number"
    )


def _check_spoe(config: Config, mode: Mode) -> None:
    """Refuse a place for HAProxy to ask that makes no sense. Raises ConfigError."""
    gate, key = config.gate, "gate.spoe_listen"
    if gate.spoe_listen and mode == "proxy":
        raise ConfigError(
            "HAProxy asks an authority, and this gate is a proxy.",
            file=config.file, key=key, hint="Start it with --mode authority.",
        )  # fmt: skip
    if gate.spoe_listen:
        check_place(gate.spoe_listen, gate.spoe_from, config.file)


def _front_secret(config: Config, mode: Mode) -> bytes:
    """Return the secret a front door must show. Raises ConfigError when there must be one and is none."""
    listen, place = config.gate.listen, config.gate.secret_file
    if mode == "proxy" or (not place and listen.startswith("unix:")):
        return b""
    if not place:
        raise ConfigError(
            f"the authority listens on the port {listen}, so whoever reaches it could speak for nginx.",
            file=config.file,
            key="gate.secret_file",
            hint="Name a file with a secret, or listen on unix:/path.",
        )
    try:
        secret = Path(place).read_bytes().strip()
    except OSError as problem:
        raise ConfigError(
            f"cannot read {place}: {problem.strerror}", file=config.file, key="gate.secret_file"
        ) from None
    if len(secret) < 16:
        raise ConfigError(
            f"{place} holds fewer than 16 bytes.", file=config.file, key="gate.secret_file"
        )
    return secret
