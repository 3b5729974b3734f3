"""The exchanges file: every call a gate made to its engine, as JSON lines, so that it can be replayed.

One line is one event. `seq` rises by one from line to line, and orders events that share a time; `at` is the `now` that
the engine was given, in epoch seconds. An engine is deterministic: the same calls in the same order give the same
decisions and the same disclosures. A gate that starts writes `start` first, so one file may hold several runs. The
file names people and actors: it is created with mode 0600.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Self

import msgspec

from himaya.core import continuing
from himaya.core.actor import Actor
from himaya.core.decision import Admission, Decision, Standing
from himaya.core.disclosure import Disclosures
from himaya.core.effect import Effect, RecordDisclosures
from himaya.core.engine import Engine
from himaya.core.errors import InputError, ServiceError
from himaya.core.exchange import Exchange, Request, Response
from himaya.core.facts import AccountFact, Fact, NearFact, SubjectFact
from himaya.core.lease import Draw, Lease, Terms
from himaya.core.policy import Policy


class _Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="what"):
    """Common to all events; `seq` is set by the writer."""

    at: float
    seq: int = 0


class Started(_Event, frozen=True, kw_only=True, tag="start"):
    """A fresh engine under this policy."""

    policy: Policy


class Decided(_Event, frozen=True, kw_only=True, tag="decide"):
    """`engine.decide(request, at)`, and what it answered."""

    request: Request
    decision: Decision


class Admitted(_Event, frozen=True, kw_only=True, tag="admit"):
    """`engine.admit(response, at)`, and what it answered."""

    response: Response
    admission: Admission


class Recorded(_Event, frozen=True, kw_only=True, tag="record"):
    """`engine.record(exchange, at)`, and the disclosures among its effects."""

    exchange: Exchange
    disclosures: tuple[Disclosures, ...] = ()


class Leased(_Event, frozen=True, kw_only=True, tag="lease"):
    """`engine.lend(request, worker, terms, at)`, and the lease that it gave."""

    request: Request
    worker: str
    terms: Terms
    lease: Lease


class Redeemed(_Event, frozen=True, kw_only=True, tag="redeem"):
    """`engine.redeem(exchange, draw, at, over)`, and the disclosures among its effects."""

    exchange: Exchange
    draw: Draw
    over: float
    disclosures: tuple[Disclosures, ...] = ()


class GivenBack(_Event, frozen=True, kw_only=True, tag="back"):
    """`engine.lending.take_back(lease)`."""

    lease: str


class Expired(_Event, frozen=True, kw_only=True, tag="expire"):
    """`engine.expire(at)`, and the disclosures among its effects."""

    disclosures: tuple[Disclosures, ...] = ()


class Ticked(_Event, frozen=True, kw_only=True, tag="tick"):
    """The engine was shown this time by a call that had no effect."""


class Cleared(_Event, frozen=True, kw_only=True, tag="clear"):
    """`engine.clear(clearance, actor, at)`, and whether it was granted."""

    clearance: str
    actor: Actor
    granted: bool


class FactTold(_Event, frozen=True, kw_only=True, tag="fact"):
    """`engine.facts.add(...)`: exactly one of the three is set."""

    account: AccountFact | None = None
    subject: SubjectFact | None = None
    near: NearFact | None = None

    @classmethod
    def of(cls, at: float, fact: Fact) -> FactTold:
        """Return the event that tells this fact."""
        if isinstance(fact, AccountFact):
            return cls(at=at, account=fact)
        return cls(at=at, subject=fact) if isinstance(fact, SubjectFact) else cls(at=at, near=fact)

    def fact(self) -> Fact:
        """Return the fact told; raises ValueError when there is none."""
        fact = self.account or self.subject or self.near
        if fact is None:
            raise ValueError("a fact event without a fact")
        return fact


class CanariesPlaced(_Event, frozen=True, kw_only=True, tag="canaries"):
    """Which subjects are canaries from now on, and the place of each."""

    places: dict[str, str]


class PolicyLoaded(_Event, frozen=True, kw_only=True, tag="policy"):
    """`engine.reload(policy)`: new policy, same windows."""

    policy: Policy


class Recalled(_Event, frozen=True, kw_only=True, tag="recall"):
    """`engine.recall(disclosures)`: a row of the ledger, counted again after a restart."""

    disclosures: Disclosures


class Stood(_Event, frozen=True, kw_only=True, tag="stand"):
    """A decision was told that stands for a principal."""

    standing: Standing


class Joined(_Event, frozen=True, kw_only=True, tag="join"):
    """`engine.join(group, members, since)`: who spends one budget from then on; no members: the group ended."""

    group: str
    members: tuple[str, ...] = ()
    since: float = 0.0


class Switched(_Event, frozen=True, kw_only=True, tag="switch"):
    """The gate was switched off (passes everything, asks no engine) or on again."""

    on: bool
    why: str = ""


class Stopped(_Event, frozen=True, kw_only=True, tag="stop"):
    """The file ends here on purpose: the gate stopped, or the file reached its bound."""

    why: str = ""


Event = (
    Started
    | Decided
    | Admitted
    | Recorded
    | Leased
    | Redeemed
    | GivenBack
    | Expired
    | Ticked
    | Cleared
    | FactTold
    | CanariesPlaced
    | PolicyLoaded
    | Recalled
    | Stood
    | Joined
    | Switched
    | Stopped
)

_DECODER: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)
_ENCODER = msgspec.json.Encoder()


class ExchangeWriter:
    """Appends events to an exchanges file; buffered, `flush` writes out.

    Past `max_bytes` one `stop` event is written and further events are dropped and counted in `dropped`, so that
    traffic cannot fill the disk through this file. Raises ServiceError when the file cannot be opened for appending.
    """

    def __init__(
        self, path: Path, *, max_bytes: int = 8 << 30, buffer_bytes: int = 1 << 16
    ) -> None:
        """Open `path` for appending with mode 0600."""
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            _drop_torn_line(handle)
        except OSError as problem:
            raise ServiceError(f"{path}: cannot write exchanges: {problem.strerror}") from problem
        self._file: BinaryIO = os.fdopen(handle, "ab", buffering=buffer_bytes)
        self._bytes = os.fstat(handle).st_size
        self._max = max_bytes
        self._full = False
        self._shown = 0.0
        self.seq = 0
        self.dropped = 0

    def tick(self, now: float) -> None:
        """Note that the engine was shown `now` by a call that had no effect and is not written.

        An engine's clock never goes back, so an event of an earlier time has to say so first.
        """
        self._shown = max(self._shown, now)

    def write(self, event: Event) -> None:
        """Append one event under the next sequence number."""
        if self._full:
            self.dropped += 1
            return
        if event.at < self._shown:
            shown, self._shown = self._shown, 0.0
            self.write(Ticked(at=shown))
        if self._bytes >= self._max:
            self._full = True
            event = Stopped(at=event.at, why=f"the file reached {self._max} bytes")
        self.seq += 1
        line = _ENCODER.encode(msgspec.structs.replace(event, seq=self.seq)) + b"\n"
        self._bytes += len(line)
        self._file.write(line)

    def flush(self) -> None:
        """Hand everything written so far to the operating system."""
        self._file.flush()

    def close(self) -> None:
        """Flush and close."""
        self._file.close()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()


def _drop_torn_line(handle: int) -> None:
    """Cut off a last line without end, which a killed gate left behind."""
    size = os.fstat(handle).st_size
    keep = size
    while keep:
        start = max(0, keep - (1 << 16))
        newline = os.pread(handle, keep - start, start).rfind(b"\n")
        if newline >= 0:
            keep = start + newline + 1
            break
        keep = start
    if keep < size:
        os.ftruncate(handle, keep)


def read_events(lines: Iterable[bytes], file: str = "") -> Iterator[Event]:
    """Yield the events of an exchanges file, line by line.

    Raises InputError with file and line for a line that is no event, and when a sequence number is
    missing: a file with a hole would replay to something that never happened. A last line that
    is cut off (the gate was killed) ends the file quietly.
    """
    last = 0
    for number, line in enumerate(lines, 1):
        if not line.endswith(b"\n"):
            return
        try:
            event = _DECODER.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as problem:
            raise InputError(f"not an exchange event: {problem}", file=file, line=number) from None
        if event.seq != 1 and event.seq != last + 1:
            raise InputError(
                f"event {event.seq} follows event {last}: events are missing",
                file=file,
                line=number,
            )
        last = event.seq
        yield event


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """One event made again: what the engine answered now, and whether that is what it answered then.

    What the call returned is set. `same` is always True for events that have no answer.
    """

    event: Event
    decision: Decision | None = None
    admission: Admission | None = None
    granted: bool | None = None
    effects: tuple[Effect, ...] = ()
    same: bool = True

    @property
    def disclosures(self) -> tuple[Disclosures, ...]:
        """Return the disclosures among the effects."""
        return tuple(e.disclosures for e in self.effects if isinstance(e, RecordDisclosures))


def replay_exchanges(events: Iterable[Event], policy: Policy | None = None) -> Iterator[Replayed]:
    """Make every call again, in order, and yield what comes of it.

    With `policy` the engine decides by it instead of by the policies in the file: what would have been
    decided. Raises InputError for a file that does not begin with a start.
    """
    engine: Engine | None = None
    waiting: list[Effect] = []
    for event in events:
        if isinstance(event, Started):
            engine, waiting = Engine(policy or event.policy), []
            yield Replayed(event=event)
        elif engine is None:
            raise InputError("the exchanges do not begin with a start", line=1)
        elif isinstance(event, PolicyLoaded):
            if policy is None:
                continuing.reload(engine, event.policy)
            yield Replayed(event=event)
        elif isinstance(event, Ticked):
            # What waits in the engine came out with the next call then, and does so now.
            waiting += engine.expire(event.at)
        elif isinstance(event, Recorded | Redeemed | Expired):
            waiting += _effects(engine, event)
            yield _with_effects(event, waiting)
            waiting = []
        else:
            yield _replay(engine, event)


def _effects(engine: Engine, event: Recorded | Redeemed | Expired) -> list[Effect]:
    if isinstance(event, Recorded):
        return engine.record(event.exchange, event.at)
    if isinstance(event, Redeemed):
        return engine.redeem(event.exchange, event.draw, event.at, event.over)
    return engine.expire(event.at)


def _replay(engine: Engine, event: Event) -> Replayed:
    if isinstance(event, Decided):
        decision = engine.decide(event.request, event.at)
        return Replayed(event=event, decision=decision, same=decision == event.decision)
    if isinstance(event, Admitted):
        admission = engine.admit(event.response, event.at)
        return Replayed(event=event, admission=admission, same=admission == event.admission)
    if isinstance(event, Cleared):
        granted = engine.clear(event.clearance, event.actor, event.at)
        return Replayed(event=event, granted=granted, same=granted == event.granted)
    if isinstance(event, Leased):
        lease = engine.lend(event.request, event.worker, event.terms, event.at)
        return Replayed(event=event, same=lease == event.lease)
    _tell(engine, event)
    return Replayed(event=event)


def _tell(engine: Engine, event: Event) -> None:
    """Tell an engine what has no answer."""
    if isinstance(event, FactTold):
        engine.facts.add(event.fact())
    elif isinstance(event, GivenBack):
        engine.lending.take_back(event.lease)
    elif isinstance(event, Recalled):
        continuing.recall(engine, event.disclosures)
    elif isinstance(event, CanariesPlaced):
        engine.watchers.place(event.places)
    elif isinstance(event, Stood):
        engine.watchers.stand(event.standing)
    elif isinstance(event, Joined):
        if event.members:
            engine.join(event.group, event.members, event.since)
        else:
            engine.groups.leave(event.group)


def _with_effects(event: Recorded | Redeemed | Expired, effects: list[Effect]) -> Replayed:
    replayed = Replayed(event=event, effects=tuple(effects))
    same = replayed.disclosures == event.disclosures
    return replayed if same else msgspec.structs.replace(replayed, same=False)
