"""What a person is told who asks to whom they were shown: fields, days, kinds of recipients, and what nobody can say.

Organisations are named. Individuals are described, and named only where somebody decided so (`naming` in the chain).
Views are told by the day: an exact time can tell who it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import ibis.expr.types as ir
import msgspec

from himaya.ledger import answers as a
from himaya.ledger import queries as q
from himaya.ledger.names import FOREVER
from himaya.ledger.reader import Reader
from himaya.ledger.schema import iso, split_fields
from himaya.ledger.state import State

#: How sure a row is, in words for the person it is about.
SURE = {
    "served": "the page was sent",
    "partial": "a part of the page was sent",
    "authorised-only": "the page was allowed; whether it was sent was not seen",
    "inferred-from-route": "a page was sent whose address names this person",
}


class Outside(NamedTuple):
    """What only others know: the organisation of an account or key, and the crawler that an address is known for.

    Both return "" for none.
    """

    organisation: Callable[[str], str]
    crawler: Callable[[str], str]


class Head(msgspec.Struct, frozen=True):
    """Where the chain of the ledger stood: its last entry, and the hash of that."""

    seq: int
    hash: str


class Asked(msgspec.Struct, frozen=True, rename={"start": "from", "end": "to"}):
    """The period that was asked for, ISO 8601 UTC; "" is the beginning, or the end, of all time."""

    start: str
    end: str


class Told(msgspec.Struct, frozen=True, omit_defaults=True):
    """One recipient: who in words, which fields, from day to day, how often, how sure.

    `organisation` is named where one is known; `name` by decision only. `scopes` say who may see the fields.
    """

    recipient: str
    fields: list[str]
    first: str
    last: str
    times: int
    certainty: str
    organisation: str = ""
    name: str = ""
    scopes: list[str] = []


class Field(msgspec.Struct, frozen=True, omit_defaults=True):
    """One field: from day to day, how often, how sure; `scopes` where they were asked for."""

    field: str
    first: str
    last: str
    times: int
    certainty: str
    scopes: list[str] = []


class SubjectAccess(msgspec.Struct, frozen=True):
    """What is known of one person being shown. `cannot` says, sentence by sentence, what this does not speak for.

    `erased`: recipients whose name was erased. `unattributed`: people in answers of the period whom nobody could name.
    `named`: individuals are named. `chain` is the head of the ledger's chain at that moment.
    """

    subject: str
    asked: Asked
    recipients: list[Told]
    fields: list[Field]
    unobserved: list[a.Unobserved]
    unattributed: int
    erased: int
    named: bool
    canary: bool
    period: a.Period
    retention: str
    note: str
    cannot: list[str]
    chain: Head


class Wish(NamedTuple):
    """How a person's answer is to be: with visibility scopes; with individuals named."""

    scopes: bool = False
    named: bool = False


def subject_access(
    reader: Reader,
    name: str,
    outside: Outside,
    start: int = 0,
    end: int = FOREVER,
    *,
    wish: Wish | None = None,
) -> SubjectAccess:
    """Return what a person is told, of [start, end) in microseconds. Raises LedgerError."""
    wish, surrogate = wish or Wish(), reader.subject(name)[1]
    known, gaps = reader.canaries(), reader.unobserved(start, end)

    def question(rows: ir.Table, state: State) -> SubjectAccess:
        inside, period = q.within(rows, start, end), reader.period(rows, state)
        found = fetch(reader, _views(q.facet(inside, "subject", surrogate or -1)))
        tally = fetch(reader, q.tallies(inside))[0]
        describe = _Describe(reader, outside, found, wish)
        told = [describe.told(views) for views in by(found, "actor").values()]
        unnamed = int(tally["unattributed"])
        return SubjectAccess(
            subject=name,
            asked=asked(start, end),
            recipients=sorted(
                told, key=lambda one: (one.first, one.recipient, one.last, one.times)
            ),
            fields=_fields(found, wish),
            unobserved=gaps,
            unattributed=unnamed,
            erased=describe.erased,
            named=wish.named,
            canary=surrogate in known,
            period=period,
            retention=state.retention,
            note=a.note(len(told), name, period, len(gaps), state),
            cannot=[*cannot(state, period), *_unnamed(unnamed)],
            chain=Head(state.seq, state.hash),
        )

    return reader.ask(question)


def fetch(reader: Reader, expression: ir.Table) -> list[dict[str, Any]]:
    """Return the rows of an expression, within `ask`."""
    found: list[dict[str, Any]] = reader.table(expression).to_pylist()
    return found


