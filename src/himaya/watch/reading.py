"""A chunk of whole lines, parsed: what every line adds to the figures, and the entries worth keeping.

Most lines of a log show nobody. They are parsed as strictly as the others, counted, and dropped
before anything is built from them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from operator import attrgetter, itemgetter
from typing import Any, Protocol

import msgspec

from himaya.watch.crawlers import claimed_crawler
from himaya.watch.entry import Entry, Malformed, shown
from himaya.watch.escapes import plain, unescape
from himaya.watch.times import parse_time, parse_times

#: A request target longer than this is no real request line (servers refuse far shorter ones).
MAX_TARGET = 32_768

#: Malformed lines kept per chunk as samples.
SAMPLES = 5

#: Addresses remembered per chunk of those that claim to be one crawler.
_CRAWLER_ADDRESSES = 5_000

Row = tuple[str, ...]


class Keep(Protocol):
    """Chooses the lines worth an entry."""

    def may_keep(self, target: str) -> object:
        """Tell quickly, and never wrongly no, whether a target could be worth an entry."""
        ...

    def keeps(self, method: str, target: str) -> bool:
        """Tell exactly."""
        ...


class Claim(msgspec.Struct, array_like=True):
    """Lines whose agent string claims to be one crawler, and from which addresses."""

    requests: int = 0
    addresses: set[str] = msgspec.field(default_factory=set)


class Reading(msgspec.Struct, array_like=True):
    """What one chunk of lines says.

    `lines = parsed + malformed`. `first` and `last` are its earliest and latest time; `entries` are
    sorted by time. `addresses` counts lines per peer address (`read_rows` only); `with_account` and
    `with_subjects` are lines that name an account or people; `forwarded` those with a forwarded address.
    """

    lines: int = 0
    parsed: int = 0
    malformed: int = 0
    first: float | None = None
    last: float | None = None
    with_account: int = 0
    with_subjects: int = 0
    forwarded: int = 0
    addresses: dict[str, int] = msgspec.field(default_factory=dict)
    claims: dict[str, Claim] = msgspec.field(default_factory=dict)
    samples: list[Malformed] = msgspec.field(default_factory=list)
    entries: list[Entry] = msgspec.field(default_factory=list)


class Rows(msgspec.Struct):
    """Raw rows of a chunk, one per line: a tuple of texts each; `slots` says which word is where.

    `bad` is the index of the text of a malformed line, "" in good rows.
    """

    rows: list[Row]
    slots: dict[str, int]
    bad: int


class Sifted(msgspec.Struct):
    """Good rows, the numbers of their lines, and the times that their texts stand for."""

    rows: list[Row]
    numbers: Sequence[int]
    times: dict[str, float]


def read_rows(
    rows: Rows, first_line: int, keep: Keep, numbers: Sequence[int] | None = None
) -> Reading:
    """Return what rows say; `first_line` is the number of the first one, where `numbers` does not say all."""
    reading, sifted = sift(rows, first_line, numbers)
    if sifted.rows:
        addresses = Counter(map(itemgetter(rows.slots["address"]), sifted.rows))
        reading.addresses = dict(addresses)
        reading.entries = _entries(sifted, rows, keep)
    return reading


def sift(
    rows: Rows, first_line: int, numbers: Sequence[int] | None = None
) -> tuple[Reading, Sifted]:
    """Part good rows from malformed lines and count both; nobody is looked at yet."""
    reading = Reading(lines=len(rows.rows))
    at, target = rows.slots["at"], rows.slots["target"]
    parsed = parse_times(set(map(itemgetter(at), rows.rows)))
    longest = max(map(len, map(itemgetter(target), rows.rows)), default=0)
    if numbers is None:
        numbers = range(first_line, first_line + len(rows.rows))
    if None in parsed.values() or longest > MAX_TARGET:
        sifted = _part(rows, parsed, numbers, reading)
    else:
        sifted = Sifted(rows.rows, numbers, {})
    sifted.times = {text: time for text, time in parsed.items() if time is not None}
    reading.parsed = len(sifted.rows)
    reading.malformed = reading.lines - reading.parsed
    if sifted.rows:
        _count(sifted.rows, rows.slots, sifted.times, reading)
    return reading, sifted


def _part(
    rows: Rows, times: dict[str, float | None], every: Sequence[int], reading: Reading
) -> Sifted:
    at, target = rows.slots["at"], rows.slots["target"]
    good: list[Row] = []
    numbers: list[int] = []
    for number, row in zip(every, rows.rows, strict=True):
        if times[row[at]] is not None and len(row[target]) <= MAX_TARGET:
            good.append(row)
            numbers.append(number)
        elif len(reading.samples) < SAMPLES:
            reading.samples.append(_malformed(rows, row, number))
    return Sifted(good, numbers, {})


def _malformed(rows: Rows, row: Row, number: int) -> Malformed:
    text = row[rows.bad]
    if text.strip():
        return Malformed(number, shown(text.rstrip("\r")), "not in the format of the log")
    at = row[rows.slots["at"]]
    if not at:
        return Malformed(number, "", "an empty line")
    if parse_time(at) is None:
        return Malformed(number, shown(" ".join(filter(None, row))), "no valid time")
    return Malformed(number, shown(row[rows.slots["target"]]), "the request line is too long")


def _count(
    good: list[Row], slots: dict[str, int], times: dict[str, float], reading: Reading
) -> None:
    reading.first, reading.last = min(times.values()), max(times.values())
    reading.with_account = max(
        _filled(good, slots.get("account")), _filled(good, slots.get("himaya_account"))
    )
    reading.with_subjects = _filled(good, slots.get("subjects"))
    reading.forwarded = _filled(good, slots.get("forwarded"))
    if "agent" in slots:
        reading.claims = _claims(good, slots["agent"], slots["address"])


def _filled(rows: list[Row], index: int | None) -> int:
    """Return in how many rows a field says something."""
    if index is None:
        return 0
    texts = list(map(itemgetter(index), rows))
    return len(texts) - texts.count("-") - texts.count("")


def _claims(rows: list[Row], agent: int, address: int) -> dict[str, Claim]:
    names = {text: claimed_crawler(text) for text in set(map(itemgetter(agent), rows))}
    if not any(names.values()):
        return {}
    claims: dict[str, Claim] = {}
    for row in rows:
        name = names[row[agent]]
        if name:
            claim = claims.setdefault(name, Claim())
            claim.requests += 1
            if len(claim.addresses) < _CRAWLER_ADDRESSES:
                claim.addresses.add(row[address])
    return claims


def _entries(sifted: Sifted, rows: Rows, keep: Keep) -> list[Entry]:
    """Build the entries worth keeping, sorted by time; lines of one time keep their order."""
    slots, times = rows.slots, sifted.times
    at, method, target = slots["at"], slots.get("method", rows.bad), slots["target"]
    build = EntryBuilder(rows)
    may_keep, keeps = keep.may_keep, keep.keeps
    entries = [
        build(row, times[row[at]], number)
        for row, number in zip(sifted.rows, sifted.numbers, strict=True)
        if may_keep(row[target]) and keeps(row[method] or "GET", plain(row[target]))
    ]
    entries.sort(key=attrgetter("at"))
    return entries


class EntryBuilder:
    """Builds entries from rows of one layout, touching only the words the log has."""

    def __init__(self, rows: Rows) -> None:
        """Take the layout."""
        slots = rows.slots
        names = Entry.__struct_fields__
        self._blank: list[Any] = [_BLANK.get(name, "") for name in names]
        texts = [word for word in slots if word in _TEXTS]
        self._places = [names.index(word) for word in texts]
        self._pick = itemgetter(*(slots[word] for word in texts))
        self._status, self._sent = slots["status"], slots.get("sent", rows.bad)
        self._query = slots.get("query", -1)
        self._completion = slots.get("completion", -1)
        self._connection = slots.get("connection", -1)
        self._more = max(self._query, self._completion, self._connection) >= 0

    def __call__(self, row: Row, at: float, line: int) -> Entry:
        """Return the entry of one good row."""
        fields = self._blank.copy()
        for place, text in zip(self._places, self._pick(row), strict=True):
            if text != "-":
                fields[place] = unescape(text) if "\\" in text else text
        fields[_AT], fields[_LINE] = at, line
        fields[_STATUS], fields[_SENT] = _number(row[self._status], 0), _size(row[self._sent])
        entry = Entry(*fields)
        return self._finished(entry, row) if self._more else entry

    def _finished(self, entry: Entry, row: Row) -> Entry:
        """Add what some logs keep apart: the query, and whether the transfer was complete."""
        query = plain(row[self._query]) if self._query >= 0 else ""
        return msgspec.structs.replace(
            entry,
            target=f"{entry.target}?{query.lstrip('?')}" if query else entry.target,
            aborted=self._is_aborted(row),
        )

    def _is_aborted(self, row: Row) -> bool:
        if self._connection >= 0:
            return row[self._connection] == "X"  # Apache: aborted before the response was complete
        return self._completion >= 0 and row[self._completion] not in COMPLETE


#: How logs say that an answer went out whole: nginx `$request_completion`, HAProxy `%ts`.
COMPLETE = frozenset({"OK", "--"})

_TEXTS = frozenset(Entry.__struct_fields__) - {"at", "line", "status", "sent", "aborted"}
_BLANK = {"subjects": None, "aborted": False, "method": "GET"}
_AT, _LINE, _STATUS, _SENT = map(Entry.__struct_fields__.index, ("at", "line", "status", "sent"))


def _number(text: str, missing: int) -> int:
    return int(text) if text.isdecimal() else missing


def _size(text: str) -> int:
    """Return body bytes; Apache writes `-` for none (`%b`), "" means the log does not say."""
    return 0 if text == "-" else _number(text, -1)
