"""Facts on disk: what the application told, kept beside the ledger and loaded at every start.

One fact is one JSON object, the same in a facts file, over the control socket and in the store:

    {"account": "u17", "created": "2026-03-01T09:00:00Z", "tier": "paid", "batch": "b4", "terms": "v3"}
    {"subject": "17", "country": "MA", "protected": ["minor"], "deleted": false}
    {"viewer": "u17", "subject": "23"}

The kind follows from the keys: `account` makes an account fact, `viewer` a near pair, `subject` alone a
subject fact. Times are ISO 8601 or epoch seconds. What happens when a fact is missing stands in
`himaya.core.facts`.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from himaya.core.errors import InputError, ServiceError
from himaya.core.facts import AccountFact, Fact, Facts, NearFact, SubjectFact

#: The longest line of a facts file, in bytes.
MAX_LINE = 65_536

_BATCH = 1000
_TIMES = ("created", "terms_at")


def decode_fact(record: bytes | str) -> Fact:
    """Return the fact that one JSON object tells.

    Raises InputError that says what is wrong: no object, no kind, an unknown key, a wrong type.
    """
    try:
        told = msgspec.json.decode(record)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise InputError(f"not JSON: {problem}") from None
    if not isinstance(told, dict):
        raise InputError('expected an object such as {"account": "u17", "tier": "paid"}')
    kind = _kind(told)
    for key in _TIMES:
        if key in told:
            told[key] = _seconds(key, told[key])
    unknown = sorted(set(told) - set(kind.__struct_fields__))
    if unknown:
        raise InputError(f"{unknown[0]}: no such key; known are {_words(kind)}")
    try:
        fact: Fact = msgspec.convert(told, kind)
    except msgspec.ValidationError as problem:
        raise InputError(str(problem)) from None
    _check_names(fact)
    return fact


def _kind(told: dict[str, Any]) -> type[AccountFact | SubjectFact | NearFact]:
    if "viewer" in told:
        return NearFact
    if "account" in told:
        return AccountFact
    if "subject" in told:
        return SubjectFact
    raise InputError("expected one of the keys account, subject, viewer")


def _words(kind: type[AccountFact | SubjectFact | NearFact]) -> str:
    return ", ".join(kind.__struct_fields__)


def _seconds(key: str, value: object) -> object:
    """Return ISO 8601 text as epoch seconds; a time without zone is UTC."""
    if not isinstance(value, str):
        return value
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        raise InputError(f"{key}: expected ISO 8601 or epoch seconds, got {value[:40]!r}") from None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def _check_names(fact: Fact) -> None:
    for key in ("account", "viewer", "subject"):
        if getattr(fact, key, None) == "" and not isinstance(fact, AccountFact):
            raise InputError(f"{key}: empty")
    if isinstance(fact, AccountFact) and not fact.account:
        raise InputError("account: empty")


def read_facts(lines: Iterable[bytes], file: str = "") -> Iterator[Fact]:
    """Yield the facts of a file, one per line; blank lines are passed over.

    Raises InputError with file and line at the first line that is no fact.
    """
    for number, line in enumerate(lines, 1):
        if len(line) > MAX_LINE:
            raise InputError(f"a line longer than {MAX_LINE} bytes", file=file, line=number)
        if line.strip():
            try:
                yield decode_fact(line)
            except InputError as problem:
                raise InputError(str(problem), file=file, line=number) from None


def facts_path(ledger: Path) -> Path:
    """Return where the facts of a site lie: beside its ledger, as `<directory>.facts`."""
    return ledger.with_name(ledger.name + ".facts")


class FactsStore:
    """A small SQLite file of facts, mode 0600; a fact replaces the older one about the same thing.

    Raises ServiceError when the file cannot be opened or written, or is something else.
    """

    def __init__(self, path: Path) -> None:
        """Open the store, making it when it is not there."""
        self.path = path
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._db = sqlite3.connect(path, timeout=10.0, isolation_level=None)
            self._prepare()
        except (OSError, sqlite3.Error) as problem:
            raise ServiceError(f"{path}: cannot open the facts: {problem}") from None

    def _prepare(self) -> None:
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute("PRAGMA secure_delete=ON")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS fact"
            " (name TEXT PRIMARY KEY, subject TEXT, viewer TEXT, record BLOB)"
        )
        self._db.execute("CREATE INDEX IF NOT EXISTS fact_subject ON fact (subject)")
        self._db.execute("CREATE INDEX IF NOT EXISTS fact_viewer ON fact (viewer)")

    def put(self, facts: Iterable[Fact]) -> int:
        """Keep facts, durable on return; return how many. All or none of a call are kept."""
        rows = ((_name(fact), *_people(fact), msgspec.json.encode(fact)) for fact in facts)
        count = 0
        try:
            self._db.execute("BEGIN IMMEDIATE")
            while batch := list(islice(rows, _BATCH)):
                self._db.executemany("INSERT OR REPLACE INTO fact VALUES (?, ?, ?, ?)", batch)
                count += len(batch)
            self._db.execute("COMMIT")
        except sqlite3.Error as problem:
            self._roll_back()
            raise ServiceError(f"{self.path}: cannot keep facts: {problem}") from None
        except BaseException:
            self._roll_back()
            raise
        return count

    def _roll_back(self) -> None:
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")

    def facts(self) -> Iterator[Fact]:
        """Yield every fact kept, the oldest first."""
        for (record,) in self._db.execute("SELECT record FROM fact ORDER BY rowid"):
            yield decode_fact(record)

    def account(self, name: str) -> AccountFact | None:
        """Return what is kept about one account, None for nothing. Raises ServiceError."""
        fact = self._fact(f"account {name}")
        return fact if isinstance(fact, AccountFact) else None

    def subject(self, name: str) -> SubjectFact | None:
        """Return what is kept about one person who is shown, None for nothing. Raises ServiceError."""
        fact = self._fact(f"subject {name}")
        return fact if isinstance(fact, SubjectFact) else None

    def _fact(self, name: str) -> Fact | None:
        sql = "SELECT record FROM fact WHERE name = ?"
        try:
            row = self._db.execute(sql, (name,)).fetchone()
        except sqlite3.Error as problem:
            raise ServiceError(f"{self.path}: cannot read the facts: {problem}") from None
        return decode_fact(row[0]) if row else None

    def load_into(self, facts: Facts) -> int:
        """Add every fact kept to `facts`; return how many."""
        count = 0
        for fact in self.facts():
            facts.add(fact)
            count += 1
        return count

    def forget(self, subject: str = "", *, account: str = "") -> int:
        """Erase the facts about a person as somebody who is shown, or as the holder of an account; return how many.

        As subject: theirs, near pairs with them, and that an account is theirs; the account's other facts stay. As
        account: its facts and near pairs. What was erased is overwritten in the file.
        """
        gone = 0
        try:
            if subject:
                gone += self._own_profile(subject)
                sql = "DELETE FROM fact WHERE subject = ? AND name NOT LIKE 'account %'"
                gone += self._db.execute(sql, (subject,)).rowcount
            if account:
                gone += self._db.execute("DELETE FROM fact WHERE viewer = ?", (account,)).rowcount
            if gone:
                self._db.execute("VACUUM")
                self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error as problem:
            raise ServiceError(f"{self.path}: cannot erase facts: {problem}") from None
        return gone

    def _own_profile(self, subject: str) -> int:
        """Take out of account facts that this subject is their own profile; return of how many."""
        sql = "SELECT record FROM fact WHERE subject = ? AND name LIKE 'account %'"
        records = [record for (record,) in self._db.execute(sql, (subject,)).fetchall()]
        told = [fact for fact in map(decode_fact, records) if isinstance(fact, AccountFact)]
        linked = [fact for fact in told if fact.subject == subject]
        self.put(msgspec.structs.replace(fact, subject="") for fact in linked)
        return len(linked)

    def count(self) -> int:
        """Return how many facts are kept."""
        (count,) = self._db.execute("SELECT COUNT(*) FROM fact").fetchone()
        return int(count)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()


def _name(fact: Fact) -> str:
    if isinstance(fact, AccountFact):
        return f"account {fact.account}"
    if isinstance(fact, SubjectFact):
        return f"subject {fact.subject}"
    return f"near {msgspec.json.encode((fact.viewer, fact.subject)).decode()}"


def _people(fact: Fact) -> tuple[str, str]:
    """Return the subject and the account a fact speaks of; "" for none."""
    if isinstance(fact, AccountFact):
        return fact.subject or fact.account, fact.account
    return fact.subject, fact.viewer if isinstance(fact, NearFact) else ""
