"""Whether somebody was obtained by a collector that the site confirmed, and which demands to delete are open."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import msgspec

from himaya.analysis.cases import Case as GroupCase
from himaya.analysis.cases import CaseStore, cases_path
from himaya.analysis.cases import State as GroupState
from himaya.core.errors import InputError
from himaya.ledger import answers as a
from himaya.ledger import queries as q
from himaya.ledger.access import SURE
from himaya.ledger.names import FOREVER
from himaya.ledger.reader import Reader
from himaya.ledger.schema import iso, split_fields
from himaya.ledger.state import State as Ledger
from himaya.response.cases import Act, Case, Register
from himaya.response.people.whom import members_of, period_of

#: Letters that ask for deletion, by party and form; one that asks a scraper to stop, or to sign, is none.
_ASKED = frozenset({("scraper", "deletion"), ("host", "host")})


class Demand(msgspec.Struct, frozen=True):
    """A letter that asks for deletion: drafted, sent, or answered (confirmed, refused, silent). `day`: since when.

    `contradicted`: it was confirmed, and a later sample says otherwise.
    """

    id: str
    party: str
    state: str
    day: str

    @property
    def is_open(self) -> bool:
        """Tell whether nobody confirmed the deletion yet."""
        return self.state != "confirmed"


class Taking(msgspec.Struct, frozen=True):
    """What one confirmed case has of a person: fields, from day to day, how often, how sure; and its demands."""

    case: str
    status: str
    fields: list[str]
    first: str
    last: str
    times: int
    certainty: str
    demands: list[Demand]


class Taken(msgspec.Struct, frozen=True):
    """What a person is told who deletes something, or asks. `field` "": all fields. `cannot`: what it does not say."""

    subject: str
    field: str
    cases: list[Taking]
    unobserved: list[a.Unobserved]
    cannot: list[str]

    def words(self) -> list[str]:
        """Return it as sentences for the person."""
        what = f"the field {self.field}" if self.field else "data"
        if not self.cases:
            said = f"No collector that this site confirmed is on record as having obtained {what} of this person."
            return [f"{said} That is no proof that nothing was taken.", *self.cannot]
        return [line for one in self.cases for line in _words(one)] + self.cannot


class _Suspect(msgspec.Struct, frozen=True):
    """A confirmed case: its actors and period, and where its demands stand."""

    case: str
    status: str
    actors: list[int]
    start: int
    end: int
    demands: list[Demand]


COPIES = "Copies that others made may live on; deleting something here does not reach them."


def taken_of(reader: Reader, register: Register | None, subject: str, field: str = "") -> Taken:
    """Return what confirmed collectors obtained of a person. Raises InputError, LedgerError, ServiceError."""
    number = reader.subject(subject)[1]
    cases, ledger = confirmed_cases(register), reader.layout.directory
    registered, unread = _registered(cases, ledger)
    suspects = [*registered, *_found(cases, ledger)]
    rows = _rows(reader, number, {n for one in suspects for n in one.actors}) if number else []
    told = [_taking(one, rows, field) for one in suspects]
    gaps = reader.unobserved()
    return Taken(subject, field, [one for one in told if one], gaps, _cannot(len(gaps), unread))


def _cannot(gaps: int, unread: list[str]) -> list[str]:
    holes = f" In {gaps} periods nobody can say what was shown." if gaps else ""
    lost = f"Who belongs to the groups of case {', '.join(unread)} could not be read."
    return [COPIES, f"This is what was observed and is kept.{holes}", *([lost] if unread else [])]


def confirmed_cases(register: Register | None) -> list[Case]:
    """Return the cases of a register that somebody confirmed, without drills and what went into another case."""
    return [one for one in (register.cases() if register else []) if _is_confirmed(one)]


def _is_confirmed(case: Case) -> bool:
    real = case.kind == "scraping" and not case.practice and not case.into
    return real and any(case.acts("confirmed"))


def _registered(cases: Iterable[Case], ledger: Path) -> tuple[list[_Suspect], list[str]]:
    """Return what cases have, and the ids of those whose groups are not in the file beside the ledger any more.

    These must not keep a person from being erased; the answer names them instead.
    """
    found, unread = [], []
    for one in cases:
        try:
            actors = members_of(one, ledger)
        except InputError:
            actors = list(one.actors)
            unread.append(one.id)
        state, period = str(one.state), period_of(one)
        found.append(_Suspect(one.id, state, actors, *period, demands_of(one)))
    return found, unread


def _found(cases: Iterable[Case], ledger: Path) -> list[_Suspect]:
    """Return the groups that somebody confirmed and that no confirmed case of the register took over."""
    path = cases_path(ledger.absolute())
    if not path.exists():
        return []
    known = {name for one in cases for name in (*one.groups, *one.holds)}
    with CaseStore(path) as store:
        groups = [one for one in store.all() if one.id not in known]
    return [
        _Suspect(one.id, str(one.state), _numbers(one), 0, FOREVER, [])
        for one in groups
        if any(entry.what == GroupState.CONFIRMED for entry in one.log)
    ]


def _numbers(found: GroupCase) -> list[int]:
    return [one for one in found.group.members if isinstance(one, int)]


def demands_of(case: Case) -> list[Demand]:
    """Return the letters of a case that ask for deletion, as they stand, in the order of writing."""
    found: dict[str, Demand] = {}
    for act in case.acts("drafted", "withdrawn", "sent", "silent", "reply", "reappeared"):
        day, party = iso(act.moment)[:10], str(act.data.get("party", ""))
        if act.kind == "drafted":
            if (party, act.data.get("form", _FORM.get(party))) in _ASKED:
                found[str(act.data["id"])] = Demand(str(act.data["id"]), party, "drafted", day)
            continue
        for name in act.data.get("letters", [act.data.get("id")]):
            if name in found:
                found[name] = msgspec.structs.replace(found[name], state=_state_of(act), day=day)
    return [one for one in found.values() if one.state != "withdrawn"]


#: What a letter whose form nobody wrote down is taken for.
_FORM = {"scraper": "deletion", "host": "host"}


def _state_of(act: Act) -> str:
    if act.kind == "reappeared":
        return "contradicted"
    return str(act.data.get("answer", "answered")) if act.kind == "reply" else act.kind


def _rows(reader: Reader, number: int, actors: set[int]) -> list[dict[str, Any]]:
    """Return what these actors were shown of a person, row by row."""
    if not actors:
        return []

    def question(rows: ir.Table, _: Ledger) -> list[dict[str, Any]]:
        mine = q.any_of(q.facet(rows, "subject", number), "actor", actors)
        wanted = mine.select("time", "actor", "subject", "fields", "certainty")
        found: list[dict[str, Any]] = reader.table(wanted).to_pylist()
        return found

    return reader.ask(question)


def _taking(one: _Suspect, rows: Iterable[dict[str, Any]], field: str) -> Taking | None:
    actors = frozenset(one.actors)
    mine = [
        {**row, "first": row["time"], "last": row["time"], "times": 1}
        for row in rows
        if row["actor"] in actors
        and one.start <= row["time"] < one.end
        and (not field or field in split_fields(row["fields"]))
    ]
    if not mine:
        return None
    (found,) = a.summarise(mine, "subject").values()
    return Taking(
        case=one.case,
        status=one.status,
        fields=[field] if field else sorted(found.fields),
        first=iso(found.first)[:10],
        last=iso(found.last)[:10],
        times=found.times,
        certainty=found.certainty,
        demands=one.demands,
    )


def _words(one: Taking) -> list[str]:
    when = f"on {one.first}" if one.first == one.last else f"from {one.first} to {one.last}"
    fields, sure = ", ".join(one.fields), SURE.get(one.certainty, one.certainty)
    said = (
        f"A collector that this site confirmed obtained {fields} {when} ({sure}):"
        f" case {one.case}, which is {one.status}."
    )
    return [said, *(_demand(each) for each in one.demands)]


def _demand(one: Demand) -> str:
    states = {
        "drafted": "is being prepared",
        "sent": f"was sent on {one.day}, and nobody confirmed the deletion yet",
        "silent": f"was not answered by {one.day}",
        "confirmed": f"was answered on {one.day}: the deletion was confirmed",
        "contradicted": f"was answered as done, and a file found since, noted on {one.day}, contradicts it",
        "refused": f"was refused on {one.day}",
    }
    return f"A demand to delete it ({one.party}) {states.get(one.state, f'stands: {one.state}')}."
