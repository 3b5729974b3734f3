"""What the chain adds up to: which files count, which holds stand, how long rows are kept."""

from __future__ import annotations

from dataclasses import dataclass, field

from himaya.ledger import entries as e
from himaya.ledger.anchors import Anchors
from himaya.ledger.chain import Chain
from himaya.ledger.operators.standing import Standing

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

    `files` by name are the files that count; segments up to `upto`, by the slot of their writer, are in them.
    `writers`: the slots that were opened and not closed, and when; `ended`: when the others were. `removed` and
    `archived`: rows of days before this UTC day were, by retention. `first_ever`: the earliest time of a row that was
    ever sealed, microseconds. `erased`: surrogates that name nobody any more, `erasures` how it came to that, in order.
    `classes`: retention by class of actor, None where none was chosen. `exports` by id are files outside that name
    people, `destroyed` those of them that somebody said are gone. `judged` is the last judgement of the risk. `compact`
    by name are the files of compact rows, `renumbered` the erasures of which rows got other numbers. `sealing_key`: the
    public one, b"" none. `forecasts` and `unforecast` are the last ones of each policy, by its hash.
    `lent` is what the gate that runs now lends at most, by its slot; `lapses` are the starts after gates that had lent
    something. `operators`: who may act, and what was sealed to them. `began` is when the ledger was first opened,
    `closed` when a writer last closed it, ISO 8601, "" never. `format` is the version of the format, 0 where no entry
    names one. `anchors` says where the head of the chain was deposited. `attachments` are the found files that are
    kept, by id. `backups` are the copies that were made, `case_entry` the newest entry of the register of cases.
    """

    files: dict[str, e.File] = field(default_factory=dict)
    upto: dict[int, int] = field(default_factory=dict)
    holds: dict[str, e.Hold] = field(default_factory=dict)
    configs: list[e.Config] = field(default_factory=list)
    forecasts: dict[str, e.Forecast] = field(default_factory=dict)
    unforecast: dict[str, e.Unforecast] = field(default_factory=dict)
    lent: dict[int, e.Leases] = field(default_factory=dict)
    lapses: list[Lapse] = field(default_factory=list)
    days: int = DEFAULT_DAYS
    then: str = "delete"
    class_days: int = DEFAULT_DAYS
    classes: e.Classes | None = None
    writers: dict[int, str] = field(default_factory=dict)
    ended: dict[int, str] = field(default_factory=dict)
    format: int = 0
    began: str = ""
    closed: str = ""
    removed: int = 0
    archived: int = 0
    first_ever: int = 0
    sealing_key: bytes = b""
    accesses: int = 0
    erased: set[int] = field(default_factory=set)
    erasures: list[e.Forgotten] = field(default_factory=list)
    exports: dict[str, e.Exported] = field(default_factory=dict)
    destroyed: dict[str, e.Destroyed] = field(default_factory=dict)
    judged: e.Judged | None = None
    compact: dict[str, e.CompactFile] = field(default_factory=dict)
    renumbered: set[str] = field(default_factory=set)
    operators: Standing = field(default_factory=Standing)
    attachments: dict[str, e.Attached] = field(default_factory=dict)
    anchors: Anchors = field(default_factory=Anchors)
    backups: list[e.Backup] = field(default_factory=list)
    case_entry: e.CaseEntry | None = None
    seq: int = 0
    hash: str = ""

    def standing_holds(self, now: int) -> list[e.Hold]:
        """Return the holds that still stand at `now` (microseconds)."""
        return [hold for hold in self.holds.values() if hold.until > now]

    def twins(self) -> set[str]:
        """Return the names of the files that have a twin."""
        return {name for name, file in self.files.items() if file.twin}

    @property
    def open(self) -> bool:
        """Tell whether a writer has not closed."""
        return bool(self.writers)

    @property
    def retention(self) -> str:
        """Return the retention in words."""
        what = {"delete": "deleted", "seal": "sealed"}[self.then]
        kept = f"identified rows are kept {self.days} days, then {what}"
        return kept if self.classes is None else f"{kept}{_classes(self.classes, self.days)}"

    @property
    def but(self) -> str:
        """Return what was not removed of a time whose rows were, in words."""
        chosen, said = self.classes, ""
        if chosen is not None and chosen.confirmed_days > self.days:
            said += ", but for members of confirmed cases and what was held"
        if self.compact:
            said += "; a compact form without actors is kept"
        return said

    def take(self, entry: e.AnyEntry) -> None:
        """Add one entry."""
        match entry:
            case e.Files():
                self._take_files(entry)
            case e.Opened() | e.Closed() | e.Abandoned() | e.Leases() | e.Format():
                self._take_writer(entry)
            case e.Hold() | e.Released() | e.Forgotten() | e.Access():
                self._take_person(entry)
            case e.Attached() | e.Detached() | e.Exported() | e.Destroyed() | e.CompactEnded():
                self._take_document(entry)
            case e.Backup() | e.CaseEntry():
                self._take_elsewhere(entry)
            case e.Classes() | e.Config() | e.Retention() | e.SealingKey() | e.Judged():
                self._take_rule(entry)
            case e.Forecast() | e.Unforecast():
                self._take_forecast(entry)
            case (
                e.OperatorEnrolled()
                | e.OperatorRetired()
                | e.OpeningRequested()
                | e.AccessRefused()
            ):
                self.operators.take(entry)
            case e.AnchorEntry():
                self.anchors.take(entry)

    def _take_elsewhere(self, entry: e.Backup | e.CaseEntry) -> None:
        """Take what is known of things that lie beside the ledger."""
        if isinstance(entry, e.Backup):
            self.backups.append(entry)
        elif self.case_entry is None or entry.number >= self.case_entry.number:
            # Two processes may tell of their entries in the other order.
            self.case_entry = entry

    def _take_person(self, entry: e.Hold | e.Released | e.Forgotten | e.Access) -> None:
        match entry:
            case e.Hold():
                self.holds[entry.id] = entry
            case e.Released():
                self.holds.pop(entry.id, None)
            case e.Forgotten():
                self.erased.update(entry.surrogates)
                self.erasures.append(entry)
            case e.Access():
                self.accesses += 1

    def _take_document(
        self, entry: e.Attached | e.Detached | e.Exported | e.Destroyed | e.CompactEnded
    ) -> None:
        match entry:
            case e.Attached():
                self.attachments[entry.id] = entry
            case e.Detached():
                for name in entry.ids:
                    self.attachments.pop(name, None)
            case e.Exported():
                self.exports[entry.id] = entry
            case e.Destroyed():
                self.destroyed.setdefault(entry.id, entry)
            case e.CompactEnded():
                self.compact = {k: one for k, one in self.compact.items() if k not in entry.gone}

    def _take_rule(
        self, entry: e.Classes | e.Config | e.Retention | e.SealingKey | e.Judged
    ) -> None:
        match entry:
            case e.Classes():
                self.classes = entry
            case e.Config():
                self.configs.append(entry)
            case e.Retention():
                self.days, self.then = entry.days, entry.then
                self.class_days = entry.class_days
            case e.SealingKey():
                self.sealing_key = bytes.fromhex(entry.public)
            case e.Judged():
                self.judged = entry

    def _take_forecast(self, entry: e.Forecast | e.Unforecast) -> None:
        if isinstance(entry, e.Forecast):
            self.forecasts[entry.policy] = entry
        else:
            self.unforecast[entry.policy] = entry

    def _take_writer(self, entry: e.Opened | e.Closed | e.Abandoned | e.Leases | e.Format) -> None:
        match entry:
            case e.Format():
                self.format = entry.version
            case e.Opened():
                self._take_opened(entry)
            case e.Leases():
                self._take_leases(entry)
            case e.Closed() | e.Abandoned():
                self.writers.pop(entry.slot, None)
                self.ended[entry.slot] = self.closed = entry.at

    def _take_opened(self, entry: e.Opened) -> None:
        lent = self.lent.pop(entry.slot, None)
        if lent is not None:
            self.lapses.append(Lapse(entry.at, lent.workers, lent.people))
        self.writers[entry.slot] = entry.at
        self.began = self.began or entry.at

    def _take_leases(self, entry: e.Leases) -> None:
        """Keep what is the most of either: what was lent on other terms may still be out."""
        before = self.lent.get(entry.slot, entry)
        workers, people = max(entry.workers, before.workers), max(entry.people, before.people)
        self.lent[entry.slot] = e.Leases(at=entry.at, workers=workers, people=people)

    def _take_files(self, entry: e.Files) -> None:
        for name in entry.drop:
            self.files.pop(name, None)
        for file in entry.add:
            self.files[file.name] = file
            self.first_ever = min(self.first_ever or file.first, file.first)
        for slot, number in ({0: entry.upto} if entry.upto else entry.ends).items():
            self.upto[slot] = max(self.upto.get(slot, 0), number)
        if isinstance(entry, e.Removed):
            self.removed = max(self.removed, entry.before)
            if isinstance(entry, e.Compacted):
                self.compact.update({file.name: file for file in entry.compact})
        elif isinstance(entry, e.Renumbered):
            self.renumbered.add(entry.erasure)
        elif isinstance(entry, e.Archived):
            self.archived = max(self.archived, entry.before)
        elif isinstance(entry, e.PeriodSealed):
            self.operators.take(entry)


def _classes(chosen: e.Classes, days: int) -> str:
    """Return what the retention by class of actor adds to the sentence."""
    compact = (
        f" but for a compact form of {chosen.compact_days} days"
        if chosen.ordinary == "compact"
        else ""
    )
    longer = (
        f"; those of members of confirmed cases {chosen.confirmed_days} days"
        if chosen.confirmed_days > days
        else ""
    )
    return compact + longer


def read_state(chain: Chain) -> State:
    """Return what the chain adds up to. Raises LedgerError naming a damaged line."""
    state = State()
    for line, entry in chain.lines():
        state.take(entry)
        state.seq, state.hash = line.seq, line.hash
    return state
