"""What the chain adds up to: which files count, which holds stand, how long rows are kept."""

from __future__ import annotations

from dataclasses import dataclass, field

from himaya.ledger import entries as e
from himaya.ledger.anchors import Anchors
from himaya.ledger.chain import Chain

DEFAULT_DAYS = 31


@dataclass(slots=True, frozen=True)
class Lapse:
    """A gate began `at` (ISO 8601), not knowing what the one before had lent: `people` to each of `workers`."""

    at: str
    workers: int
    people: int


@dataclass(slots=True)
class State:
    """The chain, added up.

    `files` by name are the files that count; segments up to `upto` are in them. `open`: the last writer
    has not closed. `removed`, `archived`: rows of days before this UTC day were, by retention. `first_ever`: the
    earliest time of a row that was ever sealed, microseconds. `erased`: surrogates that name
    nobody any more. `sealing_key`: the public one, b"" none.
    `forecasts` and `unforecast` are the last ones of each policy, by its hash.
    `lent` is what the gate that runs now lends at most, `lapses` are the starts after gates that had lent something.
    `anchors` says where the head of the chain was deposited.
    `began` is when the ledger was first opened, ISO 8601, "" never.
    """

    files: dict[str, e.File] = field(default_factory=dict)
    upto: int = 0
    holds: dict[str, e.Hold] = field(default_factory=dict)
    configs: list[e.Config] = field(default_factory=list)
    forecasts: dict[str, e.Forecast] = field(default_factory=dict)
    unforecast: dict[str, e.Unforecast] = field(default_factory=dict)
    lent: e.Leases | None = None
    lapses: list[Lapse] = field(default_factory=list)
    days: int = DEFAULT_DAYS
    then: str = "delete"
    class_days: int = DEFAULT_DAYS
    open: bool = False
    began: str = ""
    closed: str = ""
    removed: int = 0
    archived: int = 0
    first_ever: int = 0
    sealing_key: bytes = b""
    accesses: int = 0
    erased: set[int] = field(default_factory=set)
    anchors: Anchors = field(default_factory=Anchors)
    seq: int = 0
    hash: str = ""

    def standing_holds(self, now: int) -> list[e.Hold]:
        """Return the holds that still stand at `now` (microseconds)."""
        return [hold for hold in self.holds.values() if hold.until > now]

    @property
    def retention(self) -> str:
        """Return the retention in words."""
        what = {"delete": "deleted", "seal": "sealed"}[self.then]
        return f"identified rows are kept {self.days} days, then {what}"

    def take(self, entry: e.AnyEntry) -> None:
        """Add one entry."""
        match entry:
            case e.Files():
                self._take_files(entry)
            case e.Opened() | e.Closed() | e.Leases():
                self._take_writer(entry)
            case e.Hold():
                self.holds[entry.id] = entry
            case e.Released():
                self.holds.pop(entry.id, None)
            case e.Access():
                self.accesses += 1
            case e.Forgotten():
                self.erased.update(entry.surrogates)
            case e.Config() | e.Retention() | e.SealingKey():
                self._take_rule(entry)
            case e.Forecast() | e.Unforecast():
                self._take_forecast(entry)
            case e.AnchorEntry():
                self.anchors.take(entry)

    def _take_rule(self, entry: e.Config | e.Retention | e.SealingKey) -> None:
        match entry:
            case e.Config():
                self.configs.append(entry)
            case e.Retention():
                self.days, self.then = entry.days, entry.then
                self.class_days = entry.class_days
            case e.SealingKey():
                self.sealing_key = bytes.fromhex(entry.public)

    def _take_forecast(self, entry: e.Forecast | e.Unforecast) -> None:
        if isinstance(entry, e.Forecast):
            self.forecasts[entry.policy] = entry
        else:
            self.unforecast[entry.policy] = entry

    def _take_writer(self, entry: e.Opened | e.Closed | e.Leases) -> None:
        if isinstance(entry, e.Leases):
            self._take_leases(entry)
            return
        if isinstance(entry, e.Opened) and self.lent is not None:
            self.lapses.append(Lapse(entry.at, self.lent.workers, self.lent.people))
            self.lent = None
        self.open = isinstance(entry, e.Opened)
        if self.open:
            self.began = self.began or entry.at
        else:
            self.closed = entry.at

    def _take_leases(self, entry: e.Leases) -> None:
        """Keep what is the most of either: what was lent on other terms may still be out."""
        before = self.lent or entry
        workers, people = max(entry.workers, before.workers), max(entry.people, before.people)
        self.lent = e.Leases(at=entry.at, workers=workers, people=people)

    def _take_files(self, entry: e.Files) -> None:
        for name in entry.drop:
            self.files.pop(name, None)
        for file in entry.add:
            self.files[file.name] = file
            self.first_ever = min(self.first_ever or file.first, file.first)
        self.upto = max(self.upto, entry.upto)
        if isinstance(entry, e.Removed):
            self.removed = max(self.removed, entry.before)
        elif isinstance(entry, e.Archived):
            self.archived = max(self.archived, entry.before)


def read_state(chain: Chain) -> State:
    """Return what the chain adds up to. Raises LedgerError naming a damaged line."""
    state = State()
    for line, entry in chain.lines():
        state.take(entry)
        state.seq, state.hash = line.seq, line.hash
    return state
