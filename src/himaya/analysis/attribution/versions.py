"""Row versions: whether a candidate was shown a person as the file has them, where versions differ."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import log
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from himaya.analysis.attribution.chance import Stratum, expected, log_p
from himaya.analysis.attribution.measure import Overlap, members_table
from himaya.analysis.attribution.people import Gathering
from himaya.analysis.attribution.result import Version
from himaya.ledger.reader import Reader
from himaya.ledger.schema import iso

#: Rates of chance are rounded up to whole shares of this.
_STEPS = 20


def fitting(rows: ir.Table, field: str, values: ir.Table) -> ir.Table:
    """Return the rows that show a person of the file with a version of a field: `fits` is 1 where it is the file's.

    `values` has the columns `person` and `hash`.
    """
    digest = rows.version.re_extract(f"(^|,){re.escape(field)}=([0-9a-f]+)", 2)
    told = rows.select("actor", "subject", "time", digest=digest).filter(lambda t: t.digest != "")
    people = values.select("person").distinct()
    ours = told.semi_join(people, told.subject == people.person)
    fit = ours.left_join(values, [ours.subject == values.person, ours.digest == values["hash"]])
    return fit.select("actor", "subject", "time", "digest", fits=fit.person.notnull().cast("int64"))


def varied(fitting: ir.Table) -> ir.Table:
    """Return the people who were shown in several ways: about which share of their viewers saw the file's (`step`)."""
    viewers = fitting.group_by(["subject", "actor"]).aggregate(
        fits=fitting.fits.max(), low=fitting.digest.min(), high=fitting.digest.max()
    )
    people = viewers.group_by("subject").aggregate(
        all=viewers.count(), fits=viewers.fits.sum(), low=viewers.low.min(), high=viewers.high.max()
    )
    some = people.filter((people.low != people.high) & (people.fits > 0))
    return some.select("subject", step=(some.fits * _STEPS / some["all"]).ceil().cast("int64"))


def tallied(fitting: ir.Table, varied: ir.Table, members: ir.Table) -> ir.Table:
    """Return, per candidate and rate of chance: people, those who fit, first and last row that fits."""
    theirs = fitting.inner_join(members, fitting.actor == members.member)
    time = theirs.time
    each = theirs.group_by(["candidate", "subject"]).aggregate(
        fits=theirs.fits.max(),
        first=time.min(where=theirs.fits == 1),
        last=time.max(where=theirs.fits == 1),
    )
    told = each.inner_join(varied, "subject")
    return told.group_by(["candidate", "step"]).aggregate(
        people=told.count(),
        fits=told.fits.sum(),
        first=told["first"].min(),
        last=told["last"].max(),
    )


def versions_of(
    reader: Reader, rows: ir.Table, file: Gathering, found: Sequence[Overlap]
) -> list[list[Version]]:
    """Return for each candidate one value per field that says something, within `Reader.ask`. Raises LedgerError."""
    told: list[list[Version]] = [[] for _ in found]
    for field in file.fields if found else ():
        values = ibis.memtable(file.values(field))
        fits = ibis.memtable(reader.table(fitting(rows, field, values)))
        table = reader.table(tallied(fits, varied(fits), members_table(found)))
        for number, parts in _by_candidate(table).items():
            told[number].append(_version(field, parts))
    return told


def _by_candidate(table: pa.Table) -> dict[int, list[dict[str, Any]]]:
    parts: dict[int, list[dict[str, Any]]] = {}
    for row in table.to_pylist():
        parts.setdefault(row["candidate"], []).append(row)
    return parts


def _version(field: str, parts: list[dict[str, Any]]) -> Version:
    """Add up one field of one candidate; each person is one draw with the rate of all their viewers."""
    strata = [
        Stratum(_STEPS * part["people"], part["step"] * part["people"], part["people"])
        for part in parts
    ]
    fits = sum(part["fits"] for part in parts)
    firsts = [part["first"] for part in parts if part["fits"]]
    lasts = [part["last"] for part in parts if part["fits"]]
    return Version(
        field=field,
        varied=sum(part["people"] for part in parts),
        fits=fits,
        expected=round(expected(strata), 1),
        log10_p=round(log_p(strata, fits) / log(10), 2),
        first=iso(min(firsts)) if firsts else "",
        last=iso(max(lasts)) if lasts else "",
    )
