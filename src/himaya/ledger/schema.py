"""The row of the ledger: its columns, their types, and how text is bounded.

The same schema holds for write-ahead segments and sealed Parquet files. All numbers are signed, so that
DuckDB, Spark and others read the files alike; 0 or "" means absent. `docs/ledger.md` explains every column; a
test keeps both equal.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from enum import IntEnum
from functools import lru_cache

import pyarrow as pa
import pyarrow.compute as pc

#: Column name, Arrow type, what it holds. The order is the order in the files.
COLUMNS: tuple[tuple[str, pa.DataType, str], ...] = (
    ("time", pa.int64(), "when, in microseconds since 1970 UTC; start of an unobserved period"),
    (
        "kind",
        pa.string(),
        "profile, listing, lookup_hit, lookup_miss, media, unattributed, clearance, unobserved",
    ),
    ("surface", pa.string(), "id of the surface"),
    ("actor", pa.int64(), "surrogate of the actor's name"),
    ("account", pa.int64(), "surrogate of the account"),
    ("session", pa.int64(), "surrogate of the session"),
    ("key", pa.int64(), "surrogate of the API key"),
    ("address", pa.int64(), "surrogate of the address"),
    ("prefix", pa.int64(), "surrogate of the /24 or /48 network of the address"),
    ("asn", pa.int32(), "number of the autonomous system"),
    (
        "fingerprint",
        pa.string(),
        "fingerprint class, salted anew in every period; blank when its time is over",
    ),
    ("tier", pa.string(), "budget tier of the account"),
    ("account_age_s", pa.int64(), "age of the account in seconds at that time; -1 unknown"),
    ("access", pa.string(), "access class: anonymous, account, paid, key"),
    ("subject", pa.int64(), "surrogate of the person shown; 0 when the row names nobody"),
    ("fields", pa.string(), "names of the fields shown, sorted, separated by commas"),
    ("scope", pa.string(), "who may see the fields by the site's own rules"),
    ("status", pa.int16(), "status code of the response"),
    ("certainty", pa.string(), "served, partial, authorised-only, inferred-from-route"),
    ("terms", pa.string(), "version of the terms the account accepted"),
    ("decision", pa.string(), "allow, throttle, challenge, redact, block"),
    ("source", pa.string(), "which room or door saw it"),
    ("policy", pa.string(), "hash of the policy in force"),
    (
        "count",
        pa.int32(),
        "1 for a person, n for unattributed people, n for people a clearance bought, else 0",
    ),
    ("until", pa.int64(), "end of an unobserved period, microseconds; 0 in other rows"),
    ("reason", pa.string(), "why a period is unobserved"),
    ("batch", pa.string(), "sign-up batch whose budget was charged"),
    ("group", pa.string(), "group (case) whose budget was charged"),
    (
        "version",
        pa.string(),
        "which values of the surface's `version` fields were shown: keyed hashes, separated by commas",
    ),
)

SCHEMA = pa.schema([pa.field(name, kind) for name, kind, _ in COLUMNS])

#: Columns of words that came later, in two steps: files written before lack them, and they count as absent there.
_STEPS = (("batch", "group"), ("version",))
LATER = tuple(name for step in _STEPS for name in step)
#: What write-ahead segments had before, the oldest first.
EARLIER_SCHEMAS = tuple(
    pa.schema([field for field in SCHEMA if field.name not in {n for s in _STEPS[at:] for n in s}])
    for at in range(len(_STEPS))
)

#: A row that says nothing.
EMPTY_ROW: dict[str, object] = {
    **{name: "" if kind == pa.string() else 0 for name, kind, _ in COLUMNS},
    "account_age_s": -1,
}

#: A person found by a look-up.
HIT = "lookup_hit"
#: Rows that name a person.
SHOWING = ("profile", "listing", HIT, "media")
MISS, UNATTRIBUTED, UNOBSERVED = "lookup_miss", "unattributed", "unobserved"
#: A solved challenge: `count` is the number of people it bought.
CLEARANCE = "clearance"

#: Weakest first; the certainty of a summary is the strongest among its rows.
CERTAINTIES = ("inferred-from-route", "authorised-only", "partial", "served")

MAX_TEXT = 120  # characters of a column of words, such as a surface id
MAX_NAME = 256  # characters of an identity
MAX_REASON = 500  # characters of the reason of an unobserved period
MAX_FIELDS = 64  # field names in one row

DAY_S = 86_400
_LAST_SECOND = 253_402_300_799  # 9999-12-31T23:59:59Z, the last second datetime can write


def completed(table: pa.Table) -> pa.Table:
    """Return rows with every column of the schema: what an older file lacks, or has as null, is absent."""
    columns = [
        pc.fill_null(table.column(name), "") if name in LATER else table.column(name)
        for name in SCHEMA.names
        if name in table.column_names or name not in LATER
    ]
    lacking = len(SCHEMA.names) - len(columns)
    columns += [pa.array([""] * len(table), pa.string())] * lacking
    return pa.table(columns, schema=SCHEMA)


class Kind(IntEnum):
    """What an identity is. Stored: numbers are never reused."""

    SUBJECT = 1
    ACCOUNT = 2
    SESSION = 3
    KEY = 4
    ADDRESS = 5
    PREFIX = 6
    ACTOR = 7


#: Columns that hold surrogates, and of what.
FACETS: dict[str, Kind] = {kind.name.lower(): kind for kind in Kind}


def micros(at: float) -> int:
    """Return epoch seconds as whole microseconds, held within the years 1970 to 9999."""
    return round(min(max(0.0, at), float(_LAST_SECOND)) * 1e6)  # not a number counts as 0


def day_of(time: int) -> int:
    """Return the UTC day (days since 1970) of a time in microseconds."""
    return time // (DAY_S * 1_000_000)


def day_name(day: int) -> str:
    """Return the date of a UTC day as `2025-01-31`."""
    return datetime.fromtimestamp(day * DAY_S, UTC).date().isoformat()


def week_name(day: int) -> str:
    """Return the ISO 8601 week of a UTC day as `2025-W05`."""
    year, week, _ = datetime.fromtimestamp(day * DAY_S, UTC).date().isocalendar()
    return f"{year}-W{week:02d}"


def iso(time: int) -> str:
    """Return a time in microseconds as ISO 8601 in UTC, `2025-01-31T12:00:00Z`."""
    seconds, rest = divmod(time, 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest).isoformat()[:-6] + "Z"


def bounded(text: str, limit: int = MAX_TEXT) -> str:
    r"""Return `text`, or a shorter form that still differs where the long ones differ.

    Text past `limit` characters keeps its beginning and gets 32 hex digits of its SHA-256, so that two
    long identities never become one. Lone surrogates (undecodable bytes of a log) are
    written as `\udcXX`, since neither Arrow nor SQLite can hold them.
    """
    if len(text) > limit:
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        text = f"{text[: max(limit - 33, 0)]}~{digest}"
    if text.isascii():
        return text
    return text.encode("utf-8", "backslashreplace").decode()


@lru_cache(maxsize=4096)
def join_fields(fields: tuple[str, ...]) -> str:
    """Return field names as one column value: sorted, distinct, commas inside a name as `%2C`."""
    names = {bounded(name.replace(",", "%2C")) for name in fields[:MAX_FIELDS]}
    return ",".join(sorted(names))


def split_fields(value: str) -> list[str]:
    """Return the field names of a column value."""
    return [name.replace("%2C", ",") for name in value.split(",") if name]
