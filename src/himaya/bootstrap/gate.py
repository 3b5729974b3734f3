"""One gate from its configuration: the parts, the door, and what happens at reload and at the end."""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from himaya.bootstrap.enforcing import Waiver, allow_enforcing, standing
from himaya.bootstrap.front_doors import Mode, asked, check_spoe, front_secret, spoe_listeners
from himaya.bootstrap.groups import GroupWatch
from himaya.bootstrap.metrics import make_meter, serve_metrics
from himaya.bootstrap.parts import (
    lease_terms,
    make_alarm,
    make_anchoring,
    make_engine,
    make_runner,
    note_absence,
    note_config,
    open_ledger,
    rebuild,
    upkeep,
)
from himaya.bootstrap.silence import LogFeedWatch
from himaya.bootstrap.words import model_words, say_fixed
from himaya.config import Config, load
from himaya.control import Status
from himaya.core.disclosure import Disclosures
from himaya.core.errors import HimayaError, LedgerError
from himaya.core.facts import Fact
from himaya.exchanges import ExchangeWriter
from himaya.facts_store import FactsStore, facts_path
from himaya.gate.actor_from import ActorFinder
from himaya.gate.authority import Authority
from himaya.gate.challenge import Challenges
from himaya.gate.challenge_secret import load_secret
from himaya.gate.door import Door
from himaya.gate.edge import Passes
from himaya.gate.feeds.house import FeedHouse
from himaya.gate.fronts import refuse_unread
from himaya.gate.inbound import Handler, Refusal
from himaya.gate.leasing.office import LeaseOffice
from himaya.gate.limits import Limits
from himaya.gate.listener import Listener
from himaya.gate.log_lines import write_log
from himaya.gate.notify import Notifier
from himaya.gate.operations.persisted import opener_of
from himaya.gate.process import GateProcess
from himaya.gate.proxy import Proxy
from himaya.gate.refusals import Refusals, beside
from himaya.gate.reply import plain_reply
from himaya.gate.spoe.listener import SpoeListener
from himaya.gate.upstream import Target, UpstreamPool
from himaya.gate.verdicts import Verdicts
from himaya.ledger import Ledger
from himaya.ledger.reader import Reader
from himaya.runner.alerting import conditions

