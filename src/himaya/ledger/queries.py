"""The questions asked of the ledger, as Ibis expressions over its rows.

They run on DuckDB here, and unchanged on any engine Ibis speaks to, such as Spark over the same Parquet files.
Times are microseconds, `start` included, `end` not.
"""

from __future__ import annotations

from collections.abc import Collection

import ibis
import ibis.expr.types as ir

from himaya.ledger.schema import DAY_S, MISS, UNATTRIBUTED, UNOBSERVED


def within(rows: ir.Table, start: int, end: int) -> ir.Table:
    """Return the rows of a period."""
    return rows.filter((rows.time >= start) & (rows.time < end))


def shown(rows: ir.Table) -> ir.Table:
    """Return the rows that name a person."""
    return rows.filter(rows.subject != 0)


def people(rows: ir.Table, canaries: Collection[int]) -> ir.Table:
    """Return the rows that name a person; canaries (surrogates) are none. Every count of people begins here."""
    named = shown(rows)
    return named.filter(~named.subject.isin(sorted(canaries))) if canaries else named


def canaries(rows: ir.Table, known: Collection[int]) -> ir.Table:
    """Return the rows that show a canary."""
    return rows.filter(rows.subject.isin(sorted(known)))


def facet(rows: ir.Table, column: str, surrogate: int) -> ir.Table:
    """Return the rows whose facet is this one."""
    return rows.filter(rows[column] == surrogate)


def exposure(rows: ir.Table, by: str) -> ir.Table:
    """Return, per `by` (subject or actor), per fields and certainty: first, last, times."""
    return rows.group_by([by, "fields", "certainty"]).aggregate(
        first=rows.time.min(), last=rows.time.max(), times=rows.count()
    )


def places(rows: ir.Table) -> ir.Table:
    """Return, per network that rows came from: first, last, times."""
    known = rows.filter(rows.prefix != 0)
    return known.group_by("prefix").aggregate(
        first=known.time.min(), last=known.time.max(), times=known.count()
    )


def beside(rows: ir.Table, column: str, surrogate: int, networks: list[int]) -> ir.Table:
    """Return, per actor and network, first, last and times of whoever else came from these networks."""
    others = (rows[column] != surrogate) & (rows.actor != 0) & rows.prefix.isin(networks)
    there = rows.filter(others)
    return there.group_by(["actor", "prefix"]).aggregate(
        first=there.time.min(), last=there.time.max(), times=there.count()
    )


def tallies(rows: ir.Table) -> ir.Table:
    """Return one row: people whom nobody could name, and look-ups that found nobody."""
    unattributed = rows.kind == UNATTRIBUTED
    return rows.aggregate(
        unattributed=rows["count"].sum(where=unattributed).fill_null(0),
        misses=rows.count(where=rows.kind == MISS),
    )


def unobserved(rows: ir.Table, start: int, end: int) -> ir.Table:
    """Return the unobserved periods that touch a period, earliest first."""
    touching = (rows.kind == UNOBSERVED) & (rows.time < end) & (rows.until > start)
    return (
        rows.filter(touching)
        .select("time", "until", "reason", "surface", "source")
        .order_by(["time", "until", "reason"])
    )


def policies(rows: ir.Table, start: int, end: int) -> ir.Table:
    """Return the policies that rows of a period were decided by, in column `policy`."""
    decided = within(rows, start, end).filter(rows.policy != "")
    return decided.select("policy").distinct().order_by("policy")


def grouped(rows: ir.Table) -> ir.Table:
    """Return every actor and group of which there is a row that was charged to that group."""
    charged = rows.filter(rows.group != "")
    return charged.select("actor", "group").distinct().order_by(["actor", "group"])


def people_per_actor(rows: ir.Table, canaries: Collection[int]) -> ir.Table:
    """Return actor and distinct people shown to it, most people first."""
    named = people(rows, canaries)
    counted = named.group_by("actor").aggregate(people=named.subject.nunique())
    return counted.order_by([ibis.desc("people"), "actor"])


def span(rows: ir.Table) -> ir.Table:
    """Return one row: number of rows, first and last time of what was observed."""
    seen = rows.kind != UNOBSERVED
    return rows.aggregate(
        rows=rows.count(), first=rows.time.min(where=seen), last=rows.time.max(where=seen)
    )


def days(rows: ir.Table) -> ir.Table:
    """Return the UTC days (days since 1970) that have rows, earliest first, in column `day`."""
    return rows.select(day=rows.time // (DAY_S * 1_000_000)).distinct().order_by("day")


def held(rows: ir.Table, column: str, surrogate: int, start: int, end: int) -> ir.Table:
    """Return the rows that a hold keeps."""
    return within(facet(rows, column, surrogate), start, end)
