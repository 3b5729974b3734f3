"""`himaya follow`: a log as it is written, line by line into the ledger, through rotation and kill -9."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import msgspec

from himaya.config import Config
from himaya.core.errors import InputError, ServiceError
from himaya.core.matching import Surfaces
from himaya.core.salt import Salted
from himaya.runner.alerting import Occurrence
from himaya.watch.actors import Exchanges
from himaya.watch.beside import keep_of
from himaya.watch.bookmark import Bookmark, BookmarkFile, FileMark
from himaya.watch.detect import detect_format
from himaya.watch.formats import LineFormat, format_of_string, read_chunk
from himaya.watch.jsonlines import JsonLines
from himaya.watch.reading import Reading
from himaya.watch.recorders import Recorder, Told
from himaya.watch.silence import Away, Silence
from himaya.watch.source import Chunk
from himaya.watch.tail import Piece, Tail

log = logging.getLogger(__name__)

#: Seconds between two looks at the log.
POLL_S = 0.2

#: Seconds between two attempts when the authority or the ledger does not take lines.
RETRY_S = 1.0

#: Seconds between two bookmarks while nobody is shown.
_SAVE_S = 1.0

#: So many malformed lines, when they are most of a piece, are an unobserved period.
_MALFORMED_LINES = 20

#: What front doors log for a page that was not asked about; the last is Envoy's `x-envoy-auth-failure-mode-allowed`.
_DOWN = frozenset({"down", "true"})


class Counts(msgspec.Struct):
    """What a follower has read since it started."""

    lines: int = 0
    parsed: int = 0
    malformed: int = 0
    exchanges: int = 0
    gaps: int = 0


class Follower:
    """Reads what is new, records it, makes it durable, and only then moves the bookmark."""

    def __init__(
        self,
        tail: Tail,
        recorder: Recorder,
        place: BookmarkFile,
        config: Config,
        *,
        salt: Salted | None = None,
        tell: Callable[[Occurrence], None] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Take the parts; `place` holds the bookmark the tail was begun with. Classes go through `salt`.

        `tell` takes what needs somebody: a silent log, a gate that does not answer.
        """
        self._tail = tail
        self._recorder = recorder
        self._place = place
        self._config = config
        self._clock = clock
        self._surfaces = Surfaces(config.surfaces)
        self._keep = keep_of(config.surfaces, [config.policy()])
        self._exchanges = Exchanges(config.actor, salt=salt)
        self._form: LineFormat | None = None
        self._saved = 0.0
        self._stopped: Callable[[], bool] = lambda: False
        known = place.load()
        self._bookmark = known or Bookmark(mark=tail.mark)
        self.counts = Counts()
        if known is None:
            # The log may be rotated before its first lines are recorded.
            place.save(self._bookmark)
        self._silence = Silence(config.alerts.silence_s, self._gap, tell)
        self._silence.begin(clock(), told=bool(self._bookmark.last_at))
        self._away = Away(tell)
        recorder.resume(self._bookmark)

    def run(self, stopped: Callable[[], bool], *, once: bool = False) -> None:
        """Follow until `stopped`; with `once` until the log has nothing more to say.

        An authority that does not answer, or a disk that is full, is tried again: no line is passed over.
        Raises InputError when the log is no access log.
        """
        self._stopped = stopped
        try:
            while not stopped():
                if self.step():
                    continue
                if once:
                    break
                self._recorder.idle(self._clock())
                self._silence.look(self._clock())
                time.sleep(POLL_S)
            self._silence.end(self._clock())
        except _StoppedError:
            return
        finally:
            self._end()

    def step(self) -> bool:
        """Record the next piece of the log; False when there was nothing new."""
        piece = self._tail.read()
        if piece is None:
            return False
        self._silence.heard(self._clock())
        reading = self._reading(piece)
        self._note_gaps(piece, reading)
        told = [(self._exchanges.exchange(entry), entry.at) for entry in reading.entries]
        if told:
            self._record(told, piece.mark)
        last = self._bookmark.last_at if reading.last is None else reading.last
        self._move(msgspec.structs.replace(self._bookmark, mark=piece.mark, last_at=last), told)
        self._count(reading)
        return True

    def _record(self, told: list[Told], upto: FileMark) -> None:
        """Record exchanges and wait until they are durable."""
        early = self._recorder.before(self._bookmark, upto, told[0][1])
        if early is not None:
            self._bookmark = early
            self._save()
        self._try(lambda again: self._recorder.record(told, self._clock(), again=again))

    def _move(self, bookmark: Bookmark, told: list[Told]) -> None:
        """Move the bookmark; past lines that show nobody it is enough to save it now and then."""
        self._bookmark = self._recorder.after(bookmark) if told else bookmark
        if told or self._clock() - self._saved >= _SAVE_S:
            self._save()

    def _save(self) -> None:
        bookmark = self._bookmark
        self._try(lambda _: self._place.save(bookmark))
        self._saved = self._clock()

    def _try(self, work: Callable[[bool], None]) -> None:
        """Do something until it succeeds: an authority restarts, a full disk is cleared.

        `work` is told whether it was tried before.
        """
        again = False
        while True:
            try:
                work(again)
            except ServiceError as problem:
                if not again:
                    log.warning("lines wait: %s", problem)
                again = True
                self._away.failed(self._clock())
            else:
                self._away.answered()
                return
            if self._stopped():
                raise _StoppedError
            time.sleep(RETRY_S)

    def _end(self) -> None:
        """Keep where the follower stands; what waits in the runner is written by its owner."""
        try:
            self._place.save(self._bookmark)
        except ServiceError as problem:
            log.warning("the bookmark was not saved: %s", problem)
        self._tail.close()

    # lines --------------------------------------------------------------------------------------

    def _reading(self, piece: Piece) -> Reading:
        chunk = Chunk(piece.data, piece.first_line, piece.oversize)
        form = self._format(piece)
        if form is None:
            lines = piece.data.count(b"\n") + 1
            return Reading(lines=lines, malformed=lines)
        reading = read_chunk(form, chunk, self._keep, lean=True)
        if not reading.parsed and not piece.oversize and self._detects and reading.lines > 1:
            # The server may have been told to write its lines differently.
            changed = self._detect(piece)
            if changed is not None:
                self._form = changed
                reading = read_chunk(changed, chunk, self._keep, lean=True)
        return reading

    def _format(self, piece: Piece) -> LineFormat | None:
        """Return the format of the lines, found anew in every file unless the configuration says it."""
        wanted, fields = self._config.log.format, self._config.log.fields
        account = self._config.actor.account_field
        if not self._detects:
            if self._form is None:
                named = wanted != "json"
                self._form = format_of_string(wanted, account) if named else JsonLines(fields)
        elif self._form is None or piece.begins:
            self._form = self._detect(piece) or self._form
            if self._form is None and not self._bookmark.last_at and not piece.oversize:
                raise InputError(
                    "this is not an access log himaya can read; describe its lines in [log] format",
                    file=str(self._tail.path),
                )
        return self._form

    @property
    def _detects(self) -> bool:
        wanted = self._config.log
        return wanted.format in {"auto", ""} or (wanted.format == "json" and not wanted.fields)

    def _detect(self, piece: Piece) -> LineFormat | None:
        lines = piece.data.decode("utf-8", "backslashreplace").split("\n")
        return detect_format(
            lines,
            account_field=self._config.actor.account_field,
            fields=self._config.log.fields,
        )

    def _note_gaps(self, piece: Piece, reading: Reading) -> None:
        """Record what these lines do not tell of: lost lines, unreadable ones, a gate that was down."""
        now = self._clock()
        before = self._bookmark.last_at or reading.first or now
        if piece.gap:
            self._gap(before, max(before, reading.first or now), piece.gap)
        if reading.malformed >= _MALFORMED_LINES and 2 * reading.malformed > reading.lines:
            why = f"{reading.malformed} lines of the log were not in its format"
            self._gap(before, max(before, reading.last or now), why)
        down = [entry.at for entry in reading.entries if entry.gate in _DOWN]
        if down:
            self._gap(min(down), max(down), f"the gate did not answer for {len(down)} requests")
        match = self._surfaces.match
        free = [e.at for e in reading.entries if e.edge == "free" and match(e.method, e.target)]
        if free:
            why = f"nginx did not ask about {len(free)} requests: its configuration is an old one"
            self._gap(min(free), max(free), why)

    def _gap(self, start: float, end: float, why: str) -> None:
        self.counts.gaps += 1
        log.warning("unobserved: %s", why)
        self._try(lambda _: self._recorder.gap(start, end, why))

    def _count(self, reading: Reading) -> None:
        counts = self.counts
        counts.lines += reading.lines
        counts.parsed += reading.parsed
        counts.malformed += reading.malformed
        counts.exchanges += len(reading.entries)


class _StoppedError(Exception):
    """Asked to stop while waiting for somebody else."""
