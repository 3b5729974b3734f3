"""The file of alerts: SQLite beside the ledger, mode 0600. It holds surrogates, so who is forgotten has no name here.

Gate, follower and commands write to it at the same time. What has to be sent lies in it, too, so that a restart loses
no message; a delivery is claimed for a while before it is tried, so that two processes do not both send it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from himaya.config.types import Severity
from himaya.core.errors import InputError
from himaya.ledger.store_file import StoreFile
from himaya.runner.alerting.alert import (
    MAX_NAMES,
    MAX_TEXT,
    SEVERITIES,
    Alert,
    Event,
    Kind,
    Occurrence,
    reaches,
)

_TABLES = """
CREATE TABLE IF NOT EXISTS alert (
    id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, what TEXT NOT NULL, severity TEXT NOT NULL,
    opened REAL NOT NULL, last REAL NOT NULL, count INTEGER NOT NULL, text TEXT NOT NULL, see TEXT NOT NULL,
    reference TEXT NOT NULL, acknowledged REAL NOT NULL DEFAULT 0, by TEXT NOT NULL DEFAULT '',
    escalated REAL NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS alert_same ON alert (kind, what, opened);
CREATE TABLE IF NOT EXISTS actor (
    alert INTEGER NOT NULL, facet TEXT NOT NULL, surrogate INTEGER NOT NULL,
    PRIMARY KEY (alert, facet, surrogate)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS delivery (
    number INTEGER PRIMARY KEY AUTOINCREMENT, alert INTEGER NOT NULL, channel TEXT NOT NULL, event TEXT NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0, due REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS channel (
    name TEXT PRIMARY KEY, sent INTEGER NOT NULL DEFAULT 0, failed INTEGER NOT NULL DEFAULT 0,
    dropped INTEGER NOT NULL DEFAULT 0, problem TEXT NOT NULL DEFAULT '', since REAL NOT NULL DEFAULT 0
);
"""

_COLUMNS = (
    "id, kind, severity, opened, last, count, text, see, reference, acknowledged, by, escalated"
)


class Delivery(msgspec.Struct, frozen=True):
    """One message that has to be sent: its number, why, how often it was tried before, and the alert."""

    number: int
    event: Event
    tries: int
    alert: Alert


class ChannelState(msgspec.Struct, frozen=True):
    """How a channel does: messages sent, tries that failed, messages given up or without room, and what is wrong now.

    `since` is when the problem began, epoch seconds; `problem` is "" while it works.
    """

    name: str
    sent: int
    failed: int
    dropped: int
    problem: str
    since: float
    waiting: int


def alerts_path(ledger: Path) -> Path:
    """Return where the alerts of a site lie: beside its ledger, as `<directory>.alerts`."""
    return ledger.with_name(ledger.name + ".alerts")


def _event(one: Occurrence) -> Event:
    return "escalated" if one.to_owner else "opened"


class AlertStore(StoreFile):
    """All alerts of one site. A context manager; one object belongs to one thread."""

    def __init__(self, path: Path) -> None:
        """Open the file, making it when it is not there. Raises ServiceError."""
        super().__init__(path, _TABLES, "alerts")

    # -- what happens --------------------------------------------------------------------------

    def put(
        self,
        occurrence: Occurrence,
        *,
        count: int,
        again_s: float,
        channels: Iterable[str],
        most_waiting: int,
        keep: int,
    ) -> int:
        """Write an occurrence down, `count` times, and return its alert's id.

        The same kind and what within `again_s` of the opening counts up; else an alert is opened and a delivery made
        for each channel. At most `keep` alerts stay, the oldest leave. Raises ServiceError.
        """
        one, window = occurrence, occurrence.again_s or again_s
        with self._writing():
            sql = "SELECT id FROM alert WHERE kind = ? AND what = ? AND opened > ? AND opened <= ? ORDER BY id DESC"
            what = one.what[:MAX_TEXT]
            known = self._db.execute(sql, (one.kind, what, one.at - window, one.at)).fetchone()
            if known is not None:
                sql = "UPDATE alert SET count = count + ?, last = max(last, ?) WHERE id = ?"
                self._db.execute(sql, (count, one.at, known[0]))
                return int(known[0])
            number = self._open(one, what, count)
            for channel in channels:
                self._enqueue(number, channel, _event(one), one.at, most_waiting)
            self._forget(number - keep)
        return number

    def _open(self, one: Occurrence, what: str, count: int) -> int:
        sql = (
            "INSERT INTO alert (kind, what, severity, opened, last, count, text, see, reference, escalated)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        )
        texts = (one.text[:MAX_TEXT], one.see[:MAX_TEXT], one.reference[:MAX_TEXT])
        row = (
            one.kind,
            what,
            one.severity,
            one.at,
            one.at,
            count,
            *texts,
            one.at if one.to_owner else 0,
        )
        number = self._db.execute(sql, row).lastrowid or 0
        see = one.see.replace("ID", str(number), 1) if "alert show ID" in one.see else one.see
        self._db.execute("UPDATE alert SET see = ? WHERE id = ?", (see[:MAX_TEXT], number))
        return number

    def _forget(self, upto: int) -> None:
        """Remove the alerts numbered up to this one."""
        self._db.execute("DELETE FROM alert WHERE id <= ?", (upto,))
        self._db.execute("DELETE FROM actor WHERE alert <= ?", (upto,))
        self._db.execute("DELETE FROM delivery WHERE alert <= ?", (upto,))

    def implicate(self, about: Iterable[tuple[int, str, int]]) -> None:
        """Note whom alerts are about: alert, facet, the ledger's surrogate; at most MAX_NAMES for each alert."""
        with self._writing():
            for alert, facet, surrogate in about:
                sql = "SELECT count(*) FROM actor WHERE alert = ?"
                if self._db.execute(sql, (alert,)).fetchone()[0] < MAX_NAMES:
                    sql = "INSERT OR IGNORE INTO actor VALUES (?, ?, ?)"
                    self._db.execute(sql, (alert, facet, surrogate))

    def escalate(
        self, now: float, after_s: float, least: Severity, channels: Iterable[str], most: int
    ) -> int:
        """Have alerts sent once more that are at least so severe and open for `after_s`, each once; return how many."""
        severities = [each for each in SEVERITIES if reaches(each, least)]
        marks = ",".join("?" * len(severities))
        sql = (
            "SELECT id FROM alert WHERE acknowledged = 0 AND escalated = 0 AND opened <= ?"  # noqa: S608  (marks only)
            f" AND severity IN ({marks})"
        )
        with self._told():
            due = self._db.execute(sql, (now - after_s, *severities)).fetchall()
        for (number,) in due:
            with self._writing():
                sql = "UPDATE alert SET escalated = ? WHERE id = ? AND escalated = 0"
                if self._db.execute(sql, (now, number)).rowcount:
                    for channel in channels:
                        self._enqueue(number, channel, "escalated", now, most)
        return len(due)

    # -- sending -------------------------------------------------------------------------------

    def _enqueue(self, alert: int, channel: str, event: Event, due: float, most: int) -> None:
        """Add a delivery; past `most` waiting ones the oldest is given up, and counted."""
        sql = "INSERT INTO delivery (alert, channel, event, due) VALUES (?, ?, ?, ?)"
        self._db.execute(sql, (alert, channel, event, due))
        sql = (
            "DELETE FROM delivery WHERE channel = ?1 AND number NOT IN"
            " (SELECT number FROM delivery WHERE channel = ?1 ORDER BY number DESC LIMIT ?2)"
        )
        gone = self._db.execute(sql, (channel, most)).rowcount
        self._channel(channel, dropped=gone)

    def _channel(self, name: str, *, sent: int = 0, failed: int = 0, dropped: int = 0) -> None:
        self._db.execute("INSERT OR IGNORE INTO channel (name) VALUES (?)", (name,))
        sql = "UPDATE channel SET sent = sent + ?, failed = failed + ?, dropped = dropped + ? WHERE name = ?"
        self._db.execute(sql, (sent, failed, dropped, name))

    def claim(self, channel: str, now: float, lease_s: float) -> Delivery | None:
        """Take the next delivery that is due; for `lease_s` nobody else gets it. None when there is none."""
        sql = "SELECT number, alert, event, tries FROM delivery WHERE channel = ? AND due <= ? ORDER BY number LIMIT 1"
        with self._told():
            if self._db.execute(sql, (channel, now)).fetchone() is None:
                return None  # the usual case takes no lock
        with self._writing():
            row = self._db.execute(sql, (channel, now)).fetchone()
            if row is None:
                return None
            number, alert, event, tries = row
            sql = "UPDATE delivery SET due = ?, tries = tries + 1 WHERE number = ?"
            self._db.execute(sql, (now + lease_s, number))
            return Delivery(number, event, tries, self._get(alert))

    def sent(self, channel: str, number: int) -> None:
        """Note that a delivery arrived."""
        with self._writing():
            self._db.execute("DELETE FROM delivery WHERE number = ?", (number,))
            self._channel(channel, sent=1)
            self._db.execute(
                "UPDATE channel SET problem = '', since = 0 WHERE name = ?", (channel,)
            )

    def failed(self, channel: str, number: int, problem: str, now: float, again_at: float) -> None:
        """Note that a delivery failed: it is tried again at `again_at`, or with 0 given up."""
        with self._writing():
            if again_at:
                self._db.execute("UPDATE delivery SET due = ? WHERE number = ?", (again_at, number))
            else:
                self._db.execute("DELETE FROM delivery WHERE number = ?", (number,))
            self._channel(channel, failed=1, dropped=0 if again_at else 1)
            sql = (
                "UPDATE channel SET since = CASE since WHEN 0 THEN ? ELSE since END, problem = ?"
                " WHERE name = ?"
            )
            self._db.execute(sql, (now, problem[:MAX_TEXT], channel))

    # -- reading -------------------------------------------------------------------------------

    def get(self, number: int) -> Alert:
        """Return one alert. Raises InputError when there is none of that number."""
        with self._told():
            return self._get(number)

    def _get(self, number: int) -> Alert:
        sql = f"SELECT {_COLUMNS} FROM alert WHERE id = ?"  # noqa: S608  (our own words)
        row = self._db.execute(sql, (number,)).fetchone()
        if row is None:
            raise InputError(f"there is no alert {number}; `himaya alert list --all` names them")
        return Alert(*row)

    def alerts(self, *, everything: bool = False) -> list[Alert]:
        """Return the alerts nobody acknowledged, or all, the newest first."""
        where = "" if everything else "WHERE acknowledged = 0"
        sql = f"SELECT {_COLUMNS} FROM alert {where} ORDER BY id DESC"  # noqa: S608  (our own words)
        with self._told():
            return [Alert(*row) for row in self._db.execute(sql)]

    def count_open(self) -> int:
        """Return how many alerts nobody acknowledged."""
        with self._told():
            sql = "SELECT count(*) FROM alert WHERE acknowledged = 0"
            return int(self._db.execute(sql).fetchone()[0])

    def actors(self, number: int) -> list[tuple[str, int]]:
        """Return whom an alert is about: facet and surrogate."""
        with self._told():
            sql = "SELECT facet, surrogate FROM actor WHERE alert = ? ORDER BY facet, surrogate"
            return self._db.execute(sql, (number,)).fetchall()

    def about(self, kind: Kind, since: float, facet: str) -> list[tuple[Alert, int]]:
        """Return alerts of a kind that still happened at or after a time, with each surrogate of a facet; oldest first.

        Who acknowledged them does not matter.
        """
        sql = (
            f"SELECT {_COLUMNS}, actor.surrogate FROM alert JOIN actor ON actor.alert = alert.id"  # noqa: S608  (our own words)
            " WHERE kind = ? AND last >= ? AND facet = ? ORDER BY id, surrogate"
        )
        with self._told():
            rows = self._db.execute(sql, (kind, since, facet)).fetchall()
        return [(Alert(*row[:-1]), row[-1]) for row in rows]

    def channels(self) -> list[ChannelState]:
        """Return how every channel does that had something to send."""
        sql = (
            "SELECT name, sent, failed, dropped, problem, since,"
            " (SELECT count(*) FROM delivery WHERE channel = name) FROM channel ORDER BY name"
        )
        with self._told():
            return [ChannelState(*row) for row in self._db.execute(sql)]

    # -- what people do ------------------------------------------------------------------------

    def acknowledge(self, number: int, by: str, now: float) -> Alert:
        """Note that somebody looks after an alert; the first one counts. Raises InputError."""
        self.get(number)
        with self._writing():
            sql = "UPDATE alert SET acknowledged = ?, by = ? WHERE id = ? AND acknowledged = 0"
            self._db.execute(sql, (now, by, number))
            sql = "DELETE FROM delivery WHERE alert = ? AND event = 'escalated'"
            self._db.execute(sql, (number,))
        return self.get(number)