log = logging.getLogger(__name__)


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
        if self.config.gate.log_format != "text":
            write_log("himaya gate", self.config.gate.log_format)
        secret = load_secret(self.config)
        self._secret = secret
        self._front_secret = front_secret(self.config, options.mode)
        self._spoe: dict[str, SpoeListener] = {}
        self._is_front: Callable[[str], bool] = lambda _: False
        check_spoe(self.config, options.mode)
        target = Target.parse(self.config.gate.upstream)
        opener = opener_of(self.config)
        finder = ActorFinder(self.config.actor, secret)
        self._sessions = Path(f"{self.config.gate.socket}.sessions")
        self._alarm = make_alarm(self.config, clock)
        writer = ExchangeWriter(options.exchanges) if options.exchanges else None
        self._ledger = open_ledger(
            self.config, self._started, mode=self.config.mode, allow=self._allow
        )
        try:
            self._connect(writer)
            self._watch()
            self._recall(finder)
            self._feed = FeedHouse(self.config, self.authority) if self.config.feed.listen else None
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
            opener=opener,
        )
        self._door.version_key = secret
        self._limits = Limits.of(self.config.gate)
        self._target = target

    async def run(self, ready: Callable[[str], None]) -> None:
        """Serve until a signal says stop. Raises ServiceError when a socket cannot be had."""
        self._door.finder.bindings.load(self._sessions)
        pool = None
        refusal: Refusal = plain_reply
        handle: Handler
        if self._options.mode == "proxy":
            pool = UpstreamPool(self._target, self._limits)
            handle = Proxy(self._door, pool, self._limits).handle
        else:
            refusal = refuse_unread
            verdicts = Verdicts(self._door, self._limits)
            front = asked(self.config, verdicts, self._front_secret)
            handle, self._is_front = front.handle, front.vouches.knows
            self._spoe = spoe_listeners(self.config, verdicts, self._limits)
        self._alarm.start()
        process = GateProcess(
            self.authority,
            Listener(handle, self._limits, refusal, exempt=self._brings_others),
            self,
            socket=Path(self.config.gate.socket),
            pool=pool,
            office=self._office,
            notifier=Notifier.from_environment(),
        )
        process.feed, process.further = self._feed, self._spoe
        if self._meter is not None:
            serve_metrics(process, self._meter, self.status, self.config.metrics.listen)
        await process.run(self.config.gate.listen, ready)

    def _brings_others(self, peer: str) -> bool:
        """Tell whether the connections of an address are those of many visitors."""
        return self._is_front(peer) or self._door.finder.trusts(peer)

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
            ledger_writable=not runner.problem,
            ledger_problem=runner.problem or runner.maintenance_problem or self._groups.problem,
            gaps=runner.gaps,
            unseen_surfaces=self.config.unseen_surfaces(sees_body=self._door.sees_body),
            forecast=self._forecast,
            model=model_words(self.config.detectors.model, authority.engine.watchers.model),
            engine=stats,
            canaries=len(self.config.canary_places),
            canary_views=runner.canary_views,
            canary_views_exempt=authority.engine.watchers.canary.exempted,
            classes=authority.engine.classes(),
            feed=self._feed.words() if self._feed is not None else "",
            alerts=self._alarm.status.open,
            alerts_waiting=self._alarm.status.waiting,
            alert_problems=self._alarm.status.problems,
            anchor=self._anchoring.words,
            anchor_problems=tuple(self._anchoring.told()),
            spoe=dict(next((one.counts for one in self._spoe.values()), {})),
        )

    def reload(self) -> None:
        """Take the configuration over again, without dropping a connection.

        Raises ConfigError, and then the old one stays in force: a mistake in the file, or a policy without a
        forecast where one is required. Sockets, upstream and ledger stay as they are until a restart.
        """
        try:
            config = self._load()
            finder = ActorFinder(config.actor, self._secret, self._door.finder.bindings)
            opener = opener_of(config)
            self._check_forecast(config)
        except HimayaError as problem:
            self._problem = str(problem)
            raise
        say_fixed(self.config, config)
        self._problem = ""
        self.config = config
        self.authority.place(config.canary_places)
        self._runner.canaries = config.canary_places
        self.authority.reload(config.policy())
        self._office.offer(lease_terms(config))
        self._adopt_edge(config)
        if self._feed is not None:
            self._feed.adopt(config)
        self._door.finder = finder
        self._door.opener = opener.after(self._door.opener)
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
        if self._feed is not None:
            self._feed.close()
        self._silence.close(self._clock())
        self.authority.stop("the gate stopped")
        self._refusals.flush()
        self._runner.close(self._clock())
        try:
            self._ledger.close()
        except LedgerError as problem:
            log.warning("the ledger was not closed cleanly: %s", problem)

    # -- making it -------------------------------------------------------------------------------

    def _connect(self, writer: ExchangeWriter | None) -> None:
        """Make the authority, and what takes what it tells."""
        self._forecast = standing(self._ledger, self.config)
        self._tell_absence(note_absence(self._ledger, self._started))
        self._anchoring = make_anchoring(self.config, self._ledger.chain, self._ledger.keys)
        self._runner = make_runner(self.config, self._ledger, self._keep_house, self._alarm)
        self._alarm.conditions.append(conditions.ledger(lambda: self._runner.problem))
        self._alarm.conditions.append(conditions.anchors(lambda: self._anchoring.problems))
        self._refusals = Refusals(beside(self.config.gate.socket))
        self.authority = Authority(
            make_engine(self.config),
            self._runner,
            writer=writer,
            refusals=self._refusals,
            clock=self._clock,
        )
        self.authority.door = self._options.mode

    def _watch(self) -> None:
        """Make what stands beside the authority: leases, metrics, groups, the log feed, passes of the edge."""
        config, authority = self.config, self.authority
        self._office = LeaseOffice(authority, on_workers=self._ledger.note_leases)
        self._office.offer(lease_terms(config))
        self._meter = make_meter(config, authority, self._ledger, self._started)
        self._groups = GroupWatch(config, authority, self._clock)
        self._silence = LogFeedWatch(config, authority, follows=self._options.mode == "authority")
        authority.also = self._take_along
        self._adopt_edge(config)

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
            self._office.recall(row)

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
        upkeep(self._ledger, self.config, self._anchoring, now)

    def _adopt_edge(self, config: Config) -> None:
        """Withdraw all passes; who may have one is decided by the new configuration."""
        passes = self.authority.passes
        if passes is not None:
            passes.adopt(config)
        elif self._options.mode == "authority" and config.edge.surfaces:
            self.authority.passes = Passes(config, self.authority.engine)

    def _take_along(self) -> None:
        """Take over what the slow path found, and look whether the log feed still tells; called at every tick."""
        self._groups.take()
        self._silence.look(self._clock())

    def _tell_absence(self, since: float | None) -> None:
        """Tell of the time in which no gate ran; a restart takes seconds and is no alert."""
        if since is not None and 0 < self.config.alerts.silence_s <= self._started - since:
            self._alarm.gap(since, self._started, "the gate was not running")

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
