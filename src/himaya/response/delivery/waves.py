"""Who of a notice was sent it in which wave: numbers of the ledger and states, beside the ledger, mode 0600.

A mail is written down as sent when the server took it, before the next one goes out. So a wave that broke off goes on
where it stopped. A server that went away after it was given a mail and before it answered leaves an *unsure* one,
which is not sent again by itself.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from himaya.core.errors import InputError, ServiceError
from himaya.ledger.store_file import StoreFile

#: Still to be sent; taken by the server; given to it without an answer; refused for good; came back.
PLANNED: Final = "planned"
SENT: Final = "sent"
UNSURE: Final = "unsure"
REFUSED: Final = "refused"
BOUNCED: Final = "bounced"

_TABLES = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS mail (
    notice TEXT NOT NULL, person INTEGER NOT NULL, wave INTEGER NOT NULL, state TEXT NOT NULL,
    PRIMARY KEY (notice, person)
) WITHOUT ROWID;
"""


def waves_path(ledger: Path) -> Path:
    """Return where the waves of a ledger's notices are kept: beside it."""
    return ledger.with_name(ledger.name + ".waves")


class Waves(StoreFile):
    """The waves of all notices. A notice is named by case and id. A context manager."""

    def __init__(self, path: Path) -> None:
        """Open the file. Raises ServiceError."""
        super().__init__(path, _TABLES, "waves of notices")

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Be the only one who sends. Raises ServiceError when another process does."""
        try:
            # Not the file itself: closing it once more would let go of SQLite's own locks.
            with self.path.with_name(self.path.name + ".lock").open("ab") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                yield
        except BlockingIOError as problem:
            raise ServiceError(
                "somebody is sending notices now; nothing was sent twice"
            ) from problem

    def plan(self, notice: str, wave: int, people: Iterable[int], size: int) -> list[int]:
        """Return who of a wave is still to be sent the notice.

        The first time `size` of `people` (surrogates), who are in no wave yet, become its members. Raises InputError
        when the wave before was not begun, or nobody is left.
        """
        with self._writing():
            last = self._last(notice)
            if wave > last + 1:
                raise InputError(f"wave {last + 1} comes before wave {wave}")
            if wave == last + 1:
                self._begin(notice, wave, people, size)
            rows = self._db.execute(
                "SELECT person FROM mail WHERE notice = ? AND wave = ? AND state = ? ORDER BY person",
                (notice, wave, PLANNED),
            )
            return [int(row[0]) for row in rows]

    def _last(self, notice: str) -> int:
        row = self._db.execute("SELECT max(wave) FROM mail WHERE notice = ?", (notice,)).fetchone()
        return int(row[0] or 0)

    def _begin(self, notice: str, wave: int, people: Iterable[int], size: int) -> None:
        known = self.known(notice)
        fresh = [person for person in sorted(people) if person not in known][:size]
        if not fresh:
            raise InputError("nobody is left whom this notice was not sent to")
        rows = ((notice, person, wave, PLANNED) for person in fresh)
        self._db.executemany("INSERT INTO mail VALUES (?, ?, ?, ?)", rows)

    def known(self, notice: str) -> set[int]:
        """Return who is in some wave of a notice."""
        rows = self._db.execute("SELECT person FROM mail WHERE notice = ?", (notice,))
        return {int(row[0]) for row in rows}

    def mark(self, notice: str, person: int, state: str) -> None:
        """Write down what became of one mail."""
        with self._writing():
            self._db.execute(
                "UPDATE mail SET state = ? WHERE notice = ? AND person = ?", (state, notice, person)
            )

    def retry_unsure(self, notice: str) -> int:
        """Have unsure mails of a notice sent again; return how many."""
        with self._writing():
            done = self._db.execute(
                "UPDATE mail SET state = ? WHERE notice = ? AND state = ?",
                (PLANNED, notice, UNSURE),
            )
            return done.rowcount

    def bounced(self, notice: str, people: Iterable[int]) -> int:
        """Write down whose mail came back, of those that were sent; return how many are new."""
        with self._writing():
            done = self._db.executemany(
                "UPDATE mail SET state = ? WHERE notice = ? AND person = ? AND state IN (?, ?)",
                [(BOUNCED, notice, person, SENT, UNSURE) for person in people],
            )
            return max(done.rowcount, 0)

    def settled(self, notice: str) -> set[int]:
        """Return of whom something was settled: everybody in a wave whose mail is not planned any more."""
        rows = self._db.execute(
            "SELECT person FROM mail WHERE notice = ? AND state <> ?", (notice, PLANNED)
        )
        return {int(row[0]) for row in rows}

    def counts(self, notice: str, wave: int = 0) -> dict[str, int]:
        """Return how many mails are in which state, of one wave or (0) of all."""
        some, values = ("AND wave = ?", (notice, wave)) if wave else ("", (notice,))
        rows = self._db.execute(
            f"SELECT state, count(*) FROM mail WHERE notice = ? {some} GROUP BY state ORDER BY state",  # noqa: S608  (our own words)
            values,
        )
        return {str(state): int(count) for state, count in rows}