def by(rows: Iterable[dict[str, Any]], column: str) -> dict[Any, list[dict[str, Any]]]:
    """Return rows by what stands in a column."""
    found: dict[Any, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row[column], []).append(row)
    return found


def asked(start: int, end: int) -> Asked:
    """Return a period as answers write it."""
    return Asked(iso(start) if start else "", iso(end) if end < FOREVER else "")


def cannot(state: State, period: a.Period) -> list[str]:
    """Return what no answer of the ledger speaks for."""
    began = state.began[:10] or period.start[:10]
    found = (
        [f"The record was begun on {began}; of the time before it holds at most old logs."]
        if began
        else []
    )
    found += [
        "Pages that were not declared as showing people, copies in caches, and what others passed on are not in it.",
        f"Of what is in it, {state.retention}.",
        "In the periods listed as not observed, more may have been shown than is told here.",
    ]
    if state.erased:
        found.append("Names that were erased on request cannot be told any more.")
    return found


def _unnamed(count: int) -> list[str]:
    if not count:
        return []
    seen = f"In this time {count:,} people were in answers of the site that could not be read"
    return [f"{seen}; this person may have been among them."]


def _views(rows: ir.Table) -> ir.Table:
    """Return, per recipient, access class, fields, scope and certainty: first, last, times."""
    keys = ["actor", "account", "access", "fields", "scope", "certainty"]
    return rows.group_by(keys).aggregate(
        first=rows.time.min(), last=rows.time.max(), times=rows.count()
    )


def _fields(found: list[dict[str, Any]], wish: Wish) -> list[Field]:
    each = [{**row, "field": name} for row in found for name in split_fields(row["fields"])]
    return [
        Field(field=name, **days(rows, "field"), scopes=scopes_of(rows) if wish.scopes else [])
        for name, rows in sorted(by(each, "field").items())
    ]


def scopes_of(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the visibility scopes of rows, in order."""
    return sorted({row["scope"] or "not declared" for row in rows})


def days(rows: list[dict[str, Any]], column: str) -> dict[str, Any]:
    """Return first and last day, times and certainty in words, of rows that are about one thing."""
    (one,) = a.summarise(rows, column).values()
    return {
        "first": iso(one.first)[:10],
        "last": iso(one.last)[:10],
        "times": one.times,
        "certainty": SURE.get(one.certainty, one.certainty),
    }


class _Describe:
    """Says in words who was shown somebody; counts recipients whose name was erased."""

    def __init__(
        self, reader: Reader, outside: Outside, found: list[dict[str, Any]], wish: Wish
    ) -> None:
        numbers = {row[column] for row in found for column in ("actor", "account")} - {0}
        self._names = reader.identities.names(numbers)
        self._closed = reader.identities.closed(numbers - self._names.keys())
        self._outside, self._wish = outside, wish
        self.erased = 0

    def told(self, rows: list[dict[str, Any]]) -> Told:
        """Return what is told of one recipient."""
        row = rows[0]
        words, organisation, name = self._who(row)
        return Told(
            recipient=words,
            fields=sorted({field for one in rows for field in split_fields(one["fields"])}),
            **days(rows, "actor"),
            organisation=organisation,
            name=name if self._wish.named else "",
            scopes=scopes_of(rows) if self._wish.scopes else [],
        )

    def _who(self, row: Mapping[str, Any]) -> tuple[str, str, str]:
        """Return words, organisation and name of the recipient of a row."""
        number, access = row["actor"], row["access"]
        if not number:
            return "somebody of whom nothing was told", "", ""
        name = self._names.get(number, "")
        if number in self._closed:
            return f"{_KINDS.get(access, 'somebody')} whose name is sealed", "", ""
        if not name:
            self.erased += 1
            return f"{_KINDS.get(access, 'somebody')} whose name was erased since", "", ""
        column, _, own = name.partition(":")
        if column == "address":
            crawler = self._outside.crawler(own)
            words = f"the crawler {crawler} (verified by its address)" if crawler else ""
            return words or _KINDS["anonymous"], "", name
        kind = _KINDS["key" if column == "key" else "account"]
        organisation = self._organisation(row, own)
        return f"{kind} of {organisation}" if organisation else kind, organisation, name

    def _organisation(self, row: Mapping[str, Any], own: str) -> str:
        """Return the organisation of an account, or of a key: its account's, else its own."""
        account = self._names.get(row["account"], "")
        told = self._outside.organisation(account) if account else ""
        return told or self._outside.organisation(own)


_KINDS = {
    "account": "a member",
    "paid": "a member",
    "key": "a holder of an API key",
    "anonymous": "an anonymous visitor",
}
